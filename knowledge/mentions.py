"""Which documents a text names, by their titles or file names. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")

_WORD = re.compile(r"\w+(?:[’'.-]\w+)*")
_QUALIFIED = re.compile(r"\s*\([^()]*\)\s*$")
_MOST_WORDS = 8
_FEWEST_LETTERS = 4


def names_of(title: str, source: str) -> Iterator[str]:
    """What a text may call a document: its title, also without a qualification, and its file's name."""
    stem = Path(source).stem
    for name in (title, _QUALIFIED.sub("", title), stem, stem.replace("_", " ")):
        if known := _known(name):
            yield known


class Names(Generic[T]):
    """Things by what a text may call them."""

    def __init__(self, named: Mapping[str, tuple[T, ...]]) -> None:
        self._named = named
        self._first = frozenset(name.partition(" ")[0] for name in named)

    def get(self, name: str) -> tuple[T, ...]:
        return self._named.get(name, ())

    def may_begin(self, word: str) -> bool:
        """Whether a name begins with this word, which is in lower case."""
        return word in self._first

    def __contains__(self, name: str) -> bool:
        return name in self._named


def named_in(text: str, known: Sequence[Names[T]]) -> list[str]:
    """The names that a text has, each at its longest, in order; a name begins with a capital or a digit."""
    words = _WORD.findall(text)
    named: list[str] = []
    end = 0
    for first, word in enumerate(words):
        if first < end or word[0].islower() or not any(names.may_begin(word.lower()) for names in known):
            continue
        for last in range(min(first + _MOST_WORDS, len(words)), first, -1):
            name = " ".join(words[first:last]).lower()
            if any(name in names for names in known):
                named.append(name)
                end = last
                break
    return list(dict.fromkeys(named))


def _known(name: str) -> str:
    """As `named_in` looks for it; empty for what is too short or has no letters."""
    words = [word.lower() for word in _WORD.findall(name)]
    known = " ".join(words)
    letters = sum(letter.isalpha() for letter in known)
    return known if letters >= (1 if len(words) > 1 else _FEWEST_LETTERS) and len(words) <= _MOST_WORDS else ""
