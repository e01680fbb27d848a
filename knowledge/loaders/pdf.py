"""PDF by its pages, with PDFium: where the words stand says what they are."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from knowledge.blocks import Block, LoadedDocument
from knowledge.errors import UnreadableDocument
from knowledge.layout.furniture import without_furniture
from knowledge.layout.pdfium import NotPdf, PdfFile, WrongPassword, open_pdf
from knowledge.layout.structure import blocks_of, joined, type_of
from knowledge.layout.words import Row, rows_of

_MOST_PAGES = 5_000
_FEWEST_CHARACTERS = 16
"""Visible ones a page, on average: scans with a stamp or a page number have fewer, pages that say something more."""
_LONGEST = 20_000
"""Characters of a paragraph that goes on on the next page; longer ones are no paragraphs."""
_SCANNED = "perhaps they are scanned images"
_PLACEHOLDER = re.compile(
    r"untitled|title|document\d*|microsoft (?:word|powerpoint|excel).*|.*\.(?:docx?|pdf|indd|tex|dvi)", re.IGNORECASE
)


def load_pdf(
    content: bytes, name: str, progress: Callable[[int, int], None] = lambda done, total: None
) -> LoadedDocument:
    """Raises UnreadableDocument for an encrypted or damaged file and for one with images and hardly any text."""
    try:
        with open_pdf(content) as file:
            return _read(file, name, progress)
    except WrongPassword as error:
        raise UnreadableDocument("The PDF is encrypted and needs a password.", status="encrypted") from error
    except NotPdf as error:
        raise UnreadableDocument("The PDF is damaged and cannot be read.") from error


def _read(file: PdfFile, name: str, progress: Callable[[int, int], None]) -> LoadedDocument:
    total = len(file)
    if not total:
        raise UnreadableDocument("The PDF has no pages.", status="empty")
    if total > _MOST_PAGES:
        raise UnreadableDocument(
            f"The PDF has {total:,} pages; at most {_MOST_PAGES:,} are read.", status="unsupported"
        )
    pages: list[list[Row]] = []
    asides: list[str] = []
    heights: list[float] = []
    for number in range(total):
        page = file.page(number)
        pages.append(rows_of(page.words))
        asides.append(page.aside)
        heights.append(page.height)
        progress(number + 1, total)
    silent = sum(not rows and not aside for rows, aside in zip(pages, asides, strict=True))
    if silent == total:
        raise UnreadableDocument("The PDF has no text in it; perhaps its pages are scanned images.", status="empty")
    visible = sum(_visible(rows, aside) for rows, aside in zip(pages, asides, strict=True))
    if visible < _FEWEST_CHARACTERS * total:
        many = f"{visible:,} character{'s' if visible != 1 else ''} on {total:,} page{'s' if total != 1 else ''}"
        raise UnreadableDocument(f"The PDF has only {many}; perhaps its pages are scanned images.", status="empty")
    kept = without_furniture(pages, heights)
    letters = type_of(kept)
    blocks: list[Block] = []
    for number, (rows, aside) in enumerate(zip(kept, asides, strict=True), start=1):
        new = list(blocks_of(rows, number, letters))
        if blocks and new and _goes_on(blocks[-1], new[0]):
            blocks[-1] = replace(blocks[-1], text=joined([blocks[-1].text, new.pop(0).text], letters))
        blocks += new
        if aside:
            blocks.append(Block("paragraph", aside, page=number))
    remarks = (f"{silent} of {total} pages have no text; {_SCANNED}.",) if silent else ()
    return LoadedDocument(_title(file, name), tuple(blocks), pages=total, remarks=remarks)


def _visible(rows: Sequence[Row], aside: str) -> int:
    """How many characters can be seen on a page."""
    return sum(len("".join(text.split())) for text in (*(row.text for row in rows), aside))


def _goes_on(last: Block, first: Block) -> bool:
    """Whether a paragraph is broken off at the end of a page; it then belongs to the page where it began."""
    running = last.kind in ("paragraph", "list") and first.kind == "paragraph"
    short = len(last.text) < _LONGEST
    return running and short and first.text[:1].islower() and last.text[-1:] not in ".!?:;"


def _title(file: PdfFile, name: str) -> str:
    """The title that the file gives itself, unless a program made it up; else the file's name."""
    own = " ".join(file.metadata.get("Title", "").split())
    letters = sum(character.isalpha() for character in own)
    named = letters >= 4 and letters > 0.5 * len(own) and " " in own and not _PLACEHOLDER.fullmatch(own)
    return own if named else Path(name).stem.replace("_", " ")
