"""Word documents by their structure, from the XML that they consist of."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from knowledge.blocks import Block, LoadedDocument
from knowledge.loaders.archive import Archive
from knowledge.loaders.ooxml import core_title, main_part, related
from knowledge.loaders.tables import MOST_COLUMNS, table
from knowledge.loaders.titles import titled
from knowledge.loaders.xml_tree import attribute, child, children, local, parse_xml
from knowledge.names import stem_of

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_DEEPEST = 40
"""Tables in tables, boxes in boxes; deeper ones are somebody's joke."""
_SKIPPED = frozenset({"del", "moveFrom", "instrText", "delText", "pPr", "rPr", "Fallback", "annotationRef", "sdtPr"})
"""What a reader of the page does not see."""


def load_docx(content: bytes, name: str, progress: Callable[[int, int], None]) -> LoadedDocument:
    """Raises UnreadableDocument."""
    archive = Archive(content)
    part = main_part(archive, "word/document.xml")
    reader = _Reader(_styles(archive, part), _numbered(archive, part))
    body = parse_xml(archive.read(part), "its text")
    blocks = list(reader.blocks(child(body, "body") if child(body, "body") is not None else body))
    for kind in ("footnotes", "endnotes"):
        if notes := related(archive, part, kind):
            blocks.extend(reader.notes(parse_xml(archive.read(notes), "its notes")))
    title, rest = titled(blocks, reader.title or core_title(archive), stem_of(name))
    return LoadedDocument(title, rest)


@dataclass(frozen=True)
class _Styles:
    """Style id -> its name in lower case, and the outline level that it gives (1 outermost)."""

    names: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[str, int] = field(default_factory=dict)


def _styles(archive: Archive, part: str) -> _Styles:
    path = related(archive, part, "styles")
    if not path:
        return _Styles()
    names: dict[str, str] = {}
    own: dict[str, int] = {}
    parents: dict[str, str] = {}
    for style in children(parse_xml(archive.read(path), "its styles"), "style"):
        key = attribute(style, "styleId")
        names[key] = attribute(child(style, "name"), "val").lower()
        parents[key] = attribute(child(style, "basedOn"), "val")
        outline = attribute(child(style, "pPr", "outlineLvl"), "val")
        kind, _, number = names[key].partition(" ")
        if kind == "heading" and number.isdecimal():
            own[key] = min(int(number), 9)
        elif outline.isdecimal() and int(outline) < 9:
            own[key] = int(outline) + 1
    levels: dict[str, int] = {}
    for key in names:
        at, seen = key, set[str]()
        while at and at not in own and at not in seen:
            seen.add(at)
            at = parents.get(at, "")
        if at in own:
            levels[key] = own[at]
    return _Styles(names, levels)


def _numbered(archive: Archive, part: str) -> frozenset[str]:
    """The ids of the lists whose items are numbered; the others have bullets."""
    path = related(archive, part, "numbering")
    if not path:
        return frozenset()
    root = parse_xml(archive.read(path), "its lists")
    abstract = {
        attribute(each, "abstractNumId")
        for each in children(root, "abstractNum")
        if attribute(child(each, "lvl", "numFmt"), "val") not in ("bullet", "none", "")
    }
    return frozenset(
        attribute(each, "numId")
        for each in children(root, "num")
        if attribute(child(each, "abstractNumId"), "val") in abstract
    )


