"""Web pages by their structure, as far as a reader of the page sees it. Nothing that a page refers to is fetched."""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from knowledge.blocks import Block, LoadedDocument
from knowledge.errors import UnreadableDocument
from knowledge.loaders.encoding import decode
from knowledge.loaders.tables import MOST_COLUMNS, table
from knowledge.loaders.titles import titled
from knowledge.loaders.xml_tree import refuse_depth
from knowledge.names import stem_of

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_UNSEEN = frozenset({
    "script", "style", "template", "noscript", "head", "svg", "iframe", "object", "embed", "canvas", "audio", "video",
    "map", "area", "datalist", "dialog", "frameset", "noframes", "input", "select", "textarea", "title", "meta", "link",
    "base",
})  # fmt: skip
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img",
    "ins", "kbd", "label", "mark", "math", "mi", "mn", "mo", "mrow", "msup", "nobr", "output", "q", "ruby", "s", "samp",
    "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "button",
})  # fmt: skip
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{2,40})""", re.IGNORECASE)
_HEAD_BYTES = 4_096
_MOST_SPAN = 1_000
_MOST_CELLS = 500_000
_LONG_CELL = 1_500
"""Characters; a table with longer cells on average arranges a page instead of listing data."""


def load_html(content: bytes, name: str, progress: Callable[[int, int], None]) -> LoadedDocument:
    """Raises UnreadableDocument."""
    root = parse_html(content)
    blocks = html_blocks(root)
    found = next(root.iter("title"), None)
    title, rest = titled(blocks, _inner_text(found) if found is not None else "", stem_of(name))
    return LoadedDocument(title, rest)


def parse_html(content: bytes) -> "Element":
    """The page's tree, however untidy. Raises UnreadableDocument where there is none."""
    from lxml import etree

    # Decoded here, because what a page says about its encoding is often wrong; given on as UTF-8, which is certain.
    text = decode(content, declared=_declared(content))
    # Without huge_tree whatever stands deeper than 256 elements is dropped, and tags that are never closed get there.
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableDocument("It is damaged: no HTML is found in it.") from error
    refuse_depth(parser)
    if root is None:
        raise UnreadableDocument("There is no text in it.", status="empty")
    return root


def html_blocks(root: "Element") -> list[Block]:
    """The blocks of a tree, or of a part of one."""
    reader = _Reader()
    reader.read(root)
    return reader.blocks


def _declared(content: bytes) -> str:
    head = content[:_HEAD_BYTES]
    found = _DECLARED.search(head) or _CHARSET.search(head)
    return found.group(1).decode("ascii") if found else ""


