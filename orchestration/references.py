"""What in a question points outside of it: "it", "that", "the second one", "And if it fails?", "Why?". Pure.

No grammar is parsed. A pronoun points outside when nothing stands before it that it could mean: for an object such as
"it" that is a clause before its own ("How often does a worker renew it?" is not about the worker), for a possessive
such as "its" its own clause too ("Does a worker renew its lease?" is). English, and the German that is alike.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agents.words import content_words
from orchestration.grammar import (
    ADVERBS,
    AFTER_THAT,
    ARTICLES,
    AUXILIARIES,
    CLAUSE_OPENERS,
    COURTEOUS,
    FOCUS,
    GERMAN,
    GERMAN_PREPOSITIONS,
    GERMAN_QUESTION_WORDS,
    GERMAN_VERBS,
    PERSONS,
    POINTERS,
    POSSESSIVES,
    PREPOSITIONS,
    PRESENT,
    PRONOUNS,
    QUESTION_WORDS,
    RELATIVES,
    SAYS_LITTLE,
)

MOST_OF_AN_ELLIPSIS = 6
"""Words without a verb; more of them say what they are about."""


@dataclass(frozen=True)
class Reference:
    """Something that was said before is meant."""

    ordinal: int = 0
    """Which of several, from 1; -1 for the last one; 0 where it is not about one of several."""
    among: str = ""
    """Of what it is one: "agent", "document", "part"; empty where that is not said."""


_TOKEN = re.compile(r"[^\W_](?:[\w’'-]*\w)?|[,;:.?!]")
_COURTESY = re.compile(
    r"\b(?:than(?:ks|k|x)|thx|ok|okay|great|good|perfect|nice|cool|excellent|wonderful|got it|i see|hello|hi|hey|bye"
    r"|goodbye|fine|alright|understood|well done|that's all|yes|no|danke|dank|super|alles klar|hallo|tschüss|gut|prima"
    r"|toll|verstanden|ja|nein)\b",
    re.IGNORECASE,
)
_OF_YOU = re.compile(r"\W*(?:what can you do|who are you|what are you|how are you|wer bist du|wie geht es dir)\b", re.I)

_ORDINALS = {
    "first": 1, "1st": 1, "former": 1, "erste": 1, "ersten": 1, "erster": 1, "erstes": 1,
    "second": 2, "2nd": 2, "zweite": 2, "zweiten": 2, "zweiter": 2, "zweites": 2, "other": 2, "andere": 2, "anderen": 2,
    "third": 3, "3rd": 3, "dritte": 3, "dritten": 3, "drittes": 3, "fourth": 4, "4th": 4, "vierte": 4, "vierten": 4,
    "fifth": 5, "5th": 5, "fünfte": 5, "fünften": 5,
    "last": -1, "latter": -1, "letzte": -1, "letzten": -1, "letztes": -1,
}  # fmt: skip
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_KINDS = {
    "agent": "agent", "specialist": "agent", "expert": "agent", "agenten": "agent",
    "document": "document", "source": "document", "citation": "document", "file": "document", "quelle": "document",
    "dokument": "document",
    "part": "part", "question": "part", "teil": "part", "frage": "part",
    "point": "", "item": "", "option": "", "way": "", "reason": "", "sentence": "", "one": "", "ones": "", "bullet": "",
    "punkt": "", "satz": "",
}  # fmt: skip
_THE = ("the", "der", "die", "das", "den", "dem", "beim", "zum", "zur")
_ENGLISH = QUESTION_WORDS | AUXILIARIES | PREPOSITIONS | ARTICLES | ADVERBS
_ASKS = QUESTION_WORDS | AUXILIARIES | GERMAN_QUESTION_WORDS | GERMAN_VERBS
_BEHIND_THE_FIRST = AUXILIARIES | PREPOSITIONS | CLAUSE_OPENERS | {"dauert", "ist"}
_NAMES_MORE = (["of"], ["in"], ["from"])
_NTH = re.compile(rf"\b(?:{'|'.join(_THE)})\s+(?:{'|'.join(_ORDINALS)})\b", re.IGNORECASE)
_NUMBERED = re.compile(
    r"\b(?P<kind>number|point|item|option|part|question|source|document|citation|agent|nummer|punkt|teil|quelle)"
    r"\s+(?P<number>[1-9]|one|two|three|four|five)\b(?!\s*[%.]\d|\s+(?:of|in|from|on)\b)|(?<!\w)\[(?P<cited>[1-9])\]",
    re.IGNORECASE,
)
_EXPLETIVE = re.compile(
    r"\s+(?:rains?|snows?)\b|\s+(?!(?:needs?|ha(?:ve|s|d)|wants?|tr(?:y|ies)|gets?|goe?s?|comes?|able|used)\s+to\b)"
    r"(?:[\w'’-]+\s+){0,4}?(?:to|that|if|whether|when)\s+\w"
    r"|\s+(?:\w+\s+){0,2}?(?:takes?\s+for|been\s+(?:\w+\s+)?since)\s+\w",
    re.IGNORECASE,
)
"""What follows the "it" of "How long does it take to ..." and "Is it safe to ..."."""
_OPENER = re.compile(r"\W*(?:and|but|or|so|also|und|aber|oder)\b[,\s]*", re.IGNORECASE)
_ABOUT = re.compile(
    r"\W*(?:(?:and|but|so|und|aber)\s+)?(?:what about|how about|what of|was ist mit|wie sieht es (?:mit|bei)|wie ist es"
    r" (?:mit|bei))\b\s*",
    re.IGNORECASE,
)


def is_courtesy(text: str) -> bool:
    """Nothing is asked: "thanks", "ok, great"."""
    words = [word.lower() for word in _TOKEN.findall(text) if word[0].isalnum()]
    return bool(_COURTESY.search(text)) and all(word in COURTEOUS for word in words)


def telling(text: str) -> frozenset[str]:
    """The words that say what a text is about."""
    words = (word.lower() for word in _TOKEN.findall(text))
    return frozenset(word for word in words if content_words(word) and word not in SAYS_LITTLE)


def asks_the_same(question: str) -> bool:
    """Whether it says nothing but which of several is meant: "And the second agent?"."""
    return not telling(question) - _KINDS.keys() - _ORDINALS.keys() - {f"{kind}s" for kind in _KINDS}


def in_place(question: str, ordinal: str) -> str:
    """The question with another one of several: `ordinal` is a question that says which."""
    other = _NTH.search(ordinal)
    return _NTH.sub(other.group(), question, count=1) if other else question


def elliptic_subject(question: str) -> str | None:
    """X of "What about X?" and "And X?", where nothing else is asked; None for any other question."""
    about = _ABOUT.match(question)
    opener = about or _OPENER.match(question)
    if opener is None:
        return None
    rest = question[opener.end() :].strip()
    words = [word.lower() for word in _TOKEN.findall(rest)]
    if about is None and (not words or words[0] in QUESTION_WORDS | AUXILIARIES or _asks_inside(words)):
        return None
    return rest.rstrip(" ?.!")


def reference(question: str) -> Reference | None:
    """What the question points at; None when it is understood on its own, or asks nothing."""
    if is_courtesy(question) or _OF_YOU.match(question):
        return None
    return _one_of_several(question) or (Reference() if points_back(question) else None)


def points_back(question: str) -> bool:
    """Whether it needs something that was said before, apart from what it counts."""
    if elliptic_subject(question) is not None or not telling(question) or _lacks_a_verb(question):
        return True
    return next(_without_antecedent(question), None) is not None


def _lacks_a_verb(question: str) -> bool:
    """Only when, where or for whom: "Even without root?", "For guests as well?", "Why not with a password?"."""
    tokens = _TOKEN.findall(question)
    words = [token.lower() for token in tokens]
    if words[:1] == ["why"] or words[:1] == ["warum"]:
        openers, said = FOCUS, tokens[1:-1]
    else:
        openers, said = FOCUS | PREPOSITIONS | GERMAN_PREPOSITIONS, tokens[:-1]
    if words[-1:] != ["?"] or not 0 < len(said) <= MOST_OF_AN_ELLIPSIS or said[0].lower() not in openers:
        return False
    # German writes nouns with a capital: what ends otherwise like a verb, as in "Ohne Redis starten?", is one.
    verb = not said[-1][0].isupper() and any(word in GERMAN for word in words) and said[-1].endswith(("en", "t"))
    return not verb and all(word[0].isalnum() and word.lower() not in _ASKS for word in said)


def _asks_inside(words: Sequence[str]) -> bool:
    """Whether there is a question behind its condition: "if the disk is full, what happens?"."""
    return any(
        word in QUESTION_WORDS - {"when", "who", "which", "where"}
        or (word in AUXILIARIES and after in PERSONS | {"it", "the", "a"})
        for word, after in itertools.pairwise([*words[1:], ""])
    )


def _one_of_several(question: str) -> Reference | None:
    numbered = _NUMBERED.search(question)
    if numbered is not None:
        if numbered["cited"]:
            return Reference(int(numbered["cited"]), "document")
        number = numbered["number"].lower()
        return Reference(_NUMBERS.get(number) or int(number), _KINDS.get(numbered["kind"].lower(), ""))
    tokens = [token.lower() for token in _TOKEN.findall(question)]
    for at, (the, word) in enumerate(itertools.pairwise(tokens)):
        if the in _THE and word in _ORDINALS:
            after = tokens[at + 2] if at + 2 < len(tokens) else "?"
            kind = _KINDS.get(after.removesuffix("s"), _KINDS.get(after))
            # "The last file of the log" is no file that was spoken of.
            if kind is not None and after not in ("one", "ones") and tokens[at + 3 : at + 4] in _NAMES_MORE:
                continue
            if kind is not None or (word in ("former", "latter") and after in SAYS_LITTLE):
                return Reference(_ORDINALS[word], kind or "")
            # In "Does the first last?" what follows is the verb.
            verb = at > 0 and tokens[at - 1] in AUXILIARIES and not "".join(tokens[at + 3 : at + 4]).isalnum()
            # "the first hour" names something; "the first" before a verb, a preposition or the end does not.
            if verb or not after[0].isalnum() or after in _BEHIND_THE_FIRST:
                return Reference(_ORDINALS[word])
    return None


def _without_antecedent(question: str) -> Iterator[str]:
    """The pronouns before which nothing stands that they could mean."""
    tokens = list(_TOKEN.finditer(question))
    lower = [token.group().lower() for token in tokens]
    earlier = here = relative = inner = within = False
    for at, word in enumerate(lower):
        before = lower[at - 1] if at else ""
        after = lower[at + 1] if at + 1 < len(lower) else "?"
        if not word[0].isalnum() or word in CLAUSE_OPENERS or _opens_a_clause(lower, at):
            # A clause that only says more about a noun is over where the main clause goes on, which nothing marks.
            relative = word in RELATIVES and before[:1].isalnum() and before not in CLAUSE_OPENERS
            earlier, here, inner, within = earlier or here, False, False, False
        elif word in POSSESSIVES:
            if not (earlier or here):
                yield word
        elif word == "one":
            alone = not after[0].isalnum() or after in PREPOSITIONS | {"that", "which"}
            if alone and not earlier and (not here or before.endswith("ing")):
                yield word
        elif _is_pronoun(question, tokens, lower, at):
            if not earlier and not (within and before in PREPOSITIONS):
                yield word
        elif word in PREPOSITIONS:
            inner = here
        elif _may_be_meant(lower, at):
            # "Everything with her name in it": what stands before a preposition may be meant behind a further one.
            within = within or (here and inner)
            here = True
            earlier = earlier or relative


def _opens_a_clause(lower: Sequence[str], at: int) -> bool:
    """Whether "that" or "which" only joins a clause to the word before it."""
    if lower[at] not in ("that", "which", "dass") or not at:
        return False
    before, after = lower[at - 1], lower[at + 1] if at + 1 < len(lower) else "?"
    if lower[at] == "dass" or before in ("so", "such"):
        return True
    if before in AUXILIARIES | PREPOSITIONS | QUESTION_WORDS or not before[0].isalnum():
        return False
    return after[0].isalnum() and after not in AFTER_THAT


def _is_pronoun(question: str, tokens: Sequence[re.Match[str]], lower: Sequence[str], at: int) -> bool:
    word, before = lower[at], lower[at - 1] if at else ""
    after = lower[at + 1] if at + 1 < len(lower) else "?"
    if word == "it" and (before in AUXILIARIES or after in AUXILIARIES or not at):
        return _EXPLETIVE.match(question[tokens[at].end() :]) is None
    if word in ("this", "these", "those", "that"):
        return after.removesuffix("s") not in PRESENT
    if word in ("das", "es", "sie", "die", "der", "den", "dem"):
        return _is_german_pronoun(tokens, lower, at)
    if word == "then" or word in POINTERS:
        return word != "then" or not after[0].isalnum()
    return word in PRONOUNS


def _is_german_pronoun(tokens: Sequence[re.Match[str]], lower: Sequence[str], at: int) -> bool:
    """German writes nouns with a capital: an article has one behind it. "Why do workers die?" is English."""
    if sum(word in GERMAN for word in lower) <= sum(word in _ENGLISH for word in lower):
        return False
    word, around = lower[at], (lower[at - 1] if at else "", lower[at + 1] if at + 1 < len(lower) else "?")
    if word == "es":
        return not {"gibt", "geht", "sich"} & set(around)
    if word == "sie":
        return tokens[at].group() == "sie"
    following = [token.group() for token in tokens[at + 1 : at + 3]]
    return not any(name[0].isupper() or name[0].isdigit() for name in following)


def _may_be_meant(lower: Sequence[str], at: int) -> bool:
    """Whether a word may be what a later pronoun means: no word of grammar, and not what somebody does."""
    word, before = lower[at], lower[at - 1] if at else ""
    if word in QUESTION_WORDS | AUXILIARIES | PERSONS | PREPOSITIONS | ARTICLES | ADVERBS | GERMAN or not telling(word):
        return False
    does = (
        before in PERSONS or (before == "to" and at > 1) or (before in ADVERBS and at > 1 and lower[at - 2] in PERSONS)
    )
    return not does
