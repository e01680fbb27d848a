"""Which language a page is in: German for browsers that want German first, English for all others."""

import re

from chat.german import GERMAN
from chat.words import ENGLISH, Words

LANGUAGES = (ENGLISH, GERMAN)
_TRANSLATIONS = {"en": "en-US", "de": "de-DE"}
"""Chainlit's own texts, in .chainlit/translations."""


def words_of(accepted: str | None) -> Words:
    """By a tag such as `de-AT`, or by a list of them as browsers send it, of which the first is wanted most."""
    wanted = re.match(r"\s*([a-z]+)", accepted or "", re.IGNORECASE)
    code = wanted[1].lower() if wanted else ""
    return next((words for words in LANGUAGES if words.code == code), ENGLISH)


def translation_of(language: str) -> str:
    """The name of Chainlit's texts for a page whose browser wants this language."""
    return _TRANSLATIONS[words_of(language).code]
