"""Neighbouring passages of a document, read as one. Mostly a stretch is one passage alone."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from knowledge.chunking import Chunk, table_head

_MOST = 3
_ALWAYS = 2
_SHORT_WORDS = 200
"""More than two passages are one stretch only where it is no longer than this: it must stay readable."""

_ID = re.compile(r"(?P<document>.+)#(?P<first>[0-9]{1,9})(?:-(?P<last>[0-9]{1,9}))?")


def passage_id(document: str, ordinals: range) -> str:
    """``<document>#<n>`` or ``<document>#<n>-<m>``."""
    last = f"-{ordinals[-1]}" if len(ordinals) > 1 else ""
    return f"{document}#{ordinals[0]}{last}"


def parse_passage_id(id: str) -> tuple[str, range] | None:
    """The document and the ordinals behind an id; None for what is no id."""
    found = _ID.fullmatch(id)
    if found is None:
        return None
    first = int(found["first"])
    last = int(found["last"] or first)
    return (found["document"], range(first, last + 1)) if last >= first else None


def covers(id: str, other: str) -> bool:
    """Whether the text of one passage has all the passages of the other in it."""
    wide, narrow = parse_passage_id(id), parse_passage_id(other)
    if wide is None or narrow is None:
        return id == other
    return wide[0] == narrow[0] and narrow[1][0] in wide[1] and narrow[1][-1] in wide[1]


def joinable(chunks: Sequence[Chunk]) -> bool:
    """Whether neighbours may be one stretch: of one section and page, so that a citation leads to where its words are,
    and not too much to read.
    """
    if len({(chunk.section, chunk.page) for chunk in chunks}) > 1 or len(chunks) > _MOST:
        return False
    return len(chunks) <= _ALWAYS or sum(len(chunk.text.split()) for chunk in chunks) <= _SHORT_WORDS


def joined(chunks: Sequence[Chunk]) -> Chunk:
    """Neighbours as one passage; the caption and the head of a table that goes on in the next stand there once.

    The sentences are those of all of them, one after the other, as their vectors are stored.
    """
    if len(chunks) == 1:
        return chunks[0]
    text = chunks[0].text
    for chunk in chunks[1:]:
        text = _joined(text, chunk.text)
    told = chain.from_iterable(chunk.sentences for chunk in chunks)
    sentences = tuple(replace(sentence, position=position) for position, sentence in enumerate(told))
    return Chunk(chunks[0].section, chunks[0].page, text, sentences)


def _joined(text: str, following: str) -> str:
    before, after = text.split("\n\n"), following.split("\n\n")
    captioned = len(after) > 1 and before[-2:-1] == after[:1]
    table, *rest = after[1:] if captioned else after
    if not (before[-1].startswith("|") and table.startswith("|")):
        return f"{text}\n\n{following}"
    head, _ = table_head(before[-1].split("\n"))
    again, rows = table_head(table.split("\n"))
    if head != again:
        return f"{text}\n\n{following}"
    return "\n\n".join(["\n".join([text, *rows]), *rest])
