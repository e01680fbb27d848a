"""From where words stand on a page to headings, paragraphs and tables."""

import pytest

from knowledge import UnreadableDocument
from knowledge.blocks import Block
from knowledge.loaders.pdf import load_pdf
from tests.knowledge.pdfs import Placed, encrypted, pdf, placed

INCOME: list[Placed] = [
    (60, 100, "The following table shows what was earned (in millions):"),
    (330, 120, "Three Months Ended"),
    (320, 132, "June 25,"),
    (400, 132, "June 26,"),
    (325, 144, "2022"),
    (405, 144, "2021"),
    (60, 160, "Net sales:"),
    (70, 172, "Products"), (310, 172, "$"), (330, 172, "63,355"), (390, 172, "$"), (410, 172, "63,948"),
    (70, 184, "Services and everything else that the"),
    (70, 196, "company sells"), (330, 196, "19,604"), (410, 196, "17,486"),
    (80, 208, "Total net sales"), (330, 208, "82,959"), (410, 208, "81,434"),
    (60, 220, "Other income, net"), (340, 220, "(10"), (356, 220, ")"), (425, 220, "243"),
    (60, 250, "The rest of the page is running text again, and it goes over the whole width of the page."),
]  # fmt: skip


def blocks(content: bytes) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in load_pdf(content, "a.pdf").blocks]


def test_a_table_without_lines_is_a_table() -> None:
    """Headers over several lines and columns, groups, long labels, signs apart from their numbers, and the unit."""
    before, table, after = blocks(placed(INCOME))
    assert before[1].startswith("The following table")
    assert table[0] == "table"
    assert table[1].split("\n") == [
        "| (in millions) | Three Months Ended June 25, 2022 | Three Months Ended June 26, 2021 |",
        "|---|---|---|",
        "| Net sales: Products | $63,355 | $63,948 |",
        "| Net sales: Services and everything else that the company sells | 19,604 | 17,486 |",
        "| Total net sales | 82,959 | 81,434 |",
        "| Other income, net | (10) | 243 |",
    ]
    assert after[1].startswith("The rest of the page")


LEFT = [f"Line {number} of the left column has these words" for number in range(8)]
RIGHT = [f"Line {number} of the right column has other ones" for number in range(8)]


def test_columns_are_read_one_after_the_other() -> None:
    """Below a title over both of them."""
    title = (60.0, 60.0, "A title that goes over both of the columns, from the left edge of them to the right edge")
    left = [(60.0, 100.0 + 12 * number, text) for number, text in enumerate(LEFT)]
    right = [(320.0, 100.0 + 12 * number, text) for number, text in enumerate(RIGHT)]
    texts = [text for _, text in blocks(placed([title, *left, *right]))]
    assert texts == [title[2], " ".join(LEFT), " ".join(RIGHT)]


def test_what_is_nowhere_near_the_page_is_not_read() -> None:
    """A broken file puts words a million pages away; the two columns are found all the same."""
    left = [(60.0, 100.0 + 12 * number, text) for number, text in enumerate(LEFT)]
    right = [(320.0, 100.0 + 12 * number, text) for number, text in enumerate(RIGHT)]
    lost = [(-6e7, 90.0, "Far to the left"), (3e7, 90.0, "far to the right"), (60.0, 6e7, "and far below")]
    texts = [text for _, text in blocks(placed([*left, *right, *lost]))]
    assert texts == [" ".join(LEFT), " ".join(RIGHT)]


def test_letters_too_small_to_see_do_not_stand_in_columns() -> None:
    """They are read as they come, where halves of halves would never end."""
    tiny = [(60.0 + left, 100.0 + 0.2 * number, LEFT[0]) for number in range(8) for left in (0.0, 1.2)]
    assert " ".join(text for _, text in blocks(placed(tiny, size=0.05))) == " ".join([LEFT[0]] * 16)


