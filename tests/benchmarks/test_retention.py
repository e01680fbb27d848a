"""When memory counts as flat, and which keys may stay."""

import pytest

from benchmarks.retention import Sample, growth, permanent
from orchestration.keys import Keys


def samples(*redis_bytes: int) -> list[Sample]:
    return [Sample(500 * n, used, 100, 1_000) for n, used in enumerate(redis_bytes, 1)]


def test_the_first_third_may_grow() -> None:
    """Caches fill at the beginning."""
    grown = growth(samples(1, 5, 100, 100, 100, 100))
    assert grown.redis_bytes == 1.0
    assert grown.flat


def test_what_goes_on_growing_is_not_flat() -> None:
    """The last third against the middle one."""
    grown = growth(samples(100, 200, 300, 400, 500, 600))
    assert grown.redis_bytes == pytest.approx(550 / 350, abs=0.001)
    assert not grown.flat


def test_two_samples_say_nothing() -> None:
    """A third of them would be none."""
    with pytest.raises(ValueError, match="three samples"):
        growth(samples(1, 2))


def test_a_runs_keys_may_not_stay() -> None:
    """An agent's stream may."""
    keys = Keys("test")
    known = permanent(keys, ["north"])
    assert keys.tasks("north") in known
    assert not {keys.run("r"), keys.events("r"), keys.shards[0].active, keys.shards[0].conversation("me", "c")} & known
