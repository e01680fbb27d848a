"""Text of documents and models on its way into the page: it loads nothing and hides no address.

The page's Markdown also reads `:word` as a directive, and swallows it, and draws U+200B as a cursor.
"""

import re

from agents.marks import marked
from agents.plain import as_markdown
from chat.words import Words

CURSOR = "\u200b"
CODE = re.compile(r"(```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`)", re.DOTALL)
_DIRECTIVE = re.compile(r"(?<![\\:]):(?=[A-Za-z])")
_TARGET = re.compile(r"\](?=[(:\[])(?P<own>\(#(?:cite-[\w-]+|mark-uncited|mark-unsupported)\))?")
_ADDRESS = re.compile(r"\b(https?:|www)(?=[/.])", re.IGNORECASE)
_TAG = re.compile(r"(?<!\\)((?:\\\\)*)<(?=[A-Za-z/!?])")
_EMAIL = re.compile(r"(?<=[\w.+-])@(?=[\w-]+\.)")


def plain(text: str) -> str:
    """One line in which nothing is active: for titles, file names, questions and reasons."""
    escaped = _EMAIL.sub("\u2060@", as_markdown(text.replace(CURSOR, "")))
    return _outside_code(escaped, _DIRECTIVE, r"\\:")


def harmless(markdown: str) -> str:
    """Markdown without links, images and HTML, except the links to our own citations and marks; addresses are shown
    as text.

    Links are broken inside of code, too (it shows a backslash more): what counts as code is the page's decision, and
    a guess that differs from it would let a link through.
    """
    broken = _TARGET.sub(_only_own, markdown.replace(CURSOR, ""))
    for pattern, replacement in ((_ADDRESS, "\\1\u2060"), (_EMAIL, "\u2060@"), (_TAG, r"\1\\<"), (_DIRECTIVE, r"\\:")):
        broken = _outside_code(broken, pattern, replacement)
    return broken


def in_words(harmless: str, words: Words) -> str:
    """The same with its marks in words, each with what it means."""
    if "(#mark-" not in harmless:
        return harmless
    return marked(harmless, lambda doubt: f'[{words.doubt(doubt)}](#mark-{doubt} "{words.about_doubt(doubt)}")')


def _only_own(match: re.Match[str]) -> str:
    return match[0] if match["own"] else "]\\"


def _outside_code(markdown: str, pattern: re.Pattern[str], replacement: str) -> str:
    parts = CODE.split(markdown)
    parts[::2] = [pattern.sub(replacement, part) for part in parts[::2]]
    return "".join(parts)
