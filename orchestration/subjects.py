"""What a question is about, in its own words: "How do I back up the folder?" is about "back up the folder". Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence

from orchestration.messages import Turn
from orchestration.references import telling

MOST_WORDS = 14
"""A longer subject would say more about the earlier question than about the one it is carried into."""

Rarity = Mapping[str, float]
"""How much a word tells of what a passage is about; what is not in it tells nothing."""

_LEAD = re.compile(
    r"\W*(?:(?:and|but|so|or|also|please|und)\s+)*(?:(?:tell|show|explain|describe)\s+(?:(?:to\s+)?me\s+)?(?:about\s+)?)?"
    r"(?:(?:how|what|why|when|where|who|which|whom|whose|wie|was|warum|wann|wo|wer|welche[mnrs]?"
    r"|wieso|weshalb|wofür|wozu|womit|woran)\b\s*"
    r"(?:(?:long|often|much|many|far|fast|exactly|lange|oft|viel|viele)\b\s*)?)?"
    r"(?:(?:can|could|do|does|did|is|are|was|were|will|would|should|may|might|must|has|have|had|shall|to|kann"
    r"|können|muss|müssen|soll|sollen|darf|dürfen|ist|sind|wird|werden|hat|haben|gibt)\b\s*)?"
    r"(?:(?:i|we|you|one|people|there|it|they|ich|wir|man|es)\b\s*)?"
    r"(?:(?:happens?|need|have|do|want|mache|passiert)\b,?\s*(?:to\b\s*|(?=when\b|if\b|with\b))?)?"
    r"(?:(?:when|if|with|wenn|falls)\b\s*(?:(?:i|we|you|one|people)\b\s*)?)?",
    re.IGNORECASE,
)
"""What a question begins with before it comes to its subject."""
_TRAIL = re.compile(r"\s+(?:do|does|mean|means|work|works|happen|happens|look like|good for|used for|about)$", re.I)
_ASKING = re.compile(r"\s+(?:should|can|do|does|did|could|must|would|will)\s+(?:i|we|you|one|people)\b", re.IGNORECASE)
_ASKING_IN_GERMAN = re.compile(r"^(\w+(?:e|en|t))\s+(?:ich|wir|man)\b(?:\s+(?:mich|mir|uns)\b)?", re.IGNORECASE)
"""Of "Wie sichere ich den Server?" only the verb is part of what it is about."""
_POINTING = re.compile(
    r"\b(?:it|its|this|that|these|those|they|them|their|then|instead|das|es|ihn|ihm|sie|dies\w*)\b\s*", re.IGNORECASE
)


def subject(turn: Turn, rarity: Rarity) -> str:
    """What a turn was about, in its own words; empty where they tell nothing."""
    whole = _whole(turn)
    return shortened(whole, rarity) if telling(whole) else ""


def words_carried(turns: Sequence[Turn]) -> list[str]:
    """The words of which it matters how much each tells, because not all of them can be carried."""
    return list(
        dict.fromkeys(word for turn in turns for text in _texts(turn) if _is_long(text) for word in text.split())
    )


def _texts(turn: Turn) -> Iterator[str]:
    yield _whole(turn)
    yield from map(topic, (*turn.parts, *turn.points))


def _whole(turn: Turn) -> str:
    """Parts of one question often begin with the same: that is said once."""
    asked = turn.parts or (turn.question,)
    return "; ".join(dict.fromkeys(said for part in asked for said in _about(part).split("; ") if said))


def _about(question: str) -> str:
    """Of a completed question what it was completed with, and what it added to that."""
    before, colon, asked = question.rpartition(": ")
    if not colon:
        return topic(question)
    own = _POINTING.sub("", topic(asked)).strip()
    return f"{before.partition('; ')[0]}; {own}" if telling(own) else before


def topic(question: str) -> str:
    """The question without what makes it one; whole where nothing telling would remain."""
    text = question.strip().rstrip(" ?.!")
    lead = _LEAD.match(text)
    rest = text[lead.end() :] if lead else text
    rest = _ASKING_IN_GERMAN.sub(r"\1", _ASKING.sub("", rest))
    rest = _TRAIL.sub("", " ".join(rest.split()))
    return rest if telling(rest) else text


def shortened(text: str, rarity: Rarity) -> str:
    """The text, or of a long one its most telling words in their order; its first where none is known to tell."""
    if not _is_long(text):
        return text
    words = text.split()
    best = sorted(range(len(words)), key=lambda at: (-rarity.get(words[at], 0.0), at))[:MOST_WORDS]
    return " ".join(words[at] for at in sorted(best))


def _is_long(text: str) -> bool:
    return len(text.split()) > MOST_WORDS
