"""A text that grows is made harmless as if it had come at once."""

from hypothesis import example, given
from hypothesis import strategies as st

from chat.growing import Growing, settled
from chat.plain import harmless

PIECES = st.sampled_from(
    ["`", "``", "```", "~~~", "~", "\n", " ", "word", ":", "www", ".com", "http", "s:", "//", "]", "(", "[", "a@b",
     ".c", "#cite-r-1)", "#mark-uncited)", "<", "/img", "\u200b", "\\", "!", "|", "\n\n"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40))
@example(["`", "`", " ", "`", "`", "` ", "www", ".com"])
@example(["``", "`", " www", ".com", " ```", " www", ".com"])
@example(["]", "\u200b", "(", "http", "://", "x", ") "])
def test_whatever_comes_it_is_the_same_as_the_whole(pieces: list[str]) -> None:
    """After every piece: no link appears because it came in two."""
    texts, text = Growing(), ""
    for piece in pieces:
        text += piece
        assert texts.harmless("it", text) == harmless(text)


def test_only_the_end_of_prose_is_read_again() -> None:
    """The last word may go on, a paragraph with a backtick has to end, and an open fence takes everything."""
    assert settled("Copy the folder, then sta") == len("Copy the folder, then ")
    assert settled("Then type `ls -l` he") == len("Then ")
    assert settled("Type `ls -l` here.\n\nTh") == len("Type `ls -l` here.\n\n")
    assert settled("First.\nThen `ls ") == len("First.\n")
    assert settled("First.\n```\nls -l ") == len("First.\n")


def test_another_text_under_the_same_name_begins_anew() -> None:
    """A new attempt takes back what the dead one said; other names are not touched."""
    texts = Growing()
    assert texts.harmless("it", "See www.example.com now") == harmless("See www.example.com now")
    assert texts.harmless("other", "Elsewhere: ") == "Elsewhere: "
    assert texts.harmless("it", "No `code` here ") == "No `code` here "
    assert texts.harmless("other", "Elsewhere: x") == harmless("Elsewhere: x")