class _Reader:
    """Walks the body once; `title` is the paragraph in the style "Title", if there is one."""

    def __init__(self, styles: _Styles, numbered: frozenset[str]) -> None:
        self.title = ""
        self._styles = styles
        self._numbered = numbered
        self._counts: dict[tuple[str, int], int] = {}

    def blocks(self, body: "Element", depth: int = 0) -> Iterator[Block]:
        """Paragraphs and tables in order; the items of one list together."""
        items: list[str] = []
        for element in _flat(body, "p", "tbl"):
            made = list(self._table(element, depth) if local(element) == "tbl" else self._paragraph(element, depth))
            for block in made:
                if block.kind == "list":
                    items.append(block.text)
                    continue
                if items:
                    yield Block("list", "\n".join(items))
                    items = []
                yield block
        if items:
            yield Block("list", "\n".join(items))

    def notes(self, root: "Element") -> Iterator[Block]:
        """Footnotes or endnotes; those that only draw a line have no text."""
        texts = [" ".join(_text(note).split()) for note in children(root, "footnote", "endnote")]
        if any(texts):
            yield Block("list", "\n".join(f"- {text}" for text in texts if text))

    def _paragraph(self, paragraph: "Element", depth: int) -> Iterator[Block]:
        text = _text(paragraph).strip()
        properties = child(paragraph, "pPr")
        style = attribute(child(properties, "pStyle") if properties is not None else None, "val")
        if text:
            yield self._block(text, style, properties)
        if depth < _DEEPEST:
            for box in _outermost(paragraph, "txbxContent"):
                yield from self.blocks(box, depth + 1)

    def _block(self, text: str, style: str, properties: "Element | None") -> Block:
        named = self._styles.names.get(style, style.lower())
        outline = attribute(child(properties, "outlineLvl"), "val")
        level = self._styles.levels.get(style, int(outline) + 1 if outline.isdecimal() and int(outline) < 9 else 0)
        if named == "title" and not self.title:
            self.title = " ".join(text.split())
            return Block("heading", self.title, 1)
        if level and len(text) <= 300:
            return Block("heading", " ".join(text.split()), level)
        numbering = child(properties, "numPr")
        if numbering is not None or named.startswith("list"):
            return Block("list", self._item(text, numbering, named))
        return Block("paragraph", text)

    def _item(self, text: str, numbering: "Element | None", named: str) -> str:
        deep = attribute(child(numbering, "ilvl"), "val")
        level = min(int(deep), 8) if deep.isdecimal() else 0
        key = attribute(child(numbering, "numId"), "val")
        mark = "-"
        if key in self._numbered or "number" in named:
            self._counts = {at: count for at, count in self._counts.items() if at[0] != key or at[1] <= level}
            self._counts[key, level] = self._counts.get((key, level), 0) + 1
            mark = f"{self._counts[key, level]}."
        indent = "  " * level
        return f"{indent}{mark} " + text.replace("\n", f"\n{indent}  ")

    def _table(self, element: "Element", depth: int) -> Iterator[Block]:
        """The table, then those that are in its cells; one cell alone is a frame around what is in it."""
        rows = list(_flat(element, "tr"))
        cells = [list(_flat(row, "tc")) for row in rows]
        if sum(map(len, cells)) == 1 and depth < _DEEPEST:
            yield from self.blocks(cells[0][0], depth + 1)
            return
        grid: list[list[str]] = []
        nested: list[Element] = []
        above: dict[int, str] = {}
        for row in cells:
            line: list[str] = []
            for cell in row:
                properties = child(cell, "tcPr")
                span = attribute(child(properties, "gridSpan"), "val")
                width = min(int(span), MOST_COLUMNS) if span.isdecimal() else 1
                merge = child(properties, "vMerge")
                if merge is not None and attribute(merge, "val") != "restart":
                    text = above.get(len(line), "")  # a cell that goes on: what it says stands in each of its rows
                else:
                    text = " ".join(_text(each).strip() for each in _flat(cell, "p"))
                    nested.extend(_flat(cell, "tbl"))
                above[len(line)] = text
                line += [text, *[""] * (width - 1)]
            grid.append(line)
        if block := table(grid):
            yield block
        if depth < _DEEPEST:
            for inner in nested:
                yield from self._table(inner, depth + 1)


def _flat(element: "Element", *names: str) -> Iterator["Element"]:
    """The nearest descendants with one of these names, through whatever wraps them (content controls, revisions)."""
    stack = list(reversed(element))
    while stack:
        each = stack.pop()
        name = local(each)
        if name in names:
            yield each
        elif name not in _SKIPPED and name not in ("p", "tbl", "txbxContent"):
            stack.extend(reversed(each))


def _outermost(element: "Element", name: str) -> Iterator["Element"]:
    stack = list(reversed(element))
    while stack:
        each = stack.pop()
        if local(each) == name:
            yield each
        elif local(each) not in _SKIPPED:
            stack.extend(reversed(each))


def _text(element: "Element") -> str:
    """What a paragraph (or all in a note) says, without its text boxes."""
    parts: list[str] = []
    stack = [element]
    while stack:
        each = stack.pop()
        name = local(each)
        if name == "t":
            parts.append(each.text or "")
        elif name in ("br", "cr"):
            parts.append("\n")
        elif name in ("tab", "ptab"):
            parts.append("\t")
        elif name == "noBreakHyphen":
            parts.append("-")
        elif name == "sym":
            parts.append(" ")
        elif name not in _SKIPPED and name != "txbxContent":
            if name == "p" and parts:
                parts.append("\n")
            stack.extend(reversed(each))
    return "".join(parts)
