"""Splits a composite question into its parts. Pure: text in, parts out.

A part is cut off only where a new question or request surely begins; what is doubtful stays whole, because half a
question finds worse than a long one. Apart from the joining words at a cut ("and", "then") no word is lost.
"""

import re
from dataclasses import dataclass

from agents.words import content_words

MOST_PARTS = 5

_WH = "how|what|why|who|whom|whose|which|where|when"
_AUXILIARY = "can|could|do|does|did|is|are|am|was|were|will|would|should|may|might|must|has|have|had|shall"
_SUBJECT = (
    "i|you|we|they|he|she|it|there|this|that|these|those|one|someone|somebody|anyone|anybody|everyone|everybody|people"
    "|a|an|the|my|our|your|their|its|his|her|another|any|every|each|all|some|other|others|most|both|no|nobody"
)
_REQUEST = (
    "give|tell|show|find|list|explain|describe|compare|recommend|suggest|provide|check|help|summari[sz]e|search|name"
    "|look|get|make|create|write|book|plan|play|let"
)
_JOINING = r"(?:and|but|or|plus|as well as)(?:\s+(?:also|then|additionally|finally|if so))*|also|then|additionally"
_JOINT = re.compile(rf"\s*(?P<mark>[,;])?\s+(?:(?P<join>{_JOINING}),?\s+)?(?=(?P<word>[A-Za-z]+))|;\s*", re.IGNORECASE)
_OPENS = re.compile(
    rf"(?:(?:how|what|why)\b|(?:when|where)\s+(?:{_AUXILIARY})\b|which\s+of\s+(?:the|them|these|those)\b|(?P<relative>who|whom|whose|which|where)\b"
    rf"|(?:{_AUXILIARY})(?:n't)?\s+(?:{_SUBJECT})\b|(?:do|does|did)\s+(?!not\b)\w)",
    re.IGNORECASE,
)
_REQUESTS = re.compile(rf"(?:please\s+)?(?:{_REQUEST})\b", re.IGNORECASE)
_ASKS_FOR_MORE = re.compile(
    rf"(?:please\b|(?:can|could|would|will) you\b|i(?:'d| would)? (?:want|need|like)\b|i'm looking\b|(?:{_REQUEST})\b)",
    re.IGNORECASE,
)
_QUOTES = "\"'“”’ "
_HANGS = re.compile(rf"\b(?:{_WH}|and|or|between|by|of|to|with|for|on|about|at|in|from)$", re.IGNORECASE)
_ASKS_ALREADY = re.compile(rf"\b(?:{_WH})\b|^\W*(?:and |but |or |so )?(?:{_AUXILIARY})\b", re.IGNORECASE)
_CONDITION = re.compile(
    r"\W*(?:if|while|after|before|once|since|because|although|unless|as|in case"
    rf"|when(?!\s+(?:{_AUXILIARY})\b))\b[^,]*$",
    re.IGNORECASE,
)
_LEADING = re.compile(r"^(?:and|but|or|also|then|additionally|finally)\b,?\s+", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[?!.])[\"'”’)]*\s+(?=\S)")
_ABBREVIATED = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|no|dr|mr|mrs|approx)|\b[A-Z])\.$", re.IGNORECASE)
_PREMISE = re.compile(
    rf"(?P<premise>[^?]{{8,300}}?):\s+(?P<rest>(?:{_WH}|{_AUXILIARY})\b.*)", re.IGNORECASE | re.DOTALL
)
_BULLET = re.compile(r"\s*(?:[-*•–]|\(?\d{1,2}[.)]|\(?[a-z][.)])\s+(?=\S)")
_POINTS_BACK = re.compile(
    r"\b(?:it|its|they|them|their|theirs|this|these|those|that one|the same|he|she|his|her|him|both|each of|either)\b"
    r"|\bwhy(?: not)?\??$",
    re.IGNORECASE,
)
_BUILDS_ON = re.compile(
    r"^(?:given (?:that|this|those)|based on (?:that|this|it|those)|after (?:that|this)|with that|in that case|if so)\b"
    r"|\b(?:which|who|what|how many|any|one|some|none) (?:one )?of (?:them|these|those)\b",
    re.IGNORECASE,
)
_GERMAN = re.compile(r"\b(?:und|ist|wie|ich|nicht|eine?r?|der|das|dem|wo|wer|warum|kann)\b", re.IGNORECASE)
_GENERAL = content_words("people person someone anyone thing way happen happens mean means need notice look work works")
"""Words that say too little to be a question's only content."""