def test_more_columns_than_paper_holds_are_text() -> None:
    """A table of so many is none, and its names would be sought for each of them."""
    row = "1 " * 300
    words = [(60.0 + 20 * number, 100.0 + 12 * line, "1") for line in range(3) for number in range(300)]
    named = [(40.0, 100.0 + 12 * line, "a") for line in range(3)]
    assert blocks(placed([*named, *words])) == [("paragraph", f"a {row}a {row}a {row}".strip())]


def test_headings_are_bold_or_counted() -> None:
    """And what is counted is outside of what is not."""
    page: list[Placed] = [
        (60, 60, "Item 1. Pumps"),
        (60, 90, "Small pumps"),
        (60, 104, "They are small, and there is nothing more to say of them in this place."),
    ]
    document = load_pdf(placed(page, bold=("Item 1. Pumps", "Small pumps")), "a.pdf")
    assert [(block.kind, block.level) for block in document.blocks] == [
        ("heading", 1),
        ("heading", 2),
        ("paragraph", 0),
    ]


def test_what_stands_on_every_page_is_left_out() -> None:
    """Headers, footers and page numbers; but not the same words within the text."""
    pages = [
        [
            (60.0, 40.0, "Handbook of pumps"),
            *[(60.0, 100.0 + 12 * line, f"The {'small ' * number}pump {'pumps ' * line}water.") for line in range(8)],
            (60.0, 150.0 + 12 * 8, "The same words stand in the middle."),
            *[(60.0, 300.0 + 12 * line, f"It {'slowly ' * number}rests {'and ' * line}waits.") for line in range(8)],
            (300.0, 760.0, f"{number}"),
        ]
        for number in range(1, 6)
    ]
    texts = "\n".join(text for _, text in blocks(placed(*pages)))
    assert "Handbook" not in texts
    assert (texts.count("same words"), texts.count("water"), texts.count("waits")) == (5, 5 * 8, 5 * 8)
    assert not any(line.isdigit() for line in texts.splitlines())


def test_words_broken_at_the_end_of_a_line_are_whole_again() -> None:
    """Unless the hyphen belongs to the word, which is so where it stands within a line elsewhere."""
    page: list[Placed] = [
        (60, 100, "This is a long-term plan for the improve-"),
        (60, 112, "ment of the pumps, which makes it a long-"),
        (60, 124, "term matter."),
    ]
    assert blocks(placed(page)) == [
        ("paragraph", "This is a long-term plan for the improvement of the pumps, which makes it a long-term matter.")
    ]


def test_a_paragraph_goes_on_behind_the_end_of_the_page() -> None:
    """It is cited with the page on which it begins."""
    content = placed([(60, 700, "The pump is taken out of")], [(60, 60, "service in winter.")])
    (block,) = load_pdf(content, "a.pdf").blocks
    assert block == Block("paragraph", "The pump is taken out of service in winter.", page=1)


@pytest.mark.parametrize(
    ("own", "title"),
    [
        ("Annual report", "Annual report"),
        ("0000320193-22-000070", "a b"),
        ("Microsoft Word - x.doc", "a b"),
        ("", "a b"),
    ],
)
def test_the_title_is_the_files_own_where_it_means_something(own: str, title: str) -> None:
    """Else the file's name, which a person chose."""
    assert load_pdf(placed([(60, 60, "Pumps start at six bar.")], title=own), "a_b.pdf").title == title


def test_pages_are_counted_and_those_without_text_are_told() -> None:
    """As they are read, and in a remark."""
    seen: list[tuple[int, int]] = []
    document = load_pdf(
        pdf("Pumps start at six bar and stop at nine.", ""), "a.pdf", lambda done, total: seen.append((done, total))
    )
    assert document.pages == 2
    assert document.remarks == ("1 of 2 pages have no text; perhaps they are scanned images.",)
    assert seen == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("content", "status"),
    [(encrypted(pdf("Hidden."), "word"), "encrypted"), (pdf(""), "empty"), (b"%PDF-1.4 nothing", "damaged")],
)
def test_a_refused_file_has_a_status(content: bytes, status: str) -> None:
    """So that a program can tell what a person can read."""
    with pytest.raises(UnreadableDocument) as refused:
        load_pdf(content, "a.pdf")
    assert refused.value.status == status
