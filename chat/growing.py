"""Text that comes piece by piece, made harmless without reading again what no further piece can change."""

import re
from dataclasses import dataclass

from chat.plain import CODE, CURSOR, harmless

_MAY_BEGIN_CODE = re.compile(r"[`~]")


@dataclass(frozen=True)
class _Known:
    """A text as it was seen last."""

    text: str = ""
    shown: str = ""
    """The text, made harmless."""
    settled: int = 0
    """How much of it, from its beginning, is as it will be whatever comes after."""
    settled_shown: str = ""


class Growing:
    """`harmless` for several texts that grow, each known by a name."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def harmless(self, name: str, text: str) -> str:
        """The same as `plain.harmless(text)`."""
        known = self._known.get(name, _Known())
        if known.text != text:
            if not text.startswith(known.text[: known.settled]):
                known = _Known()
            known = self._known[name] = _grown(known, text)
        return known.shown


def _grown(known: _Known, text: str) -> _Known:
    rest = text[known.settled :]
    cut = settled(rest)
    before = known.settled_shown + (harmless(rest[:cut]) if cut else "")
    return _Known(text, before + harmless(rest[cut:]), known.settled + cut, before)


def settled(text: str) -> int:
    """How much of a text can be made harmless by itself, whatever comes after: up to a blank outside of code.

    A blank separates everything that `harmless` looks for, but code. A fence that is open takes all that comes, and a
    lone backtick may open code up to the end of its line.
    """
    if CURSOR in text:
        return 0
    code = 0
    for match in CODE.finditer(text):
        found = match[0]
        if found[:3] in ("```", "~~~") and (len(found) < 6 or found[-3:] != found[:3]):
            return _blank(text, code, match.start())
        code = match.end()
    return _blank(text, code, len(text))


def _blank(text: str, start: int, end: int) -> int:
    """The place after the last blank in this stretch without code; 0 when there is none that is certain."""
    line = text.rfind("\n", start, end) + 1
    begun = _MAY_BEGIN_CODE.search(text, max(start, line), end)
    if begun is None:
        return max(line, text.rfind(" ", start, end) + 1)
    return line
