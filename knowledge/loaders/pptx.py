"""Presentations, a slide a page, from the XML that they consist of."""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from knowledge.blocks import Block, LoadedDocument
from knowledge.errors import UnreadableDocument
from knowledge.loaders.archive import Archive
from knowledge.loaders.ooxml import chart_texts, core_title, main_part, relationships
from knowledge.loaders.tables import table
from knowledge.loaders.titles import titled
from knowledge.loaders.xml_tree import attribute, child, children, descendants, local, parse_xml
from knowledge.names import stem_of

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_SLIDE = re.compile(r"ppt/slides/slide(\d+)\.xml", re.IGNORECASE)
_DECORATION = frozenset({"dt", "ftr", "sldNum", "hdr"})
"""Placeholders that repeat on each slide."""


def load_pptx(content: bytes, name: str, progress: Callable[[int, int], None]) -> LoadedDocument:
    """A slide that is damaged is left out with a remark. Raises UnreadableDocument."""
    archive = Archive(content)
    slides = _slides(archive)
    if not slides:
        raise UnreadableDocument("The presentation has no slides.", status="empty")
    progress(0, len(slides))
    blocks: list[Block] = []
    damaged: list[int] = []
    for number, part in enumerate(slides, start=1):
        try:
            blocks.extend(_slide(archive, part, number))
        except UnreadableDocument as error:
            if error.status != "damaged":
                raise
            damaged.append(number)
        progress(number, len(slides))
    if len(damaged) == len(slides):
        raise UnreadableDocument("It is damaged: none of its slides can be read.")
    first = blocks[0].text if blocks and blocks[0].page == 1 and "\n" not in blocks[0].text else ""
    title, rest = titled(blocks, core_title(archive) or first, stem_of(name))
    slides_left_out = ", ".join(map(str, damaged))
    remarks = (f"Slides that are damaged were left out: {slides_left_out}.",) if damaged else ()
    return LoadedDocument(title, rest, len(slides), remarks)


def _slides(archive: Archive) -> list[str]:
    """In the order in which they are shown; where that cannot be told, by their numbers."""
    try:
        part = main_part(archive, "ppt/presentation.xml")
        leads = relationships(archive, part)
        shown = [
            leads[attribute(each, "id") if attribute(each, "id") in leads else _relation(each)][1]
            for each in descendants(parse_xml(archive.read(part), "its list of slides"), "sldId")
            if attribute(each, "id") in leads or _relation(each) in leads
        ]
        if shown and all(slide in archive for slide in shown):
            return shown
    except UnreadableDocument as error:
        if error.status != "damaged":
            raise
    numbered = [(int(match.group(1)), name) for name in archive.names if (match := _SLIDE.fullmatch(name))]
    return [name for _, name in sorted(numbered)]


def _relation(element: "Element") -> str:
    """The attribute r:id, beside the plain id that a slide has too."""
    return next((value for key, value in element.items() if key.endswith("}id")), "")


def _slide(archive: Archive, part: str, number: int) -> Iterator[Block]:
    root = parse_xml(archive.read(part), f"slide {number}")
    leads = relationships(archive, part)
    shapes = [each for each in descendants(root, "sp", "graphicFrame") if not _in_fallback(each)]
    heading = next((shape for shape in shapes if _placeholder(shape) in ("title", "ctrTitle")), None)
    text = " ".join(" ".join(_lines(heading)).split()) if heading is not None else ""
    blocks = list(_contents(archive, leads, [shape for shape in shapes if shape is not heading], number))
    if blocks:
        yield Block("heading", text or f"Slide {number}", 1, number)
        yield from blocks
    elif text:
        yield Block("paragraph", text, page=number)  # a heading of nothing would say nothing


def _contents(
    archive: Archive, leads: dict[str, tuple[str, str]], shapes: "list[Element]", number: int
) -> Iterator[Block]:
    """What is on a slide beside its title, and its notes."""
    for shape in shapes:
        if _placeholder(shape) in _DECORATION:
            continue
        if local(shape) == "sp":
            yield from _text_blocks(shape, number)
            continue
        for element in descendants(shape, "tbl"):
            rows = [[" ".join(_lines(cell)) for cell in children(row, "tc")] for row in children(element, "tr")]
            if block := table(rows, number):
                yield block
        for chart in descendants(shape, "chart"):
            kind, path = leads.get(_relation(chart), ("", ""))
            if kind == "chart" and path in archive and (block := table(chart_texts(archive, path), number)):
                yield block
    notes = next((path for kind, path in leads.values() if kind == "notesSlide" and path in archive), "")
    if notes:
        yield from _notes(archive, notes, number)


def _in_fallback(element: "Element") -> bool:
    return any(local(ancestor) == "Fallback" for ancestor in element.iterancestors())


def _placeholder(shape: "Element") -> str:
    """What part of the layout a shape fills; "body" for a plain placeholder, empty for none."""
    found = next(descendants(shape, "ph"), None)
    return "" if found is None else attribute(found, "type") or "body"


def _lines(shape: "Element") -> list[str]:
    """The paragraphs of a shape or cell."""
    return [
        "".join("\n" if local(run) == "br" else run.text or "" for run in descendants(paragraph, "t", "br")).strip()
        for paragraph in descendants(shape, "p")
    ]


def _text_blocks(shape: "Element", number: int) -> Iterator[Block]:
    """A body placeholder with several lines is a list of points; other shapes say what they say."""
    paragraphs = [
        (attribute(child(paragraph, "pPr"), "lvl"), text)
        for paragraph, text in zip(descendants(shape, "p"), _lines(shape), strict=True)
        if text
    ]
    if _placeholder(shape) in ("body", "obj") and len(paragraphs) > 1:
        lines = ("  " * (min(int(level), 8) if level.isdecimal() else 0) + f"- {text}" for level, text in paragraphs)
        yield Block("list", "\n".join(lines), page=number)
    elif paragraphs:
        yield Block("paragraph", "\n".join(text for _, text in paragraphs), page=number)


def _notes(archive: Archive, part: str, number: int) -> Iterator[Block]:
    for shape in descendants(parse_xml(archive.read(part), f"the notes of slide {number}"), "sp"):
        text = "\n".join(filter(None, _lines(shape)))
        if text and _placeholder(shape) == "body":
            yield Block("paragraph", f"Notes: {text}", page=number)
