"""Which documents a text names, by their titles or file names. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

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


def named_in(text: str, names: Iterable[Mapping[str, object]]) -> list[str]:
    """The names that a text has, each at its longest, in order; a name begins with a capital or a digit."""
    words = list(_WORD.finditer(text))
    spans = {
        (first, last): " ".join(word.group() for word in words[first:last]).lower()
        for first in range(len(words))
        if words[first].group()[0].isupper() or words[first].group()[0].isdigit()
        for last in range(first + 1, min(first + _MOST_WORDS, len(words)) + 1)
    }
    wanted = set(spans.values())
    found = {name for known in names for name in known.keys() & wanted}
    named: list[str] = []
    end = 0
    for (first, last), name in sorted(spans.items(), key=lambda item: (item[0][0], -item[0][1])):
        if first >= end and name in found:
            named.append(name)
            end = last
    return list(dict.fromkeys(named))


def _known(name: str) -> str:
    """As `named_in` looks for it; empty for what is too short or has no letters."""
    words = [word.lower() for word in _WORD.findall(name)]
    known = " ".join(words)
    letters = sum(letter.isalpha() for letter in known)
    return known if letters >= (1 if len(words) > 1 else _FEWEST_LETTERS) and len(words) <= _MOST_WORDS else ""
