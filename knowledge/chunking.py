"""Documents to passages that fit the embedding model, cut where the author cut."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from knowledge import sentences
from knowledge.blocks import Block, LoadedDocument
from knowledge.passages import Sentence, SentenceKind, prefixed, spoken

MODEL_PIECES = 240
"""all-MiniLM-L6-v2 reads 256 word pieces, of which two are its own; the rest is room for a bad estimate."""

VERSION = 2
"""Raised when the same document is cut or embedded differently than before: the seeds are made again."""

_PIECE = re.compile(r"[a-zA-Z]+|\d{1,2}|\S")
_CODE_LIKE = re.compile(r"(?<=\d)[a-zA-Z]|[a-zA-Z](?=\d)")
_LETTERS_A_PIECE = 7
_CAPTION_WORDS = 45
"""A longer paragraph before a table is more than its caption."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage before it has an id."""

    section: str
    page: int | None
    text: str
    sentences: tuple[Sentence, ...]


def pieces(text: str) -> int:
    """About how many word pieces the model makes of it; rather too many than too few."""
    return sum(1 + (len(part) - 1) // _LETTERS_A_PIECE for part in _PIECE.findall(text)) + len(_CODE_LIKE.findall(text))


def chunk(document: LoadedDocument, words: int) -> list[Chunk]:
    """Passages of at most `words` words, none across a heading or a page."""
    chunks: list[Chunk] = []
    for section, blocks in _sections(document.blocks):
        room = MODEL_PIECES - pieces(prefixed(document.title, section, ""))
        limit = _Limit(words, max(room, MODEL_PIECES // 2))
        chunks.extend(_chunk(section, group) for group in _grouped(_units(blocks, limit), limit))
    return chunks


@dataclass(frozen=True, slots=True)
class _Limit:
    words: int
    pieces: int

    def holds(self, text: str) -> bool:
        """Numbers in tables take no room in the embedding; a passage with many of them may be twice as long."""
        words = sum(word != "|" for word in text.split())
        told = spoken(text)
        return words <= 2 * self.words and len(told.split()) <= self.words and pieces(told) <= self.pieces


def _sections(blocks: Iterable[Block]) -> Iterator[tuple[str, list[Block]]]:
    """The blocks below each heading, with the path of headings to it."""
    path: list[tuple[int, str]] = []
    held: list[Block] = []
    for block in blocks:
        if block.kind != "heading":
            held.append(block)
            continue
        if held:
            yield _joined(path), held
            held = []
        path = [(level, text) for level, text in path if level < block.level]
        path.append((block.level, block.text))
    if held:
        yield _joined(path), held


def _joined(path: list[tuple[int, str]]) -> str:
    return " > ".join(text for _, text in path)


Unit = list[Block]
"""Blocks that are never parted: a table, or a piece of one, has its caption with it."""


def _units(blocks: Sequence[Block], limit: _Limit) -> Iterator[Unit]:
    """Each block, or the pieces of one that is too long; every piece of a table begins with its caption."""
    caption: Block | None = None
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if following is not None and _is_caption(block, following):
            caption = block
            continue
        if caption is not None:
            beside = _Limit(
                limit.words - len(caption.text.split()), max(limit.pieces - pieces(caption.text), limit.pieces // 2)
            )
            yield from ([caption, part] for part in _split_block(block, beside))
        else:
            yield from ([part] for part in _split_block(block, limit))
        caption = None


def _is_caption(block: Block, following: Block) -> bool:
    """A short paragraph right before a table, which says what is in it and in which unit."""
    return (
        following.kind == "table"
        and block.kind == "paragraph"
        and block.page == following.page
        and len(block.text.split()) <= _CAPTION_WORDS
    )


def _grouped(units: Iterable[Unit], limit: _Limit) -> Iterator[list[Block]]:
    """Neighbours together as long as they fit; a paragraph that introduces a list or code goes with it."""
    group: list[Block] = []
    for unit in units:
        together = _text([*group, *unit])
        if group and (unit[0].page != group[-1].page or not limit.holds(together)):
            introduces = len(group) > 1 and group[-1].text.rstrip().endswith(":")
            carried = [group.pop()] if introduces and limit.holds(_text([group[-1], *unit])) else []
            yield group
            group = carried
        group += unit
    if group:
        yield group


def _text(blocks: Sequence[Block]) -> str:
    return "\n\n".join(block.text for block in blocks)


def _split_block(block: Block, limit: _Limit) -> list[Block]:
    """The block itself where it fits; else pieces of it, at sentences, items, lines or rows."""
    if limit.holds(block.text):
        return [block]
    lines = block.text.split("\n")
    if block.kind == "table":
        head, rows = table_head(lines)
        return [_like(block, [*head, *part]) for part in _packed(rows, limit, overhead="\n".join(head))]
    if block.kind == "code":
        fence, end = lines[0], "```"
        return [_like(block, [fence, *part, end]) for part in _packed(lines[1:-1], limit, overhead=fence)]
    if block.kind == "list":
        items = [part for item in _items(lines) for part in _fitting(item, limit)]
        return [_like(block, part) for part in _packed(items, limit)]
    whole = [part for sentence in sentences.split(block.text) for part in _fitting(sentence, limit)]
    return [Block(block.kind, " ".join(part), block.level, block.page) for part in _packed(whole, limit, glue=" ")]


def _like(block: Block, lines: list[str]) -> Block:
    return Block(block.kind, "\n".join(lines), block.level, block.page)


def _packed(parts: Iterable[str], limit: _Limit, overhead: str = "", glue: str = "\n") -> Iterator[list[str]]:
    """Consecutive parts, as many together as fit beside `overhead`."""
    held: list[str] = []
    for part in parts:
        if held and not limit.holds(glue.join([overhead, *held, part])):
            yield held
            held = []
        held.append(part)
    if held:
        yield held


def _fitting(text: str, limit: _Limit) -> Iterator[str]:
    """A sentence that is too long for a passage of its own, cut between words."""
    if limit.holds(text):
        yield text
        return
    for part in _packed(text.split(), limit, glue=" "):
        yield " ".join(part)


def table_head(lines: list[str]) -> tuple[list[str], list[str]]:
    """The names of its columns, with the rule below them, and its rows."""
    ruled = len(lines) > 1 and not set(lines[1]) - set("|:- \t")
    return (lines[:2], lines[2:]) if ruled else (lines[:1], lines[1:])


def _items(lines: list[str]) -> list[str]:
    """The items of a list, each with its continuation lines."""
    items: list[str] = []
    for line in lines:
        if items and not sentences.starts_item(line):
            items[-1] += "\n" + line
        else:
            items.append(line)
    return items


def _chunk(section: str, blocks: list[Block]) -> Chunk:
    found = [pair for block in blocks for pair in _sentences(block)]
    return Chunk(
        section=section,
        page=blocks[0].page,
        text=_text(blocks),
        sentences=tuple(Sentence(text, position, kind) for position, (text, kind) in enumerate(found)),
    )


def _sentences(block: Block) -> Iterator[tuple[str, SentenceKind]]:
    lines = block.text.split("\n")
    if block.kind == "code":
        code = [line for line in lines if not line.strip().startswith(("```", "~~~"))]
        if any(line.strip() for line in code):
            yield "\n".join(code), "code"
    elif block.kind == "table":
        for row in _rows(lines):
            yield row, "row"
    elif block.kind == "list":
        for item in _items(lines):
            for sentence in sentences.split(sentences.plain(sentences.without_bullet(item))):
                yield sentence, "item"
    else:
        for sentence in sentences.split(block.text):
            yield sentences.plain(sentence), "prose"


def _rows(lines: list[str]) -> Iterator[str]:
    """A row in words, ``Limit: 30 s; Region: north``, since a row alone does not say what its cells are.

    A unit in parentheses in the corner of the table belongs to the numbers and not to the row's own name.
    """
    head, rows = table_head(lines)
    names = _cells(head[0])
    unit = f" {names[0]}" if names[0].startswith("(") and names[0].endswith(")") else ""
    if unit:
        names[0] = ""
    if not rows:
        yield "; ".join(name for name in names if name)
    for row in rows:
        cells = _cells(row)
        named = [
            f"{names[number]}: {cell}" if number < len(names) and names[number] else cell
            for number, cell in enumerate(cells)
            if cell
        ]
        if named:
            yield "; ".join(named) + unit


def _cells(row: str) -> list[str]:
    return [sentences.plain(cell) for cell in row.strip().strip("|").split("|")]
