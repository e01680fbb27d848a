"""Electronic mail: the headers that people go by, and the body as plain text or from HTML."""

import re
from collections.abc import Callable, Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from knowledge.blocks import Block, LoadedDocument
from knowledge.errors import UnreadableDocument
from knowledge.loaders.encoding import decode
from knowledge.loaders.html import html_blocks, parse_html
from knowledge.loaders.text import text_blocks
from knowledge.names import clean_name, stem_of

_HEADERS = ("From", "To", "Cc", "Date", "Subject", "Message-ID")
_MOST_PARTS = 1_000
_QUOTED = re.compile(r"^(?:> ?)+", re.MULTILINE)


def load_eml(content: bytes, name: str, progress: Callable[[int, int], None]) -> LoadedDocument:
    """Attachments are named in a remark and not read. Raises UnreadableDocument."""
    message = BytesParser(EmailMessage, policy=policy.default).parsebytes(content)
    headers = [f"{header}: {value}" for header in _HEADERS for value in _values(message, header)]
    if not headers:
        raise UnreadableDocument("It is damaged: none of the headers of a mail is found in it.")
    bodies: list[EmailMessage] = []
    attached: list[str] = []
    for count, part in enumerate(_parts(message)):
        if count > _MOST_PARTS:
            raise UnreadableDocument(f"The mail has more than {_MOST_PARTS:,} parts.", status="unsupported")
        if part.get_content_disposition() == "attachment" or part.get_content_maintype() != "text":
            attached.append(clean_name(part.get_filename() or part.get_content_type()))
        else:
            bodies.append(part)
    blocks = [Block("list", "\n".join(f"- {header}" for header in headers))]
    for body in bodies:
        blocks.extend(_body(body))
    subject = next(iter(_values(message, "Subject")), "")
    remarks = (f"Attachments were not read: {', '.join(attached)}. Put them in as files.",) if attached else ()
    return LoadedDocument(subject[:200] or stem_of(name), tuple(blocks), remarks=remarks)


def _values(message: EmailMessage, header: str) -> Iterator[str]:
    """The values of a header; one that cannot be parsed as it is written."""
    for key, value in message.raw_items():
        if key.lower() == header.lower():
            try:
                text = str(message.policy.header_fetch_parse(key, value))
            except (ValueError, TypeError, IndexError, AttributeError, LookupError):
                text = str(value)  # the standard library fails on some headers that are damaged
            if text := " ".join(text.split()):
                yield text


def _parts(message: EmailMessage) -> Iterator[EmailMessage]:
    """The leaves; of alternatives the plain text, or the richest that there is without one."""
    stack = [message]
    while stack:
        part = stack.pop()
        inner = [each for each in part.get_payload() if isinstance(each, EmailMessage)] if part.is_multipart() else []
        if part.get_content_type() == "multipart/alternative":
            plain = next((each for each in inner if each.get_content_type() == "text/plain"), None)
            inner = [plain] if plain is not None and _content(plain).strip() else inner[-1:]
        if part.is_multipart():
            stack.extend(reversed(inner))
        else:
            yield part


def _body(part: EmailMessage) -> list[Block]:
    content = _content(part)
    if not content.strip():
        return []
    if part.get_content_subtype() == "html":
        return html_blocks(parse_html(content))
    text = decode(content, declared=part.get_content_charset("") or "")
    return list(text_blocks(_QUOTED.sub("", text)))


def _content(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""
