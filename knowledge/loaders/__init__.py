"""Files to blocks. A new format is one module here, one line in `LOADERS` and one in `detection`."""

import dataclasses
import logging
import re
from collections.abc import Callable, Mapping
from typing import Protocol

from knowledge.blocks import Block, LoadedDocument
from knowledge.errors import UnreadableDocument
from knowledge.loaders.delimited import load_delimited
from knowledge.loaders.detection import detect
from knowledge.loaders.docx import load_docx
from knowledge.loaders.eml import load_eml
from knowledge.loaders.epub import load_epub
from knowledge.loaders.html import load_html
from knowledge.loaders.json_values import load_json
from knowledge.loaders.markdown import load_markdown
from knowledge.loaders.odt import load_odt
from knowledge.loaders.pdf import load_pdf
from knowledge.loaders.pptx import load_pptx
from knowledge.loaders.rtf import load_rtf
from knowledge.loaders.source_code import load_source_code
from knowledge.loaders.text import load_text
from knowledge.loaders.xlsx import load_xlsx
from knowledge.loaders.xml_values import load_xml
from knowledge.names import clean_name

log = logging.getLogger(__name__)

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]")


class Loader(Protocol):
    def __call__(self, content: bytes, name: str, progress: Callable[[int, int], None]) -> LoadedDocument:
        """Blocks of the file's content; `name` is its file name; `progress` hears how many pages of how many are done.

        Raises UnreadableDocument, or anything at all for a file that is damaged. Blocking.
        """


LOADERS: Mapping[str, Loader] = {
    "PDF": load_pdf,
    "DOCX": load_docx,
    "PPTX": load_pptx,
    "XLSX": load_xlsx,
    "EPUB": load_epub,
    "ODT": load_odt,
    "RTF": load_rtf,
    "HTML": load_html,
    "Markdown": load_markdown,
    "CSV": load_delimited,
    "JSON": load_json,
    "XML": load_xml,
    "EML": load_eml,
    "Plain text": load_text,
}
"""By format, as `detect` names it; what is not here is source code."""


def load(content: bytes, name: str, progress: Callable[[int, int], None] = lambda done, total: None) -> LoadedDocument:
    """The document in a file. Raises UnreadableDocument with the reason for a person; MemoryError. Blocking."""
    if not content.strip():
        raise UnreadableDocument("The file is empty.", "empty")
    name = clean_name(name)
    detected = detect(content, name)
    try:
        document = LOADERS.get(detected.format, load_source_code)(content, name, progress)
    except (UnreadableDocument, MemoryError):
        raise
    except RecursionError as error:
        raise UnreadableDocument("It is nested too deep to be read.", "unsupported") from error
    except Exception as error:
        # The boundary to parsers fed with strangers' files: a damaged one raises nearly anything.
        log.info("reading a %s file failed", detected.format, exc_info=True)
        raise UnreadableDocument(f"The {detected.format} file is damaged and cannot be read.") from error
    blocks = tuple(clean for block in document.blocks if (clean := _printable(block)).text.strip())
    if not any(character.isalnum() for block in blocks for character in block.text):
        raise UnreadableDocument("There is no text in it.", "empty")
    return dataclasses.replace(
        document,
        title=_UNPRINTABLE.sub("", document.title).strip() or name,
        blocks=blocks,
        remarks=tuple(filter(None, (detected.remark, *document.remarks))),
        format=detected.format,
    )


def _printable(block: Block) -> Block:
    """Without control characters, and without halves of characters, which no encoding can write."""
    text = _UNPRINTABLE.sub("", block.text)
    return block if text == block.text else dataclasses.replace(block, text=text)


__all__ = ["LOADERS", "Loader", "load"]
