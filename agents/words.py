"""Content words of a text, roughly stemmed, for counting what two texts share."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

_WORD = re.compile(r"[\w][\w'-]*", re.UNICODE)
_STOP = frozenset(
    word
    for line in (
        "a about after again all also an and any are as at be because been before being both but by can could did do",
        "does doing for from had has have having he her here hers him his how i if in into is it its itself just let",
        "me more most my no nor not of off on once only or other our out over own same she should so some such than",
        "that the their them then there these they this those through to too under until up us very was we were what",
        "when where which while who whom why will with would you your",
    )
    for word in line.split()
)
_ENDINGS = (
    "ations",
    "ation",
    "ingly",
    "edly",
    "ings",
    "ing",
    "ies",
    "ied",
    "ers",
    "er",
    "ed",
    "es",
    "ly",
    "s",
    "e",
)


def content_words(text: str) -> frozenset[str]:
    """Lower-case stems of the words that carry meaning."""
    return frozenset(_stem(word) for word in _WORD.findall(text.lower()) if word not in _STOP and len(word) > 1)


def weights(texts: Sequence[frozenset[str]]) -> Mapping[str, float]:
    """How much each word tells the texts apart: one that stands in all of them tells little."""
    counts = Counter(word for words in texts for word in words)
    return {word: math.log(1 + len(texts) / count) for word, count in counts.items()}


def weighted_overlap(asked: frozenset[str], found: frozenset[str], weight: Mapping[str, float]) -> float:
    """The share of the asked words that were found, 0 to 1; words that tell the texts apart count more."""
    total = sum(weight.get(word, 0.0) for word in asked)
    return sum(weight.get(word, 0.0) for word in asked & found) / total if total else 0.0


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared words over all words of both (Jaccard), 0 to 1."""
    union = one | other
    return len(one & other) / len(union) if union else 0.0


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
