"""A model's reply as statements, each with the numbers of the sources that it names."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from knowledge.sentences import split, starts_item

_NUMBERS = r"\d{1,3}(?:\s*[,;\-–]\s*\d{1,3})*"
_MARK = re.compile(rf"(?<!\s)\s*(?:\[\^?(?:source\s+)?({_NUMBERS})\](?![(:])|【({_NUMBERS})[^】]*】)", re.IGNORECASE)
_MARKS_BEHIND_STOP = re.compile(rf"(?<![.!?…])([.!?…]+[\"'”’)*_]*)((?:{_MARK.pattern})+)", re.IGNORECASE)
_BULLET = re.compile(r"^(\s*(?:[-*+•]|\d{1,3}[.)])\s+)")
_QUOTE = re.compile(r"^(\s*>\s?)+")
_FENCE = re.compile(r"^\s*(?:```|~~~)")
_HEADING = re.compile(r"^\s*#{1,6}\s|^\s*\*\*[^*]+\*\*:?\s*$")
_RULE = re.compile(r"^\s*(?:[-*_]\s*){3,}$")
_MOST_NUMBERS = 10


@dataclass(frozen=True)
class Statement:
    """A sentence, an item of a list, a row of a table or a block of code."""

    text: str
    """Without its marks."""
    numbers: tuple[int, ...]
    """As they were named, whether or not there are such sources."""
    kind: Literal["prose", "item", "code", "row"]


@dataclass(frozen=True)
class _Line:
    """A line, or a block of code, as its Markdown is put together again."""

    before: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class Statements:
    """A reply, taken apart."""

    lines: tuple[_Line, ...]

    @property
    def all(self) -> tuple[Statement, ...]:
        return tuple(statement for line in self.lines for statement in line.statements)

    def written(self, behind: Callable[[Statement], str]) -> str:
        """The Markdown, with what is to stand behind each statement."""
        lines = (line.before + " ".join(_written(s, behind(s)) for s in line.statements) for line in self.lines)
        return "\n".join(lines).strip()


def _written(statement: Statement, behind: str) -> str:
    if statement.kind == "code":
        return f"```\n{statement.text}\n```\n{behind}"  # Within the block nothing would be a link or a mark.
    if statement.kind == "row":
        return f"{statement.text.rstrip().removesuffix('|').rstrip()} {behind} |"
    return f"{statement.text} {behind}"


def statements_of(reply: str) -> Statements:
    """Take a reply apart. Headings and lines without a word state nothing."""
    lines: list[_Line] = []
    code: list[str] | None = None
    for line in reply.splitlines():
        if _FENCE.match(line):
            if code is None:
                code = [line]
            else:
                lines.append(_code([*code, line]))
                code = None
        elif code is not None:
            code.append(line)
        else:
            lines.append(_line(line))
    if code is not None:
        lines.append(_code([*code, "```"]))  # It was cut off, or never closed.
    return Statements(tuple(_cited_code(_without_headers(lines))))


def _code(block: Sequence[str]) -> _Line:
    text = "\n".join(block[1:-1])
    return _Line("", (Statement(text, (), "code"),) if text.strip() else ())


def _without_headers(lines: Sequence[_Line]) -> list[_Line]:
    """The first row of a table, above its rule, names its columns: it states nothing."""
    return [
        _Line(f"{line.before}{line.statements[0].text}", ()) if _is_header(line, after) else line
        for line, after in zip_longest(lines, lines[1:], fillvalue=_Line("", ()))
    ]


def _is_header(line: _Line, after: _Line) -> bool:
    is_row = bool(line.statements) and line.statements[0].kind == "row"
    return is_row and not after.statements and "|" in after.before and "-" in after.before


def _cited_code(lines: Sequence[_Line]) -> list[_Line]:
    """Nobody can write a mark into a block of code: what introduces it says where it is from."""
    result: list[_Line] = []
    numbers: tuple[int, ...] = ()
    for line in lines:
        if line.statements and line.statements[0].kind == "code":
            result.append(_Line("", (Statement(line.statements[0].text, numbers, "code"),)))
            continue
        if line.statements:
            numbers = line.statements[-1].numbers
        result.append(line)
    return result


def _line(line: str) -> _Line:
    if not re.search(r"\w", line) or _RULE.match(line) or _HEADING.match(line):
        return _Line(line, ())
    quote = match[0] if (match := _QUOTE.match(line)) else ""
    rest = line[len(quote) :]
    if rest.lstrip().startswith("|"):
        return _Line(quote, (_statement(rest, "row"),))
    bullet = match[0] if (match := _BULLET.match(rest)) else ""
    kind: Literal["prose", "item"] = "item" if bullet and starts_item(rest) else "prose"
    text = _MARKS_BEHIND_STOP.sub(r"\2\1", rest[len(bullet) :])
    sentences = split(text)
    if kind == "item" and len(sentences) > 1 and not _MARK.search(" ".join(sentences[:-1])):
        sentences = [" ".join(sentences)]  # One mark at its end stands for the whole item.
    return _Line(quote + bullet, tuple(_statement(sentence, kind) for sentence in sentences))


def _statement(text: str, kind: Literal["prose", "item", "row"]) -> Statement:
    numbers: dict[int, None] = {}
    for match in _MARK.finditer(text):
        numbers.update(dict.fromkeys(_numbers(match[1] or match[2])))
    return Statement(_MARK.sub("", text).strip(), tuple(numbers)[:_MOST_NUMBERS], kind)


def _numbers(marked: str) -> list[int]:
    found: list[int] = []
    for part in re.split(r"\s*[,;]\s*", marked):
        first, *last = (int(number) for number in re.split(r"\s*[-–]\s*", part))
        found += range(first, min(last[-1], first + _MOST_NUMBERS) + 1) if last and last[-1] > first else [first]
    return found
