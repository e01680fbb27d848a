"""A model that fails is asked again where that is worth it, and others stand in for it."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest

from agents.errors import ModelFailed, Why
from agents.models import Delta, Prompt, Reply, Said, StartedAnew
from agents.models.resilient import MOST_WAIT, TRIES, Chain, Link
from agents.models.resting import FAILURES, FIRST_SECONDS, MOST_SECONDS, Resting
from agents.usage import Usage

PROMPT = Prompt((Said("person", "When are roses pruned?"),))


class Breaks:
    """Says some pieces, if any, and fails."""

    def __init__(self, why: Why, *pieces: str, retry_after: float | None = None) -> None:
        self.why, self.pieces, self.retry_after = why, pieces, retry_after


class Told:
    """A model that does one thing after the other; the last one for ever."""

    def __init__(self, name: str, *turns: Breaks | str) -> None:
        self.name = name
        self.asked = 0
        self.closed = 0
        self._turns = turns

    async def reply(self, prompt: Prompt) -> AsyncGenerator[Delta | StartedAnew | Reply, None]:
        turn = self._turns[min(self.asked, len(self._turns) - 1)]
        self.asked += 1
        usage = (Usage(model=self.name, calls=1, tokens_out=1),)
        try:
            if isinstance(turn, Breaks):
                for piece in turn.pieces:
                    yield Delta("answer", piece)
                raise ModelFailed(self.name, turn.why, turn.retry_after, usage)
            yield Delta("answer", turn)
            yield Reply(self.name, turn, usage)
        finally:
            self.closed += 1


class Time:
    """Seconds pass when somebody sleeps or says so."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def chain(time: Time, *models: Told) -> Chain:
    return Chain([Link(model, Resting(time.clock)) for model in models], sleep=time.sleep, chance=lambda: 1.0)


async def heard(chain: Chain) -> list[Delta | StartedAnew | Reply]:
    return [part async for part in chain.reply(PROMPT)]


def reply_of(parts: Sequence[Delta | StartedAnew | Reply]) -> Reply:
    (reply,) = [part for part in parts if isinstance(part, Reply)]
    assert parts[-1] is reply
    return reply


async def failure(chain: Chain) -> ModelFailed:
    with pytest.raises(ModelFailed) as caught:
        await heard(chain)
    return caught.value


async def test_one_that_works_is_asked_once() -> None:
    time, model = Time(), Told("a:a", "In March.")
    assert await heard(chain(time, model)) == [
        Delta("answer", "In March."),
        Reply("a:a", "In March.", (Usage(model="a:a", calls=1, tokens_out=1),)),
    ]
    assert (model.asked, time.slept) == (1, [])


@pytest.mark.parametrize("why", ["rate_limited", "unreachable"])
async def test_who_has_too_much_to_do_is_asked_again_with_longer_and_longer_waits(why: Why) -> None:
    """What the failed calls cost is part of what the reply cost."""
    time, model = Time(), Told("a:a", Breaks(why), Breaks(why), "In March.")
    reply = reply_of(await heard(chain(time, model)))
    assert reply.text == "In March."
    assert reply.usage == (Usage(model="a:a", calls=3, tokens_out=3),)
    assert time.slept == [0.5, 1.0]


async def test_a_provider_is_left_alone_for_as_long_as_it_asks() -> None:
    time, model = Time(), Told("a:a", Breaks("rate_limited", retry_after=4.0), "In March.")
    assert reply_of(await heard(chain(time, model))).text == "In March."
    assert time.slept == [4.0]


async def test_who_wants_a_long_rest_gets_it_and_nobody_waits() -> None:
    """Another model stands in at once, and the first is not asked before its rest is over."""
    time = Time()
    model, other = Told("a:a", Breaks("rate_limited", retry_after=MOST_WAIT + 50), "Back."), Told("b:b", "In March.")
    both = chain(time, model, other)
    for _ in range(2):
        assert reply_of(await heard(both)).model == "b:b"
    assert (model.asked, time.slept) == (1, [])
    time.now += MOST_WAIT + 51
    assert reply_of(await heard(both)).text == "Back."


@pytest.mark.parametrize("why", ["refused", "timeout", "unusable"])
async def test_what_would_happen_again_is_not_tried_again(why: Why) -> None:
    time, model, other = Time(), Told("a:a", Breaks(why)), Told("b:b", "In March.")
    reply = reply_of(await heard(chain(time, model, other)))
    assert (reply.model, model.asked, time.slept) == ("b:b", 1, [])
    assert [usage.model for usage in reply.usage] == ["a:a", "b:b"]


async def test_after_a_break_in_the_middle_it_starts_anew() -> None:
    model = Told("a:a", Breaks("interrupted", "In Feb"), "In March.")
    assert (await heard(chain(Time(), model)))[:3] == [
        Delta("answer", "In Feb"),
        StartedAnew("a:a", "interrupted"),
        Delta("answer", "In March."),
    ]


async def test_who_breaks_off_twice_is_followed_by_the_next() -> None:
    model, other = Told("a:a", Breaks("interrupted", "In Feb")), Told("b:b", "In March.")
    parts = await heard(chain(Time(), model, other))
    assert [part.model for part in parts if isinstance(part, StartedAnew)] == ["a:a", "b:b"]
    assert model.asked == 2
    assert reply_of(parts).model == "b:b"


async def test_silence_in_the_middle_starts_anew_with_the_next() -> None:
    model, other = Told("a:a", Breaks("timeout", "In Feb")), Told("b:b", "In March.")
    parts = await heard(chain(Time(), model, other))
    assert parts[1] == StartedAnew("b:b", "timeout")
    assert model.asked == 1


