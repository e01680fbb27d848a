"""Tells what a model thinks from what it says, where both come as one text with `<think>` around the thoughts."""

from collections.abc import Iterator
from typing import Literal

_OPEN, _CLOSE = "<think>", "</think>"


class Thinking:
    """Takes a text piece by piece; a tag may be split over pieces."""

    def __init__(self) -> None:
        self._held = ""
        """What may be the beginning of a tag."""
        self._inside = False
        self._said = False

    def split(self, piece: str) -> Iterator[tuple[Literal["reasoning", "answer"], str]]:
        """What can be told so far."""
        text, self._held = self._held + piece, ""
        while text:
            tag = _CLOSE if self._inside else _OPEN
            # Thoughts come first: a tag behind them is a word of the answer.
            at = -1 if self._said else text.find(tag)
            if at < 0:
                kept = 0 if self._said else _beginning(text, tag)
                self._held = text[len(text) - kept :]
                text = text[: len(text) - kept]
                if text:
                    yield self._told(text)
                return
            if text[:at]:
                yield self._told(text[:at])
            self._inside = not self._inside
            text = text[at + len(tag) :]

    def rest(self) -> Iterator[tuple[Literal["reasoning", "answer"], str]]:
        """What was held back and turned out to be no tag."""
        if self._held:
            held, self._held = self._held, ""
            yield self._told(held)

    def _told(self, text: str) -> tuple[Literal["reasoning", "answer"], str]:
        if self._inside:
            return "reasoning", text
        self._said = self._said or bool(text.strip())
        return "answer", text


def _beginning(text: str, tag: str) -> int:
    """How many of the last characters may be the beginning of the tag."""
    return next((n for n in range(min(len(tag) - 1, len(text)), 0, -1) if tag.startswith(text[-n:])), 0)
