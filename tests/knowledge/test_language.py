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
        ("7 号大厅的水泵在六巴时启动\uff0c在九巴时停止。除非有人按住操纵杆\uff0c否则它会一直这样运转下去\uff0c直到晚上。", "zh"),
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
