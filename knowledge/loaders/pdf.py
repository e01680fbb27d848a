"""PDF by its pages, with pypdf."""

import io
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.blocks import Block, LoadedDocument
from knowledge.errors import UnreadableDocument
from knowledge.sentences import starts_item

if TYPE_CHECKING:
    from pypdf import PdfReader

log = logging.getLogger(__name__)

_MOST_ARRAY_ELEMENTS = 5_000_000
"""pypdf allows 100,000 by default, and real quarterly reports have more."""
_MOST_PAGES = 5_000
_HYPHENATED = re.compile(r"(?<=[a-z])-\n(?=[a-z])")
_ENDS = re.compile(r"[.!?:;]['\"”’)]*$")


def load_pdf(content: bytes, name: str, progress: Callable[[int, int], None]) -> LoadedDocument:
    """Raises UnreadableDocument for an encrypted or damaged file and for one with images only."""
    from pypdf import PdfReader, apply_configuration
    from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError

    try:
        with apply_configuration(array_maximum_element_count=_MOST_ARRAY_ELEMENTS):
            reader = PdfReader(io.BytesIO(content))
            if reader.is_encrypted and not reader.decrypt(""):
                raise UnreadableDocument("The PDF is encrypted and needs a password.", "encrypted")
            pages = len(reader.pages)
            progress(0, pages)
            blocks = tuple(_blocks(reader, progress))
    except UnreadableDocument:
        raise
    except FileNotDecryptedError as error:
        raise UnreadableDocument("The PDF is encrypted and needs a password.", "encrypted") from error
    except DependencyError as error:
        raise UnreadableDocument(f"The PDF needs something that is not installed: {error}.") from error
    except PyPdfError as error:
        raise UnreadableDocument(f"The PDF is damaged: {str(error).rstrip('.')}.") from error
    except Exception as error:
        # The boundary to a parser fed with strangers' files: a damaged one raises nearly anything.
        log.warning("pypdf failed on %s", name, exc_info=True)
        raise UnreadableDocument("The PDF is damaged and cannot be read.") from error
    if not blocks:
        raise UnreadableDocument("The PDF has no text in it; perhaps its pages are scanned images.", "empty")
    return LoadedDocument(Path(name).stem.replace("_", " "), blocks, pages)


def _blocks(reader: "PdfReader", progress: Callable[[int, int], None]) -> Iterator[Block]:
    for number, page in enumerate(reader.pages[:_MOST_PAGES], start=1):
        text = _HYPHENATED.sub("", page.extract_text().replace("\0", ""))
        for paragraph in _paragraphs(text):
            yield Block("list" if starts_item(paragraph) else "paragraph", paragraph, page=number)
        progress(number, len(reader.pages))


def _paragraphs(text: str) -> Iterator[str]:
    """Lines joined until a blank one, or a short one that ends a sentence. PDF has no paragraphs."""
    lines: list[str] = []
    width = max((len(line) for line in text.splitlines()), default=0)
    for line in [*map(str.strip, text.splitlines()), ""]:
        if line:
            lines.append(line)
        if lines and (not line or (len(line) < width * 0.75 and _ENDS.search(line))):
            yield "\n".join(lines)
            lines = []
