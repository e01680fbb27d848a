"""OpenDocument texts, from the XML that they consist of."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from knowledge.blocks import Block, LoadedDocument
from knowledge.errors import UnreadableDocument
from knowledge.loaders.archive import Archive
from knowledge.loaders.tables import MOST_COLUMNS, table
from knowledge.loaders.titles import titled
from knowledge.loaders.xml_tree import attribute, child, descendants, local, parse_xml
from knowledge.names import stem_of

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_DEEPEST = 40
_UNSEEN = frozenset({"annotation", "annotation-end", "tracked-changes", "note-citation", "sequence-decls", "bookmark"})
_MOST_REPEATED = 100


def load_odt(content: bytes, name: str, progress: Callable[[int, int], None]) -> LoadedDocument:
    """Raises UnreadableDocument."""
    archive = Archive(content)
    manifest = "META-INF/manifest.xml"
    if archive.encrypted or (manifest in archive and b"encryption-data" in archive.read(manifest)):
        raise UnreadableDocument("The document is encrypted and needs a password.", status="encrypted")
    body = child(parse_xml(archive.read("content.xml"), "its text"), "body", "text")
    if body is None:
        raise UnreadableDocument("It is damaged: it has no text part.")
    title = ""
    if "meta.xml" in archive:
        title = next((each.text or "" for each in descendants(parse_xml(archive.read("meta.xml"), "x"), "title")), "")
    named, rest = titled(list(_blocks(body, 0)), title, stem_of(name))
    return LoadedDocument(named, rest)


def _blocks(parent: "Element", depth: int) -> Iterator[Block]:
    """Headings, paragraphs, lists and tables, through the sections and frames around them."""
    for element in parent:
        name = local(element)
        if name == "h":
            if text := " ".join(_text(element).split()):
                level = attribute(element, "outline-level")
                yield Block("heading", text, int(level) if level.isdecimal() and 0 < int(level) < 10 else 1)
        elif name == "p":
            if text := _text(element).strip():
                yield Block("paragraph", text)
            if depth < _DEEPEST:
                for box in _boxes(element):
                    yield from _blocks(box, depth + 1)
        elif name == "list":
            if items := list(_items(element, 0)):
                yield Block("list", "\n".join(items))
        elif name == "table":
            yield from _table(element, depth)
        elif name not in _UNSEEN and depth < _DEEPEST:
            yield from _blocks(element, depth + 1)


def _items(element: "Element", depth: int) -> Iterator[str]:
    for item in element:
        mark = "- "
        for part in item:
            if local(part) == "list":
                if depth < _DEEPEST:
                    yield from _items(part, depth + 1)
            elif text := _text(part).strip():
                yield "  " * min(depth, 8) + mark + text
                mark = "  "


def _table(element: "Element", depth: int) -> Iterator[Block]:
    rows: list[list[str]] = []
    nested: list[Element] = []
    for row in _nearest(element, "table-row"):
        line: list[str] = []
        for cell in row:
            if local(cell) not in ("table-cell", "covered-table-cell"):
                continue
            times = attribute(cell, "number-columns-repeated")
            text = " ".join(_text(each).strip() for each in _nearest(cell, "p", "h"))
            repeated = min(int(times), _MOST_REPEATED) if times.isdecimal() else 1
            line += [text] * min(repeated, MOST_COLUMNS - len(line))
            nested.extend(_nearest(cell, "table"))
        rows.append(line)
    if block := table(rows):
        yield block
    if depth < _DEEPEST:
        for inner in nested:
            yield from _table(inner, depth + 1)


def _nearest(element: "Element", *names: str) -> Iterator["Element"]:
    stack = list(reversed(element))
    while stack:
        each = stack.pop()
        if local(each) in names:
            yield each
        elif local(each) not in ("table", "p", "h") and local(each) not in _UNSEEN:
            stack.extend(reversed(each))


def _boxes(paragraph: "Element") -> Iterator["Element"]:
    stack = list(reversed(paragraph))
    while stack:
        each = stack.pop()
        if local(each) == "text-box":
            yield each
        else:
            stack.extend(reversed(each))


def _text(element: "Element") -> str:
    """What a paragraph says; footnotes in brackets where they are called."""
    parts: list[str] = []
    stack: list[tuple[Element, bool]] = [(element, False)]
    while stack:
        each, leaving = stack.pop()
        name = local(each)
        if leaving or name in _UNSEEN or name == "text-box":
            parts.append(")" if name == "note" and leaving else "")
            if each is not element:
                parts.append(each.tail or "")
            continue
        if name in ("tab", "s"):
            parts.append(" ")
        elif name == "line-break":
            parts.append("\n")
        elif name == "note":
            parts.append(" (")
        elif (
            name == "p"
            and each is not element
            and next((part[-1] for part in reversed(parts) if part), "(") not in " ("
        ):
            parts.append(" ")
        parts.append(each.text or "")
        stack.append((each, True))
        stack.extend((inner, False) for inner in reversed(each))
    return "".join(parts)
