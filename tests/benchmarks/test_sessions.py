"""Several chats at once through one web process: every page gets every word, once and in order."""

import pytest

from benchmarks.measure import spread
from benchmarks.sessions import Sessions, Used, measure, table
from benchmarks.speakers import delays, word


async def test_every_page_gets_everything() -> None:
    """The benchmark itself, short: what a page shows is right at every moment, and in the end as its log says."""
    found = await measure(chats=3, seconds=0.5)
    # Words that the result supersedes before they were sent come with it, and are compared in the end.
    assert 0 < found.words <= 3 * 4 * 25
    assert (found.torn, found.different) == (0, 0)


def test_a_word_tells_how_late_it_is() -> None:
    """By its number and its time; the clock may go round meanwhile."""
    said = word(7, at=999.9) + word(8, at=1_000.0)
    assert list(delays(said, heard=7, now=1_000.5)) == pytest.approx([0.6, 0.5])


@pytest.mark.parametrize("heard", [6, 8])
def test_a_word_that_is_missing_or_doubled_is_noticed(heard: int) -> None:
    """At the moment when it happens, not only in the end."""
    with pytest.raises(ValueError, match="was expected"):
        list(delays(word(7, at=1.0), heard, now=1.0))


def test_a_chat_that_is_slow_or_wrong_does_not_meet_what_is_wanted() -> None:
    """A second to the first step for 99 of 100, and not one page that differs."""

    def sessions(first_step: float, torn: int = 0, different: int = 0) -> Sessions:
        ms = spread([first_step])
        return Sessions(50, 100, 10.0, 100, Used(1.0, 1.0, 1.0), 5.0, 10.0, ms, ms, ms, torn, different, 1e8, 2e8)

    assert sessions(0.9).met
    assert not sessions(1.1).met
    assert not sessions(0.9, torn=1).met
    assert not sessions(0.9, different=1).met
    assert table([sessions(0.9)]).splitlines()[2].startswith("| 50 | 10 | 10 | 0.20 | 900 | 900 |")