@dataclass(frozen=True)
class Part:
    """One sub-question."""

    heading: str
    """As the person put it, short."""
    question: str
    """The same, understandable on its own."""
    builds_on: int | None = None
    """The part whose answer this one needs."""
    further: tuple[int, ...] = ()
    """Other parts whose answers it needs as well."""


@dataclass(frozen=True)
class _Clause:
    premise: str
    """The statement it is asked about, empty for none."""
    text: str


def split_question(question: str) -> tuple[Part, ...]:
    """The parts of a question, in order; a simple question is its own only part. At most MOST_PARTS."""
    whole = " ".join(question.split())
    if len({word.lower() for word in _GERMAN.findall(whole)}) >= 2:
        return (Part(heading=whole, question=whole),)
    clauses = _of_list(question) or _merged(_of_text(whole))
    if len(clauses) > MOST_PARTS:
        rest = clauses[MOST_PARTS - 1 :]
        last = _Clause(rest[0].premise, " ".join(_as_question(clause.text) for clause in rest))
        clauses = [*clauses[: MOST_PARTS - 1], last]
    if len(clauses) < 2:
        return (Part(heading=whole, question=whole),)
    return tuple(_part(number, clauses) for number in range(len(clauses)))


def _part(number: int, clauses: list[_Clause]) -> Part:
    clause = clauses[number]
    heading = _as_question(clause.text)
    if clause.premise:
        own = f"{clause.premise.rstrip(' .:;,')}: {_continued(clause.text)}"
    elif number and _needs_context(clause.text):
        own = f"{_antecedent(number, clauses).rstrip('?.! ')}, and {_continued(clause.text)}"
    else:
        own = clause.text
    builds_on = number - 1 if number and _BUILDS_ON.search(clause.text) else None
    return Part(heading=heading, question=_as_question(own), builds_on=builds_on)


def _continued(clause: str) -> str:
    """A clause as it reads behind another one: "And when is it" becomes "when is it"."""
    text = _LEADING.sub("", clause, count=1)
    return text[:1].lower() + text[1:] if _OPENS.match(text) or _REQUESTS.match(text) else text


def _needs_context(clause: str) -> bool:
    return bool(_POINTS_BACK.search(clause)) or not content_words(clause) - _GENERAL


def _antecedent(number: int, clauses: list[_Clause]) -> str:
    """The nearest clause before that stands on its own: what "it" most likely means."""
    for clause in reversed(clauses[:number]):
        if not _needs_context(clause.text):
            return clause.text
    return clauses[0].text


def _of_list(question: str) -> list[_Clause]:
    """The points of a list that somebody typed, one a line; empty where there is no list."""
    lines = [line for line in question.splitlines() if line.strip()]
    marked = [bool(_BULLET.match(line)) for line in lines]
    if marked.count(True) < 2:
        return []
    first = marked.index(True)
    premise = " ".join(" ".join(lines[:first]).split())
    items: list[str] = []
    for line, new in zip(lines[first:], marked[first:], strict=True):
        text = " ".join((_BULLET.sub("", line, count=1) if new else line).split())
        if new:
            items.append(text)
        else:
            items[-1] = f"{items[-1]} {text}"
    return [_Clause(premise, item) for item in items if _says_something(item)]


