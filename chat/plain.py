"""Text of documents and models on its way into the page: it loads nothing and hides no address.

The page's Markdown also reads `:word` as a directive, and swallows it, and draws U+200B as a cursor.
"""

import re

from agents.marks import marked
from agents.plain import as_markdown, outside_code, unlinked
from chat.words import Words

CURSOR = "\u200b"
_DIRECTIVE = re.compile(r"(?<![\\:]):(?=[A-Za-z])")
_TARGET = re.compile(r"\](?=[(:\[])(?P<own>\(#(?:cite-[\w-]+|mark-uncited|mark-unsupported)\))?")
_PICTURE = re.compile(r"(?<!\\)((?:\\\\)*)!(?=\[)")
_TAG = re.compile(r"(?<!\\)((?:\\\\)*)<(?=[A-Za-z/!?])")
_EMAIL = re.compile(r"(?<=[\w.+-])@(?=[\w-]+\.)")


def plain(text: str) -> str:
    """One line in which nothing is active: for titles, file names, questions and reasons."""
    return outside_code(as_markdown(text.replace(CURSOR, "")), _without_directives)


def harmless(markdown: str) -> str:
    """Markdown without links, images and HTML, except the links to our own citations and marks; addresses are shown
    as text.

    Links are broken inside of code, too (it shows a backslash more): what counts as code is the page's decision, and
    a guess that differs from it would let a link through.
    """
    return outside_code(_TARGET.sub(_only_own, markdown.replace(CURSOR, "")), _calmed)


def in_words(harmless: str, words: Words) -> str:
    """The same with its marks in words, each with what it means."""
    if "(#mark-" not in harmless:
        return harmless
    return marked(harmless, lambda doubt: f'[{words.doubt(doubt)}](#mark-{doubt} "{words.about_doubt(doubt)}")')


def _only_own(match: re.Match[str]) -> str:
    return match[0] if match["own"] else "]\\"


def _calmed(prose: str) -> str:
    for pattern in (_PICTURE, _TAG):
        prose = pattern.sub(lambda match: f"{match[1]}\\{match[0][-1]}", prose)
    return _without_directives(unlinked(prose))


def _without_directives(prose: str) -> str:
    return _DIRECTIVE.sub(r"\\:", _EMAIL.sub("\u2060@", prose))
