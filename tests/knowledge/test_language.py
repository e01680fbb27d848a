"""The language of a document, or none where it cannot be told."""

import pytest

from knowledge.blocks import Block
from knowledge.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The pump in hall seven starts at six bar and stops at nine, unless somebody holds the lever.", "en"),
        ("Die Pumpe in Halle sieben läuft bei sechs Bar an und hält bei neun, wenn niemand den Hebel hält.", "de"),
        ("La pompe de la salle sept démarre à six bars et s'arrête à neuf, sauf si quelqu'un tient le levier.", "fr"),
        ("La bomba de la sala siete arranca a seis bares y se detiene a nueve, si nadie sujeta la palanca.", "es"),
        ("这个报告说明了公司去年的收入和利润。我们认为明年的情况会更好。", "zh"),
        ("bar", ""),
        ("12 | 34 | 56,78 | -9", ""),
    ],
)  # fmt: skip
def test_the_language_is_told_from_the_text(text: str, language: str) -> None:
    """ISO 639-1; a word or some figures are not enough."""
    assert language_of([Block("paragraph", text)]) == language


def test_code_has_no_language() -> None:
    """Its words are English whoever wrote it."""
    assert language_of([Block("code", "```\ndef start_the_pump(at_bar: int) -> None: return\n```" * 5)]) == ""
