"""What a person says about the files of a message: "@security keep this for me. How long are they kept?" Pure."""

import re
from collections.abc import Container
from dataclasses import dataclass

_MENTION = r"@(?P<{0}>[A-Za-z][\w-]*)"
_KEEP = r"(?:keep|store|save|remember|file|learn|read|add|take)"
_WHAT = (
    r"(?:this|these|that|those|it|them|(?:the|these|all|my)(?:\s+(?:attached|following))?)"
    r"(?:\s+(?:files?|documents?|pdfs?|papers?|reports?|attachments?))?"
)
_MINE = r"(?:privately|(?:only\s+|just\s+)?for\s+me(?:\s+(?:only|alone))?)"
_OURS = r"for\s+(?:everybody|everyone|all|us|the\s+team)"
_SCOPE = rf"(?:\s*,?\s*(?:(?P<{{0}}>{_MINE})|{_OURS}))?"
_END = r"\s*(?:,?\s*please)?\s*(?:[.!?;:,]+|\band\b|\bthen\b|\n|$)"
_FORMS = (
    re.compile(
        rf"(?:please\s+)?{_MENTION.format('agent')}\s*[,:]?\s+(?:please\s+)?{_KEEP}\s+{_WHAT}"
        rf"{_SCOPE.format('mine')}{_END}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?:please\s+)?{_KEEP}\s+{_WHAT}{_SCOPE.format('mine')}\s+(?:(?:for|in|at|with|to)\s+)?"
        rf"{_MENTION.format('agent')}{_SCOPE.format('mine_after')}{_END}",
        re.IGNORECASE,
    ),
)


@dataclass(frozen=True)
class Instruction:
    """Where files go, and what is asked besides."""

    question: str = ""
    agent: str = ""
    """Who keeps them; empty where the person has still to choose."""
    private: bool = False
    unknown: str = ""
    """A name after an @ that nobody has."""


def instruction(text: str, agents: Container[str]) -> Instruction:
    """What `text` says of the files it came with; the rest of it is a question for the agent that it names."""
    for form in _FORMS:
        match = form.search(text)
        if match is None:
            continue
        rest = " ".join(part.strip() for part in (text[: match.start()], text[match.end() :]) if part.strip())
        name, groups = match["agent"].lower(), match.groupdict()
        private = bool(groups.get("mine") or groups.get("mine_after"))
        if name not in agents:
            return Instruction(rest if _says_something(rest) else "", private=private, unknown=name)
        return Instruction(f"@{name} {rest}" if _says_something(rest) else "", name, private)
    return Instruction(text.strip() if _says_something(text) else "")


def _says_something(text: str) -> bool:
    return any(letter.isalnum() for letter in text)
