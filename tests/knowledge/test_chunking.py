"""Documents to passages, and passages to sentences."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.blocks import LoadedDocument
from knowledge.chunking import MODEL_PIECES, Chunk, chunk, pieces
from knowledge.loaders import load
from knowledge.passages import prefixed, spoken
from knowledge.sentences import plain, split, without_bullet


def cut(markdown: str, words: int = 180) -> list[Chunk]:
    return chunk(load(markdown.encode(), "document.md"), words)


def test_a_passage_belongs_to_one_section() -> None:
    """Its path of headings says where it stands; no passage goes over a heading."""
    chunks = cut("# Title\n\nIntro.\n\n## A\n\nOne.\n\n### Deep\n\nTwo.\n\n## B\n\nThree.\n")
    assert [(c.section, c.text) for c in chunks] == [
        ("", "Intro."),
        ("A", "One."),
        ("A > Deep", "Two."),
        ("B", "Three."),
    ]


def test_paragraphs_stay_together_while_they_fit() -> None:
    """Passages are as long as the limit allows, cut between paragraphs."""
    paragraph = " ".join(["word"] * 30)
    chunks = cut("\n\n".join([paragraph] * 5), words=70)
    assert [len(c.text.split()) for c in chunks] == [60, 60, 30]


def test_an_introduction_goes_with_its_list() -> None:
    """A paragraph that ends with a colon is not cut off from what it announces."""
    items = "\n".join(f"- item {n} with some words" for n in range(8))
    first, second = cut(f"{' '.join(['word'] * 40)}\n\nThese are the steps:\n\n{items}\n", words=60)
    assert first.text.split() == ["word"] * 40
    assert second.text.startswith("These are the steps:")


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("| Name | Size |\n|---|---|\n" + "| pump | 12 mm |\n" * 40, "| Name | Size |"),
        ("```sh\n" + "echo one two three\n" * 40 + "```\n", "```sh"),
    ],
)
def test_a_cut_table_or_program_still_says_what_it_is(text: str, sign: str) -> None:
    """Every part of a table has the head, every part of a program its fence."""
    chunks = cut(text, words=60)
    assert len(chunks) > 1
    assert all(c.text.startswith(sign) for c in chunks)


def test_every_piece_of_a_table_has_its_caption_and_its_unit() -> None:
    """The caption says what the numbers are; a row in words ends with what they are counted in."""
    rows = "\n".join(f"| Pump {number} | {number},000 |" for number in range(60))
    chunks = cut(f"Sales of pumps are as follows:\n\n| (in millions) | 2023 |\n|---|---|\n{rows}\n", words=60)
    assert len(chunks) > 1
    assert all(c.text.startswith("Sales of pumps are as follows:\n\n| (in millions) | 2023 |") for c in chunks)
    assert chunks[0].sentences[1].text == "Pump 0; 2023: 0,000 (in millions)"


def test_a_table_is_embedded_by_its_words() -> None:
    """Rows of numbers tell an embedding nothing; what they count does."""
    table = "Sales:\n\n| (in millions) | Three Months | Nine Months |\n|---|---|---|\n| Pumps | $1,000 | 2% |"
    assert spoken(table) == "Sales:\n\n(in millions), Three Months, Nine Months\n\nPumps"


def test_the_kinds_of_sentences() -> None:
    """Prose, items, rows in words, and a program as one."""
    (made,) = cut(
        "It **stops**. Then it `starts again.`\n\n- [x] First *item*.\n\n| Kind | Kept |\n|---|---|\n| daily | 7 |\n\n"
        "```\nls -l\n\npwd\n```\n"
    )
    assert [(s.position, s.kind, s.text) for s in made.sentences] == [
        (0, "prose", "It stops."),
        (1, "prose", "Then it `starts again.`"),
        (2, "item", "First item."),
        (3, "row", "Kind: daily; Kept: 7"),
        (4, "code", "ls -l\n\npwd"),
    ]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It works, e.g. Redis does. It is fast.", ["It works, e.g. Redis does.", "It is fast."]),
        ("Dr. Smith of Acme Inc. Boston met J. Doe.", ["Dr. Smith of Acme Inc. Boston met J. Doe."]),
        ("Version 1.2.3 came. Use 3.5 ms!", ["Version 1.2.3 came.", "Use 3.5 ms!"]),
        ("Is it? Yes! “Sure.” Then go.", ["Is it?", "Yes!", "“Sure.”", "Then go."]),
        ("Run `a. B c.` now. `ls` lists.", ["Run `a. B c.` now.", "`ls` lists."]),
        ("Wait... Then continue.", ["Wait...", "Then continue."]),
        ("no full stop", ["no full stop"]),
        ("", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, sentences: list[str]) -> None:
    """Not at abbreviations, initials, numbers, or inside code."""
    assert split(text) == sentences


@pytest.mark.parametrize(
    ("clean", "text", "expected"),
    [
        (plain, "**bold** and *light*, __both__ ~~gone~~", "bold and light, both gone"),
        (plain, "[text](https://a.example/b_(c)) ![alt](x.png) <https://b.example>", "text alt https://b.example"),
        (plain, "snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"),
        (plain, "`**kept** [as](is)` but **not**", "`**kept** [as](is)` but not"),
        (plain, "a footnote[^1] and a \\* star", "a footnote and a * star"),
        (without_bullet, "  - [ ] task", "task"),
        (without_bullet, "12. step", "step"),
        (without_bullet, "-5 degrees", "-5 degrees"),
    ],
)
def test_markers_are_taken_off_and_code_is_left(clean: Callable[[str], str], text: str, expected: str) -> None:
    """What is quoted reads like text."""
    assert clean(text) == expected


@settings(derandomize=True, deadline=None, database=None)
@given(st.text(alphabet=st.sampled_from("ab 0.\n#-|`*>é漢"), max_size=1500), st.integers(20, 180))
def test_every_passage_fits_the_model(text: str, words: int) -> None:
    """Whatever the document looks like."""
    document: LoadedDocument = load(f"word {text}".encode(), "document.md")
    for made in chunk(document, words):
        assert len(made.text.split()) <= words + 20  # a repeated table head or fence may add to it
        assert pieces(prefixed("", made.section[:100], made.text)) <= 2 * MODEL_PIECES
        assert made.sentences
