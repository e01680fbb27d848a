"""Text of documents and models loads nothing and hides no address."""

import re

import pytest

from chat.german import GERMAN
from chat.plain import harmless, in_words, plain
from chat.words import ENGLISH, shortened


@pytest.mark.parametrize(
    "hostile",
    [
        "[click](http://evil.example)",
        "![pixel](http://evil.example/p.png)",
        "[click][1]\n\n[1]: http://evil.example",
        "`code` [click](javascript:alert(1))",
        "`a | [click](http://evil.example) | b`",
        "<div>\n```\n\n[click](http://evil.example)\n\n```",
    ],
)
def test_a_link_to_elsewhere_is_only_text(hostile: str) -> None:
    """Inline, by reference, as an image, and where it only looks like code."""
    shown = harmless(hostile)
    assert "](" not in shown
    assert "][" not in shown
    assert "]:" not in shown


def test_a_citation_of_ours_stays_a_link() -> None:
    """The number under a statement opens its source."""
    assert harmless("Copy it [1](#cite-ab12-1)[2](#cite-ab12-2).") == "Copy it [1](#cite-ab12-1)[2](#cite-ab12-2)."


def test_a_mark_of_ours_is_said_in_words_with_what_it_means() -> None:
    """Nothing else that looks like one stays a link."""
    marked = harmless("So it is [uncited](#mark-uncited).")
    assert in_words(marked, ENGLISH) == ('So it is [no source](#mark-uncited "The model named no source for this.").')
    assert in_words(marked, GERMAN).startswith("So it is [ohne Quelle](")
    assert "](" not in harmless("[click](#mark-anything)")


@pytest.mark.parametrize("tag", ["<img src=x>", "</a>", "<!-- -->", "<?x", "\\\\<b>", "<javascript:alert(1)>"])
def test_a_tag_is_only_text(tag: str) -> None:
    """Wherever it is read: the page shows no HTML, but a file that somebody takes along may be opened anywhere."""
    assert re.search(r"(?<!\\)(?:\\\\)*<", harmless(f"See {tag} here")) is None
    assert harmless("See \\<b>") == "See \\<b>", "what is escaped already stays so"
    assert harmless(f"Type `{tag}`.") == f"Type `{tag}`."


def test_an_address_stays_text_but_not_in_code() -> None:
    """The page makes links of bare addresses; a command must stay as it is, to be copied."""
    assert "https://" not in harmless("See https://evil.example or www.evil.example.")
    assert "www." not in harmless("See https://evil.example or www.evil.example.")
    assert harmless("Run `curl http://localhost:8000/health`.") == "Run `curl http://localhost:8000/health`."


@pytest.mark.parametrize("around", ["a ~~~ {} ~~~ b", "\\`{} `", "`` ` `` {} `", "`a\n` {} `"])
@pytest.mark.parametrize("address", ["https://evil.example", "ftp://evil.example", "me@evil.example"])
def test_an_address_in_what_only_looks_like_code_is_text(around: str, address: str) -> None:
    """The page and we must not differ about what is code while a text grows either."""
    assert address not in harmless(around.format(address))


def test_a_picture_of_a_citation_is_none() -> None:
    """A model that puts a `!` before a number shows the number, not a broken picture."""
    assert harmless("See ![1](#cite-ab12-1).") == "See \\![1](#cite-ab12-1)."
    assert harmless("See \\![1](#cite-ab12-1).") == "See \\![1](#cite-ab12-1)."


def test_a_colon_before_a_word_is_not_a_directive() -> None:
    """The page would swallow the word; in code it is left alone."""
    assert harmless("agents:security and `run:steps`") == "agents\\:security and `run:steps`"


def test_the_pages_cursor_mark_is_taken_out() -> None:
    """A zero-width space would be drawn as a blinking cursor."""
    assert harmless("a\u200bb") == "ab"
    assert plain("a\u200bb") == "ab"


def test_a_title_is_one_line_in_which_nothing_is_active() -> None:
    """For file names, questions and reasons."""
    assert plain("# *Bold*\n<b>[x](y)</b>") == "\\# \\*Bold\\* \\<b\\>\\[x\\](y)\\</b\\>"
    assert "@evil" not in plain("me@evil.example").replace("\u2060@", "")


def test_small_sentences() -> None:
    """Lists, counts and what is too long."""
    assert [ENGLISH.listed(items) for items in (["A"], ["A", "B"], ["A", "B", "C"])] == ["A", "A and B", "A, B and C"]
    assert [ENGLISH.passages(n) for n in (0, 1, 2)] == ["no passage", "1 passage", "2 passages"]
    assert shortened("How do I back up the data folder?", 20) == "How do I back up…"
    assert shortened("Short\n one", 20) == "Short one"
