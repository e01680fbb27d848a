"""Text that comes piece by piece, made harmless without reading again what no further piece can change."""

import re
from dataclasses import dataclass

from agents.plain import BLOCK, PARAGRAPH_END
from chat.plain import CURSOR, harmless

_APART = re.compile(r"\n|[ \t](?=[^\s`~])")
"""What parts everything that `harmless` looks for; nothing follows that would be a fence if a line began there."""


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
    """How much of a text can be made harmless by itself, whatever comes after.

    A block of code that is open takes all that comes. What of a paragraph is code is known when it ends; what stands
    before its first backtick is none.
    """
    if CURSOR in text:
        return 0
    end, prose = 0, 0
    for match in BLOCK.finditer(text):
        end, prose = match.start(), match.end()
    if prose == len(text):
        return end  # It may be open still, or its last line go on.
    for match in PARAGRAPH_END.finditer(text, prose):
        end = prose = match.end()
    backtick = text.find("`", prose)
    for match in _APART.finditer(text, prose, len(text) if backtick < 0 else backtick):
        end = match.end()
    return end
