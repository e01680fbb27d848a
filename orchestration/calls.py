"""Agents that a person calls by name, typed or spoken. Pure."""

import re
from collections.abc import Container

_MENTION = re.compile(r"(?<![\w@])@([A-Za-z][\w-]*)")
_GOES_ON = (
    r"(?=\s+(?:about|to|whether|if|for|how|what|why|who|which|where|when|can|could|do|does|is|are)\b"
    r"|\s*[,:.!?;]|\s*$)"
)
_ADDRESS = re.compile(
    rf"\s*(?P<verb>hey|ask|summon)\s+(?:the\s+)?(?P<name>[A-Za-z][\w-]*)(?:\s+agent)?{_GOES_ON}[\s,:.!?;]*"
    r"(?:(?:about|to tell me|to explain|whether)\s+)?",
    re.IGNORECASE,
)
_PANEL = re.compile(
    r"\s*summon\s+(?:a|the)\s+panel(?:\s+(?:of|with))?\s*:?\s*(?P<names>[^.:?!]+?)(?:\s+(?:on|about|for)\s+|\s*[.:?!]\s*|$)",
    re.IGNORECASE,
)
_COMPARED = re.compile(
    r"\s*compare\s+(?:the\s+)?(?P<one>[A-Za-z][\w-]*)\s+(?:and|with)\s+(?:the\s+)?(?P<other>[A-Za-z][\w-]*)\s+(?:on|about)\s+",
    re.IGNORECASE,
)
_BETWEEN_NAMES = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+|\s+", re.IGNORECASE)


def mentions(question: str, agents: Container[str]) -> tuple[list[str], list[str]]:
    """Agents called by name, in order, and names after an @ that nobody has.

    "@security ...", "Hey security, ...", "Ask security about ...", "Summon a panel: security, product on ..." and
    "Compare security and operations on ...".
    """
    called: list[str] = []
    unknown: list[str] = []
    for name in _MENTION.findall(question):
        (called if name.lower() in agents else unknown).append(name.lower())
    called += _spoken(question, agents)
    return list(dict.fromkeys(called)), unknown


def without_mentions(question: str, agents: Container[str] = ()) -> str:
    """The question as an agent should read it; as it stands where it is nothing but a call."""
    text = _MENTION.sub("", question)
    for pattern in (_PANEL, _ADDRESS):
        match = pattern.match(text)
        if match and _spoken(text, agents):
            text = text[match.end() :]
            break
    rest = "\n".join(" ".join(line.split()) for line in text.strip().splitlines())
    return rest.lstrip(" ,:;") or question


def _spoken(question: str, agents: Container[str]) -> list[str]:
    panel = _PANEL.match(question)
    if panel:
        return [name for word in _BETWEEN_NAMES.split(panel["names"]) if (name := word.lower()) in agents]
    address = _ADDRESS.match(question)
    if address and address["name"].lower() in agents:
        return [address["name"].lower()]
    compared = _COMPARED.match(question)
    if compared:
        both = [compared["one"].lower(), compared["other"].lower()]
        return both if all(name in agents for name in both) else []
    return []
