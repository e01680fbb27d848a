"""What documents say they are, and what questions ask for."""

import pytest

from knowledge.facets import Period, facets_of, fits, periods, subject, wish_of
from knowledge.formats import formats_named
from knowledge.mentions import Names, named_in, names_of

OPENING = "QUARTERLY REPORT\nFor the quarterly period ended June 25, 2022\nAcme Pumps, Inc.\n(Exact name of registrant)"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2022 Q3 ACME", {Period(2022, 9, 3)}),
        ("Q3_2022", {Period(2022, 9, 3)}),
        ("in the third quarter of 2022", {Period(2022, 9, 3)}),
        ("the period ended June 25, 2022", {Period(2022, 6)}),
        ("minutes-2024-02-17", {Period(2024, 2)}),
        ("the budget of 2023", {Period(2023, 0)}),
        ("Q1 2023 and Q2 2023", {Period(2023, 3, 1), Period(2023, 6, 2)}),
        ("it costs $2,023 or 1999.5", set()),
    ],
)
def test_periods_are_read_as_people_write_them(text: str, found: set[Period]) -> None:
    """Quarters, months and years; amounts are none."""
    assert set(periods(text)) == found


def test_a_document_says_what_it_is() -> None:
    """By its name, and where that says nothing by its beginning."""
    named = facets_of("2022 Q3 ACME", "2022 Q3 ACME.pdf", OPENING)
    assert named.companies == {"acme pumps"}
    assert named.named == {Period(2022, 9, 3)}
    unnamed = facets_of("report", "report.pdf", OPENING)
    assert unnamed.named == frozenset()
    assert unnamed.newest == Period(2022, 6)
    assert facets_of("Pumps", "pumps.md", "All about pumps.").newest is None


@pytest.mark.parametrize(
    ("question", "companies"),
    [
        ("What did Acme Pumps earn?", {"acme pumps"}),
        ("what did acme pumps earn?", {"acme pumps"}),
        ("What is Target's margin?", {"target"}),
        ("Which target did we miss?", set()),
    ],
)
def test_a_company_is_named_as_a_name(question: str, companies: set[str]) -> None:
    """A name that is also a word counts only where it is written as a name."""
    assert wish_of(question, {"acme pumps", "target", "other"}).companies == companies


@pytest.mark.parametrize(
    ("question", "newest", "several"),
    [
        ("What was the margin in the latest report?", True, False),
        ("How did the margin change over time?", False, True),
        ("How does the most recent quarter compare to previous quarters?", False, True),
        ("How did sales in Q1 2023 compare with costs?", False, False),
        ("What about Q1 2023 and Q2 2023?", False, True),
        ("What is a pump?", False, False),
    ],
)
def test_a_question_is_about_the_latest_or_about_several(question: str, newest: bool, several: bool) -> None:
    """The latest only, a series, or neither."""
    wish = wish_of(question, ())
    assert (wish.newest, wish.several) == (newest, several)


def test_only_what_contradicts_is_left_out() -> None:
    """A document that does not say its company or period may still hold the answer."""
    wish = wish_of("What did Acme Pumps earn in Q3 2022?", {"acme pumps", "other works"})
    assert fits(facets_of("2022 Q3", "2022 Q3.pdf", "Acme Pumps, Inc."), wish)
    assert fits(facets_of("handbook", "handbook.md", "How we work."), wish)
    assert not fits(facets_of("2022 Q2", "2022 Q2.pdf", "Acme Pumps, Inc."), wish)
    assert not fits(facets_of("2022 Q3", "2022 Q3.pdf", "Other Works Ltd."), wish)


def test_a_year_covers_its_quarters() -> None:
    """Both sides are compared as exactly as both of them speak."""
    report = facets_of("Q3 2022", "Q3 2022.pdf", "")
    assert fits(report, wish_of("What happened in 2022?", ()))
    assert not fits(report, wish_of("What happened in 2021?", ()))


def test_what_chose_the_documents_does_not_choose_passages() -> None:
    """The company, the period and "report" stand on every page of the reports that are left."""
    question = "What tax rate did Target report in Q3 2022?"
    assert subject(question, wish_of(question, {"target"})).split() == ["What", "tax", "rate", "did", "in", "?"]


def test_a_text_names_documents() -> None:
    """By title, by title without what tells it from others, and by file name; the longest name wins."""
    film, archive = (
        Names({name: ("film",) for name in names_of("Ed Wood (film)", "a1.md")}),
        Names[str]({"ed wood archive": ()}),
    )
    assert named_in("Is the Ed Wood Archive older than Ed Wood?", [film, archive]) == ["ed wood archive", "ed wood"]
    assert named_in("There is a wood, said Ed.", [film, archive]) == []
    assert film.get("ed wood") == ("film",)
    assert "service levels" in names_of("SLA", "service_levels.docx")


@pytest.mark.parametrize(
    ("question", "formats"),
    [
        ("How much is the rent in the PDF?", {"PDF"}),
        ("What does the spreadsheet say about travel?", {"XLSX", "CSV"}),
        ("Which e-mail says when the pump arrives?", {"EML"}),
        ("What stands on the slides about hiring?", {"PPTX"}),
        ("What is the deadline in the Word document?", {"DOCX", "ODT", "RTF"}),
        ("Was steht im PDF über Miete?", {"PDF"}),
        ("Wie hoch ist die Miete laut der Excel-Datei?", {"XLSX", "CSV"}),
        ("Was sagt die Präsentation, und was steht in welcher E-Mail?", {"PPTX", "EML"}),
        ("How are numbers in PDF files found?", set()),
        ("What is the e-mail address of Ana?", set()),
        ("Which PDF reader is in the web server?", set()),
        ("What is the word for it in the handbook?", set()),
    ],
)
def test_a_question_points_at_a_kind_of_file(question: str, formats: set[str]) -> None:
    """In the words of people, also of those who speak German; a question about a format points at no file."""
    assert formats_named(question) == formats


def test_only_kinds_of_files_that_there_are_choose() -> None:
    """Then their names do not choose passages."""
    question = "What is the rent in the quarterly PDF?"
    assert wish_of(question, (), {"EML"}).formats == frozenset()
    wish = wish_of(question, (), {"PDF", "EML"})
    assert wish.formats == {"PDF"}
    assert subject(question, wish).split() == ["What", "is", "the", "rent", "in", "the", "quarterly", "?"]