async def test_when_nobody_replies_the_reason_of_the_first_counts() -> None:
    model, other = Told("a:a", Breaks("unreachable")), Told("b:b", Breaks("refused"))
    failed = await failure(chain(Time(), model, other))
    assert (failed.model, failed.why) == ("a:a", "unreachable")
    assert [(usage.model, usage.calls) for usage in failed.usage] == [("a:a", TRIES), ("b:b", 1)]


async def test_one_that_ends_without_a_reply_broke_off() -> None:
    class Stops(Told):
        async def reply(self, prompt: Prompt) -> AsyncGenerator[Delta | StartedAnew | Reply, None]:
            self.asked += 1
            yield Delta("answer", "In")

    failed = await failure(chain(Time(), Stops("a:a")))
    assert failed.why == "interrupted"


async def test_who_fails_again_and_again_is_left_alone_then_tried_once() -> None:
    time, model = Time(), Told("a:a", *[Breaks("timeout")] * (FAILURES + 1), "Back.")
    alone = chain(time, model)
    for _ in range(FAILURES):
        assert (await failure(alone)).why == "timeout"
    assert (await failure(alone)).why == "resting"
    time.now += FIRST_SECONDS
    assert (await failure(alone)).why == "timeout"
    time.now += FIRST_SECONDS * 2 - 1
    assert (await failure(alone)).why == "resting"
    assert model.asked == FAILURES + 1
    time.now += 1
    assert reply_of(await heard(alone)).text == "Back."
    assert reply_of(await heard(alone)).text == "Back."


async def test_after_a_rest_only_one_tries() -> None:
    """Also when that one goes away, the next may."""
    time = Time()
    resting = Resting(time.clock)
    for _ in range(FAILURES):
        assert resting.begin()
        resting.failed()
    time.now += FIRST_SECONDS
    assert [resting.begin(), resting.begin()] == [True, False]
    resting.left()
    assert resting.begin()
    resting.worked()
    assert [resting.begin(), resting.begin()] == [True, True]


def test_a_rest_has_an_end() -> None:
    time = Time()
    resting = Resting(time.clock)
    for _ in range(100):
        resting.failed()
    time.now += MOST_SECONDS
    assert resting.begin()


async def test_refusals_do_not_make_it_rest() -> None:
    """One long question that it does not take says nothing about the next."""
    model = Told("a:a", *[Breaks("refused")] * (FAILURES * 2), "In March.")
    alone = chain(Time(), model)
    for _ in range(FAILURES * 2):
        assert (await failure(alone)).why == "refused"
    assert reply_of(await heard(alone)).text == "In March."


async def test_who_goes_away_ends_the_request_at_once() -> None:
    model = Told("a:a", "In March.")
    async with aclosing(chain(Time(), model).reply(PROMPT)) as parts:
        assert await anext(parts) == Delta("answer", "In March.")
    assert model.closed == 1


async def test_who_goes_away_is_told_what_was_spent_before() -> None:
    """Whatever was asked by then; what the one costs that is broken off, that one says."""
    told: list[Usage] = []
    models = chain(Time(), Told("a:a", Breaks("refused")), Told("b:b", "In March."))
    prompt = replace(PROMPT, broken_off=lambda *usages: told.extend(usages))
    async with aclosing(models.reply(prompt)) as parts:
        assert await anext(parts) == Delta("answer", "In March.")
    assert [usage.model for usage in told] == ["a:a"]
    async with aclosing(models.reply(prompt)) as parts:
        async for part in parts:
            if isinstance(part, Reply):
                break
    assert [usage.model for usage in told] == ["a:a"], "a Reply tells of everything itself"


@pytest.mark.parametrize(("most", "asked"), [(1, [1, 0]), (2, [2, 0]), (TRIES + 1, [TRIES, 1])])
async def test_no_more_tries_are_made_than_may_be(most: int, asked: list[int]) -> None:
    """Whoever makes them; nobody sleeps for one that is not made."""
    time = Time()
    models = [Told("a:a", Breaks("unreachable")), Told("b:b", Breaks("unreachable"))]
    with pytest.raises(ModelFailed) as failed:
        await _all(chain(time, *models).reply(replace(PROMPT, most_calls=most)))
    assert [model.asked for model in models] == asked
    assert sum(usage.calls for usage in failed.value.usage) == most
    assert len(time.slept) == min(most, TRIES) - 1


async def test_no_try_at_all_is_a_budget_that_is_used_up() -> None:
    model = Told("a:a", "In March.")
    with pytest.raises(ModelFailed) as failed:
        await _all(chain(Time(), model).reply(replace(PROMPT, most_calls=0)))
    assert (failed.value.why, model.asked) == ("budget", 0)


def test_many_who_fail_at_once_do_not_make_the_rest_longer() -> None:
    """They were asked before it began: what is new is only how it goes after the rest."""
    time = Time()
    resting = Resting(time.clock)
    for _ in range(4 * FAILURES):
        assert resting.begin()
    for _ in range(4 * FAILURES):
        resting.failed()
    assert resting.seconds == FIRST_SECONDS
    time.now += FIRST_SECONDS
    assert resting.begin()
    resting.failed()
    assert resting.seconds == 2 * FIRST_SECONDS


async def _all(parts: AsyncGenerator[Delta | StartedAnew | Reply, None]) -> None:
    async for _ in parts:
        pass
