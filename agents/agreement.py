"""Whether two statements can both be true, as far as figures and denials tell."""

import re

NEGATION = re.compile(r"\b(?:not|never|no|cannot|can't|doesn't|don't|isn't|aren't|won't|without|nor)\b", re.IGNORECASE)
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
_NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve"
_WORDS = {word: str(number) for number, word in enumerate(_NUMBERS.split())}
_WORD = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b", re.IGNORECASE)


def figures(text: str) -> frozenset[str]:
    """The numbers in a text as they are written, `30` or `1,000`."""
    return frozenset(found.rstrip(".,") for found in _FIGURE.findall(text))


def figures_and_words(text: str) -> frozenset[str]:
    """The same, without separators of thousands, and with small numbers that are written as words."""
    plain = frozenset(re.sub(r"(?<=\d),(?=\d{3}\b)", "", found) for found in figures(text))
    return plain | {_WORDS[found.lower()] for found in _WORD.findall(text)}


def denies(text: str) -> bool:
    return bool(NEGATION.search(text))


def agree(one: str, other: str) -> bool:
    """Whether two statements of almost the same words give the same figures, and neither denies the other."""
    return figures(one) == figures(other) and denies(one) == denies(other)