class _Reader:
    """Walks the tree without recursion, since pages can be nested as deep as their author likes."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._inline: list[str] = []
        self._items: list[str] = []
        self._lists: list[int | None] = []
        """Of each list around: the number of its last item, or None for bullets."""
        self._mark = ""

    def read(self, root: "Element") -> None:
        # An element is entered once and left once; its tail belongs to what is around it.
        stack: list[tuple[Element, bool]] = [(root, False)]
        while stack:
            element, leaving = stack.pop()
            if leaving:
                self._leave(element)
                self._add(element.tail)
            elif not isinstance(element.tag, str) or not _seen(element) or self._take_whole(element):
                self._add(element.tail)
            else:
                self._enter(element)
                self._add(element.text)
                stack.append((element, True))
                stack.extend((inner, False) for inner in reversed(element))
        self._flush()
        self._end_list()

    def _take_whole(self, element: "Element") -> bool:
        """Headings, tables and code are read at once; True when that was done."""
        tag = element.tag
        if tag in _HEADINGS and (text := _inner_text(element)):
            self._end_list()
            self.blocks.append(Block("heading", text, _HEADINGS[tag]))
        elif tag in ("pre", "listing", "xmp"):
            self._end_list()
            if (code := "".join(element.itertext()).strip("\n")).strip():
                self.blocks.append(Block("code", f"```\n{code}\n```"))
        elif tag == "table" and (rows := _data_rows(element)) is not None:
            self._end_list()
            if caption := next((each for each in element if each.tag == "caption"), None):
                self._add(_inner_text(caption))
                self._flush()
            if block := table(rows):
                self.blocks.append(block)
        else:
            return False
        return True

    def _enter(self, element: "Element") -> None:
        tag = element.tag
        if tag == "br":
            self._inline.append("\n")
        elif tag == "img":
            self._inline.append(f" {element.get('alt', '')} ")
        elif tag in ("ul", "ol", "menu", "dl"):
            self._flush()
            self._lists.append(0 if tag == "ol" else None)
        elif tag in ("li", "dt", "dd"):
            self._flush()
            self._mark = self._next_mark(tag)
        elif tag not in _INLINE:
            self._flush()

    def _leave(self, element: "Element") -> None:
        tag = element.tag
        if tag in ("ul", "ol", "menu", "dl"):
            self._flush()
            if self._lists:
                self._lists.pop()
            if not self._lists:
                self._end_list()
        elif tag in ("td", "th"):
            self._inline.append(" ")
        elif tag not in _INLINE and tag != "br":
            self._flush()

    def _next_mark(self, tag: str) -> str:
        indent = "  " * (min(len(self._lists), 9) - 1 if self._lists else 0)
        if self._lists and (count := self._lists[-1]) is not None:
            self._lists[-1] = count + 1
            return f"{indent}{count + 1}. "
        return f"{indent}  " if tag == "dd" else f"{indent}- "

    def _add(self, text: str | None) -> None:
        if text:
            self._inline.append(re.sub(r"\s+", " ", text))

    def _flush(self) -> None:
        """What was gathered becomes a paragraph, or (a part of) an item."""
        text = "\n".join(filter(None, (" ".join(line.split()) for line in "".join(self._inline).split("\n"))))
        self._inline.clear()
        if not text:
            return
        if self._lists:
            indent = " " * max(len(self._mark) - len(self._mark.lstrip()), 2)
            self._items.append((self._mark or indent) + text.replace("\n", f"\n{indent}"))
            self._mark = ""
        else:
            self.blocks.append(Block("paragraph", text))

    def _end_list(self) -> None:
        self._flush()
        if self._items:
            self.blocks.append(Block("list", "\n".join(self._items)))
            self._items = []


def _seen(element: "Element") -> bool:
    return not (
        element.tag in _UNSEEN
        or element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or _HIDING.search(element.get("style") or "")
    )


def _inner_text(element: "Element") -> str:
    """All that is seen in an element, on one line; blocks in it are parted by spaces."""
    parts: list[str] = []
    stack: list[tuple[Element, bool]] = [(element, False)]
    while stack:
        each, leaving = stack.pop()
        if leaving or not isinstance(each.tag, str) or (each is not element and not _seen(each)):
            if each is not element:
                parts.append(each.tail or "")
            continue
        space = "" if each.tag in _INLINE and each.tag != "img" else " "
        parts += [space, each.get("alt", "") if each.tag == "img" else "", each.text or ""]
        stack.append((each, True))
        stack.extend((inner, False) for inner in reversed(each))
        if space and len(each):
            parts.append(space)
    return " ".join("".join(parts).split())


def _data_rows(element: "Element") -> list[list[str]] | None:
    """The cells of a table, spanning ones filled in; None for one that only arranges what is in it."""
    rows = list(_rows(element))
    cells = [[cell for cell in row if cell.tag in ("td", "th") and _seen(cell)] for row in rows]
    if not cells or max(map(len, cells)) < 2 or next(_below(element), None) is not None:
        return None
    if sum(map(len, cells)) > _MOST_CELLS:
        raise UnreadableDocument(f"A table in it has more than {_MOST_CELLS:,} cells.", status="unsupported")
    grid: list[list[str]] = []
    running: dict[int, tuple[int, str]] = {}
    """Column -> how many rows a cell from above still goes on for, and what it says."""
    characters = 0
    for row in cells:
        line: list[str] = []
        waiting = iter(row)
        while len(line) < MOST_COLUMNS:
            if (above := running.pop(len(line), None)) is not None:
                left, text = above
                if left > 1:
                    running[len(line)] = (left - 1, text)
                line.append(text)
                continue
            cell = next(waiting, None)
            if cell is None:
                if not any(column > len(line) for column in running):
                    break
                line.append("")
                continue
            text = _inner_text(cell)
            characters += len(text)
            below = _span(cell, "rowspan") - 1
            for number in range(min(_span(cell, "colspan"), MOST_COLUMNS - len(line))):
                if below:
                    running[len(line)] = (below, "" if number else text)
                line.append("" if number else text)
        grid.append(line)
    return None if characters > _LONG_CELL * max(sum(map(len, cells)), 1) else grid


def _rows(element: "Element") -> Iterator["Element"]:
    for each in element:
        if each.tag == "tr":
            yield each
        elif each.tag in ("thead", "tbody", "tfoot"):
            yield from (row for row in each if row.tag == "tr")


def _below(element: "Element") -> Iterator["Element"]:
    """What no cell of a table of data holds."""
    return (each for each in element.iter("table", "h1", "h2", "h3", "pre") if each is not element)


def _span(cell: "Element", name: str) -> int:
    value = (cell.get(name) or "").strip()
    return min(max(int(value), 1), _MOST_SPAN) if value.isascii() and value.isdecimal() and len(value) < 9 else 1
