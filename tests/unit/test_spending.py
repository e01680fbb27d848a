"""What was spent of a budget, those calls included that came to nothing."""

import pytest

from agents import Budget, ModelFailed, Spending, Usage


def test_nothing_is_asked_when_a_limit_is_reached() -> None:
    """Calls, tokens and seconds each end it."""
    for usage in (
        Usage(model="m", calls=2),
        Usage(model="m", calls=1, tokens_in=60, tokens_out=40),
        Usage(model="m", calls=1, seconds=9.0),
    ):
        spending = Spending(Budget(calls=2, tokens=100, seconds=9.0))
        spending.check("m")
        spending.add(usage)
        with pytest.raises(ModelFailed) as failed:
            spending.check("m")
        assert failed.value.why == "budget"


def test_failed_calls_count() -> None:
    """A model that failed tells what that took."""
    failed = ModelFailed("m", "unreachable", usage=(Usage(model="m", calls=3, tokens_in=30),))
    spending = Spending(Budget(calls=5))
    spending.add(*failed.usage)
    spending.add(Usage(model="m", calls=1, tokens_in=1))
    assert spending.usage == (Usage(model="m", calls=4, tokens_in=31),)
    assert spending.left_after(0.0).calls == 1
