"""Text of documents on its way into Markdown: it must show as it is, and load or link nothing."""

import re

_ACTIVE = re.compile(r"([\\\[\]<>*_#|~!])")
_CODE = re.compile(r"(`[^`\n]+`)")
_ADDRESS = re.compile(r"\b(https?|ftp|www)([:.])(?=\S)", re.IGNORECASE)


def as_markdown(text: str) -> str:
    """Escape what Markdown would act on; `code` in backticks stays code, addresses stay text."""
    parts = _CODE.split(" ".join(text.split()))
    return "".join(part if _CODE.fullmatch(part) else _escape(part) for part in parts)


def _escape(text: str) -> str:
    # A word joiner after the scheme keeps the page from turning an address into a link.
    return _ADDRESS.sub("\\1\u2060\\2", _ACTIVE.sub(r"\\\1", text.replace("`", "'")))
