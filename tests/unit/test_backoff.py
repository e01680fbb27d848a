"""When a failed step is tried again."""

from orchestration.backoff import FIRST_SECONDS, MOST_SECONDS, backoff_seconds


def test_each_pause_is_twice_the_one_before_up_to_a_limit() -> None:
    """With the same chance each time."""
    pauses = [backoff_seconds(failures, lambda: 1.0) for failures in range(8)]
    assert pauses[:3] == [FIRST_SECONDS, 2 * FIRST_SECONDS, 4 * FIRST_SECONDS]
    assert pauses[-1] == MOST_SECONDS == max(pauses)


def test_chance_takes_at_most_half_of_it() -> None:
    """So what failed together is tried again at different times, and never at once."""
    assert backoff_seconds(0, lambda: 0.0) == FIRST_SECONDS / 2
    assert backoff_seconds(0, lambda: 0.5) == 0.75 * FIRST_SECONDS
