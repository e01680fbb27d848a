"""The language of a text, with py3langid: small, offline, and honest about being unsure."""

import functools
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from knowledge.blocks import Block

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_SAMPLE_CHARACTERS = 6_000
_FEWEST_BYTES = 40
"""Of letters: less than a short sentence says nothing; where a sign is a word or a syllable it has more bytes."""
_SURE = 0.9
_LETTERS = re.compile(r"[^\W\d_]")


def language_of(blocks: Iterable[Block]) -> str:
    """ISO 639-1; empty when it cannot be told. Code is written in no language that people speak. Blocking."""
    held = [block.text for block in blocks if block.kind != "code"]
    # From all over the document: its beginning may be a cover in another language.
    step = max(1, len(held) // 60)
    sample = " ".join(text[:400] for text in held[::step])[:_SAMPLE_CHARACTERS]
    if len("".join(_LETTERS.findall(sample)).encode()) < _FEWEST_BYTES:
        return ""
    language, sureness = load_model().classify(sample)
    return str(language) if sureness >= _SURE else ""


@functools.cache
def load_model() -> "LanguageIdentifier":
    """The model, loaded once; that needs a temporary file. Blocking."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
