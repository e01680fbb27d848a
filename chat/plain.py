"""Text of documents and models on its way into the page: it loads nothing and hides no address.

The page's Markdown also reads `:word` as a directive, and swallows it, and draws U+200B as a cursor.
"""

import re

from agents.plain import as_markdown

CURSOR = "\u200b"
CODE = re.compile(r"(```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`)", re.DOTALL)
_DIRECTIVE = re.compile(r"(?<![\\:]):(?=[A-Za-z])")
_TARGET = re.compile(r"\](?=[(:\[])(?P<own>\(#cite-[\w-]+\))?")
_ADDRESS = re.compile(r"\b(https?:|www)(?=[/.])", re.IGNORECASE)
_EMAIL = re.compile(r"(?<=[\w.+-])@(?=[\w-]+\.)")


def plain(text: str) -> str:
    """One line in which nothing is active: for titles, file names, questions and reasons."""
    escaped = _EMAIL.sub("\u2060@", as_markdown(text.replace(CURSOR, "")))
    return _outside_code(escaped, _DIRECTIVE, r"\\:")


def harmless(markdown: str) -> str:
    """Markdown without links and images, except the links to our own citations; addresses are shown as text.

    Links are broken inside of code, too (it shows a backslash more): what counts as code is the page's decision, and
    a guess that differs from it would let a link through.
    """
    broken = _TARGET.sub(_only_citations, markdown.replace(CURSOR, ""))
    for pattern, replacement in ((_ADDRESS, "\\1\u2060"), (_EMAIL, "\u2060@"), (_DIRECTIVE, r"\\:")):
        broken = _outside_code(broken, pattern, replacement)
    return broken


def _only_citations(match: re.Match[str]) -> str:
    return match[0] if match["own"] else "]\\"


def _outside_code(markdown: str, pattern: re.Pattern[str], replacement: str) -> str:
    parts = CODE.split(markdown)
    parts[::2] = [pattern.sub(replacement, part) for part in parts[::2]]
    return "".join(parts)
