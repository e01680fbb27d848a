"""Markdown by its structure: headings, paragraphs, lists, code fences and tables."""

import re
from collections.abc import Callable

from knowledge.blocks import Block, BlockKind, LoadedDocument
from knowledge.loaders.encoding import decode
from knowledge.names import stem_of
from knowledge.sentences import plain, starts_item

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n(?:---|\.\.\.)\n", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.+?)\s*#*\s*$")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-+)\s*$")
_RULE = re.compile(r"^ {0,3}([-*_])(?:\s*\1){2,}\s*$")
_FENCE = re.compile(r"^(\s*)(`{3,}|~{3,})")
_TABLE_RULE = re.compile(r"^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")


def load_markdown(content: bytes, name: str, progress: Callable[[int, int], None]) -> LoadedDocument:
    text = decode(content)
    title = ""
    if front := _FRONT_MATTER.match(text):
        if named := _FRONT_TITLE.search(front.group(1)):
            title = named.group(1)
        text = text[front.end() :]
    blocks = _Reader(_without_comments(text)).blocks()
    first = next((block for block in blocks if block.kind == "heading" and block.level == 1), None)
    if first is not None and (not title or title == first.text):
        title = first.text
        blocks.remove(first)  # the title stands before every passage; it is not a section of its own
    return LoadedDocument(title or stem_of(name), tuple(blocks))


def _without_comments(text: str) -> str:
    """Without HTML comments, but not touching those that a code fence shows."""
    parts = re.split(r"(^(?:```|~~~).*?^(?:```|~~~)\s*$)", text, flags=re.DOTALL | re.MULTILINE)
    parts[::2] = [_COMMENT.sub("", part) for part in parts[::2]]
    return "".join(parts)


class _Reader:
    """Reads the lines once, from top to bottom."""

    def __init__(self, text: str) -> None:
        self._lines = text.expandtabs(4).split("\n")
        self._at = 0
        self._blocks: list[Block] = []

    def blocks(self) -> list[Block]:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if not line.strip() or _RULE.match(line):
                self._at += 1
            elif heading := _HEADING.match(line):
                self._heading(len(heading.group(1)), heading.group(2), lines=1)
            elif fence := _FENCE.match(line):
                self._fence(fence.group(2))
            elif "|" in line and _TABLE_RULE.match(self._line(1)) and "-" in self._line(1):
                self._take("table", lambda line: "|" in line)
            elif starts_item(line):
                self._list()
            else:
                self._paragraph()
        return self._blocks

    def _line(self, ahead: int) -> str:
        at = self._at + ahead
        return self._lines[at] if at < len(self._lines) else ""

    def _heading(self, level: int, text: str, lines: int) -> None:
        self._blocks.append(Block("heading", plain(text).replace("`", ""), level))
        self._at += lines

    def _fence(self, mark: str) -> None:
        end = self._at + 1
        while end < len(self._lines) and not self._lines[end].strip().startswith(mark):
            end += 1
        self._add("code", self._lines[self._at : end + 1])
        self._at = end + 1

    def _take(self, kind: BlockKind, belongs: Callable[[str], bool]) -> None:
        end = self._at
        while end < len(self._lines) and self._lines[end].strip() and belongs(self._lines[end]):
            end += 1
        self._add(kind, self._lines[self._at : end])
        self._at = end

    def _list(self) -> None:
        """Items, with what is indented below them; a blank line ends it unless an item or indent follows."""
        end = self._at
        while end < len(self._lines):
            line = self._lines[end]
            if not line.strip():
                following = self._lines[end + 1] if end + 1 < len(self._lines) else ""
                if not (starts_item(following) or following.startswith("  ")):
                    break
            elif _HEADING.match(line) or (_FENCE.match(line) and not line.startswith(" ")):
                break
            end += 1
        self._add("list", [line for line in self._lines[self._at : end] if line.strip()])
        self._at = end

    def _paragraph(self) -> None:
        end = self._at + 1
        while end < len(self._lines):
            line = self._lines[end]
            if (underline := _UNDERLINE.match(line)) and end == self._at + 1:
                level = 1 if underline.group(1).startswith("=") else 2
                return self._heading(level, self._lines[self._at].strip(), lines=2)
            if not line.strip() or _HEADING.match(line) or _FENCE.match(line) or starts_item(line):
                break
            end += 1
        self._add("paragraph", [line.strip().removeprefix("> ") for line in self._lines[self._at : end]])
        self._at = end
        return None

    def _add(self, kind: BlockKind, lines: list[str]) -> None:
        self._blocks.append(Block(kind, "\n".join(line.rstrip() for line in lines)))
