"""XML of no known kind: its text, a line an element, with the path of elements that it stands in."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from knowledge.blocks import Block, LoadedDocument
from knowledge.loaders.xml_tree import local, parse_xml
from knowledge.names import stem_of

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_LINES_A_BLOCK = 200
_SHOWN = 3
"""Of a path, the innermost elements say enough."""


def load_xml(content: bytes, name: str, progress: Callable[[int, int], None]) -> LoadedDocument:
    """Raises UnreadableDocument."""
    lines = list(_lines(parse_xml(content, "it")))
    blocks = (
        Block("list", "\n".join(lines[start : start + _LINES_A_BLOCK]))
        for start in range(0, len(lines), _LINES_A_BLOCK)
    )
    return LoadedDocument(stem_of(name), tuple(blocks))


def _lines(root: "Element") -> Iterator[str]:
    stack: list[tuple[Element, tuple[str, ...]]] = [(root, ())]
    while stack:
        element, above = stack.pop()
        path = (*above, local(element))[-_SHOWN:]
        texts = [element.text, *(value for _, value in element.items()), *(child.tail for child in element)]
        if text := " ".join(" ".join(filter(None, texts)).split()):
            yield f"- {'.'.join(path)}: {text}"
        stack.extend((child, path) for child in reversed(element))
