"""Splits a composite question into its parts. Pure: text in, parts out."""

import re
from dataclasses import dataclass

MOST_PARTS = 5

_INTERROGATIVES = [
    "how",
    "what",
    "who",
    "whom",
    "whose",
    "when",
    "where",
    "why",
    "which",
    "can",
    "could",
    "do",
    "does",
    "did",
    "is",
    "are",
    "was",
    "were",
    "will",
    "would",
    "should",
    "may",
    "might",
    "must",
    "has",
    "have",
]
_ASK = "|".join(_INTERROGATIVES)
_JOINT = re.compile(
    rf"\s*(?:[,;]\s*(?:(?:and|but|or)\s+)?(?:also\s+|then\s+)?|\s(?:and|but|or|as\s+well\s+as)\s+(?:also\s+|then\s+)?)"
    rf"(?=(?:{_ASK})\b)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[?!.])\s+(?=\S)")
_PREMISE = re.compile(rf"^(?P<premise>[^?]{{8,200}}?):\s+(?P<rest>(?:{_ASK})\b.*)$", re.IGNORECASE | re.DOTALL)
_POINTS_BACK = re.compile(
    r"\b(it|its|they|them|their|theirs|this|these|those|that one|the same|he|she|his|her|both|each of)\b",
    re.IGNORECASE,
)
_BUILDS_ON = re.compile(
    r"^(?:then|given that|based on (?:that|this|it)|after (?:that|this)|with that|in that case|if so)\b"
    r"|\bwhich (?:one )?of (?:them|these|those)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Part:
    """One sub-question."""

    heading: str
    """As the person put it, short."""
    question: str
    """The same, understandable on its own."""
    builds_on: int | None = None
    """The part whose answer this one needs."""


def split_question(question: str) -> tuple[Part, ...]:
    """The parts of a question, in order; a simple question is its own only part."""
    text = " ".join(question.split())
    premise = ""
    match = _PREMISE.match(text)
    if match:
        premise, text = match["premise"].strip(), match["rest"]
    clauses = _merge_short([clause for sentence in _sentences(text) for clause in _clauses(sentence)])
    clauses = (
        clauses[: MOST_PARTS - 1] + [" ".join(clauses[MOST_PARTS - 1 :])] if len(clauses) > MOST_PARTS else clauses
    )
    if len(clauses) == 1:
        whole = " ".join(question.split())
        return (Part(heading=whole, question=whole),)
    parts: list[Part] = []
    for number, clause in enumerate(clauses):
        heading = _as_question(clause)
        if premise:
            own = f"{premise}: {clause}"
        elif number and _POINTS_BACK.search(clause):
            own = f"{clauses[number - 1].rstrip('?.! ')}, and {clause}"
        else:
            own = clause
        builds_on = number - 1 if number and _BUILDS_ON.search(clause) else None
        parts.append(Part(heading=heading, question=_as_question(own), builds_on=builds_on))
    return tuple(parts)


def _sentences(text: str) -> list[str]:
    """Sentences that ask; a statement is kept with the question that follows it, or else that it follows."""
    asking: list[str] = []
    waiting = ""
    for sentence in _SENTENCE.split(text):
        waiting = f"{waiting} {sentence}".strip()
        if sentence.endswith("?"):
            asking.append(waiting)
            waiting = ""
    if waiting and asking:
        asking[-1] = f"{asking[-1]} {waiting}"
    elif waiting:
        asking.append(waiting)
    return asking


def _clauses(sentence: str) -> list[str]:
    return [clause.strip(" ,;") for clause in _JOINT.split(sentence) if clause.strip(" ,;?!.")]


def _merge_short(clauses: list[str]) -> list[str]:
    """A clause of one or two words ("when", "what else") is no question of its own."""
    merged: list[str] = []
    for clause in clauses:
        if merged and (len(clause.split()) < 3 or len(merged[-1].split()) < 3):
            merged[-1] = f"{merged[-1].rstrip('?')} and {clause}"
        else:
            merged.append(clause)
    return merged


def _as_question(clause: str) -> str:
    clause = clause.strip().rstrip(",;.")
    return clause[:1].upper() + clause[1:] + ("" if clause.endswith(("?", "!")) else "?")
