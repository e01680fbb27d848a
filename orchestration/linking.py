"""Numbers of sources in a text that is being written, turned into links of the answer's citations as they come."""

import re
from collections.abc import Callable

_MARK = re.compile(r"\[\s*(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\s*\](?![(:])")
_LONGEST = 24
"""A bracket with more in it is no number."""


class Linking:
    """Takes a text piece by piece; a number may be split over pieces."""

    def __init__(self, cite: Callable[[int], str]) -> None:
        """`cite` gives the link for a number, empty where there is no such source."""
        self._cite = cite
        self._held = ""

    def add(self, piece: str) -> str:
        """What can be told so far."""
        text = self._held + piece
        at = text.rfind("[")
        # The character behind a bracket tells a number from the text of a link.
        held = at >= 0 and len(text) - at <= _LONGEST and ("]" not in text[at:] or text.endswith("]"))
        self._held = text[at:] if held else ""
        return self.linked(text[:at] if held else text)

    def rest(self) -> str:
        """What was held back."""
        held, self._held = self._held, ""
        return self.linked(held)

    def linked(self, text: str) -> str:
        """A whole text."""
        return _MARK.sub(lambda mark: "".join(self._cite(int(n)) for n in re.findall(r"\d+", mark[1])), text)