def _of_text(whole: str) -> list[_Clause]:
    """Clauses of running text; a statement is the premise of the questions that follow it."""
    clauses: list[_Clause] = []
    premise = ""
    asked = False
    for sentence in _sentences(whole):
        if not _asks(sentence):
            premise = sentence if asked else f"{premise} {sentence}".strip()
            asked = False
            continue
        own, text = premise, sentence
        named = _PREMISE.fullmatch(sentence)
        if named:
            own, text = f"{premise} {named['premise']}".strip(), named["rest"]
        clauses += [_Clause(own, clause) for clause in _clauses(text)]
        asked = True
    if premise and not asked:
        # A statement at the end explains the question before it.
        if not clauses:
            return [_Clause("", premise)]
        last = clauses[-1]
        clauses[-1] = _Clause(last.premise, f"{last.text} {premise}")
    return clauses


def _sentences(text: str) -> list[str]:
    sentences: list[str] = []
    for piece in _SENTENCE.split(text):
        if sentences and _ABBREVIATED.search(sentences[-1]):
            sentences[-1] = f"{sentences[-1]} {piece}"
        else:
            sentences.append(piece)
    return sentences


def _asks(sentence: str) -> bool:
    return sentence.rstrip(f"){_QUOTES}").endswith("?") or bool(_REQUESTS.match(sentence.lstrip(_QUOTES)))


def _clauses(sentence: str) -> list[str]:
    """Cut before each word that opens a question of its own, or a further request of a sentence full of them."""
    requests = bool(_ASKS_FOR_MORE.match(sentence.lstrip(_QUOTES)))
    found: list[str] = []
    begun = 0
    for joint in _JOINT.finditer(sentence):
        before, after = sentence[begun : joint.start()], sentence[joint.end() :]
        if joint.start() > begun and _cuts(joint, before, after, requests):
            found.append(before)
            begun = joint.end()
    found.append(sentence[begun:])
    return [clause for piece in found if _says_something(clause := piece.strip(" ,;"))]


def _cuts(joint: re.Match[str], before: str, after: str, requests: bool) -> bool:
    mark, join = joint["mark"] or "", (joint["join"] or "").lower()
    if ";" in joint[0]:
        return bool(_OPENS.match(after) or _REQUESTS.match(after))
    if not (mark or join) or _HANGS.search(before) or _CONDITION.match(before):
        return False
    if not (requests or _ASKS_ALREADY.search(before)):
        return False
    opens = _OPENS.match(after)
    if opens:
        # After a bare comma "which" and "who" say more about a noun; only with a joining word they ask.
        return bool(join) or not opens["relative"]
    adds = bool(mark) or join.startswith(("and", "plus", "as well"))
    return requests and bool(join) and adds and bool(_REQUESTS.match(after))


def _merged(clauses: list[_Clause]) -> list[_Clause]:
    """A clause of one or two words ("when", "what else") is no question of its own."""
    merged: list[_Clause] = []
    for clause in clauses:
        last = merged[-1] if merged else None
        if last is not None and (_is_short(clause.text) or _is_short(last.text)):
            ended = last.text.endswith(("?", ".", "!"))
            merged[-1] = _Clause(last.premise, f"{last.text}{' ' if ended else ' and '}{_standing(clause, last)}")
        else:
            merged.append(clause)
    return merged


def _is_short(text: str) -> bool:
    return len(text.split()) < 3 and not (_REQUESTS.match(text) and content_words(text))


def _standing(clause: _Clause, after: _Clause) -> str:
    """The clause with its premise, unless the one before has the same."""
    return clause.text if clause.premise in ("", after.premise) else f"{clause.premise} {clause.text}"


def _says_something(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _as_question(clause: str) -> str:
    clause = clause.strip().rstrip(",;")
    if clause.endswith(("?", "!", ".", '"', "”", ")")):
        return clause[:1].upper() + clause[1:]
    return clause[:1].upper() + clause[1:] + ("." if _REQUESTS.match(clause) else "?")
