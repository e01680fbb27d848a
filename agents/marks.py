"""Marks behind claims of a language model that its sources were not found to carry.

A mark is a link that leads nowhere outside the chat page, as the link of a citation is: the page says it in the
reader's language and explains it, everybody else reads `[uncited]`.
"""

import re
from collections.abc import Callable
from typing import Literal, cast

Doubt = Literal["uncited", "unsupported"]
"""As in `Claim.support`. uncited: no source was named. unsupported: the one that was named does not carry it."""

_MARK = re.compile(r"\[(uncited|unsupported)\]\(#mark-\1\)")


def mark(doubt: Doubt) -> str:
    """What stands behind the claim in Markdown, after a blank."""
    return f"[{doubt}](#mark-{doubt})"


def doubts(markdown: str) -> tuple[Doubt, ...]:
    """Which marks a text has, each once."""
    return tuple(dict.fromkeys(cast(Doubt, found) for found in _MARK.findall(markdown)))


def marked(markdown: str, write: Callable[[Doubt], str]) -> str:
    """The text with each mark as `write` writes it."""
    return _MARK.sub(lambda match: write(cast(Doubt, match[1])), markdown)
