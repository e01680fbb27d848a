"""Events on their way to a run's log: in order, tokens together, nothing sent twice."""

import asyncio
from collections.abc import Sequence

import pytest

from orchestration.emitter import BATCH_SECONDS, FIRST_SECONDS, Emitter
from orchestration.errors import Superseded
from orchestration.messages import AnyEvent, Retrieved, Token


class Log:
    """Takes batches; `taken` is set at each one, and a batch waits while `open` is not set."""

    def __init__(self) -> None:
        self.batches: list[list[AnyEvent]] = []
        self.taken = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    async def send(self, events: Sequence[AnyEvent]) -> None:
        self.batches.append(list(events))
        self.taken.set()
        await self.open.wait()


def token(text: str) -> Token:
    return Token(run="r", step="s1", channel="answer", text=text)


FOUND = Retrieved(run="r", step="s1", passages=())


async def test_the_first_events_go_at_once() -> None:
    """A person sees at once that something happens."""
    log = Log()
    async with Emitter(log.send) as emitter:
        emitter.emit(FOUND)
        await log.taken.wait()
        assert log.batches == [[FOUND]]
        assert await emitter.close() == []


async def test_tokens_come_together_while_a_batch_is_under_way() -> None:
    """Many pieces become one event; what another event overtakes is sent before it."""
    log = Log()
    log.open.clear()
    async with Emitter(log.send) as emitter:
        emitter.emit(token("a"))
        await log.taken.wait()
        log.taken.clear()
        for piece in "bcd":
            emitter.emit(token(piece))
        emitter.emit(FOUND)
        log.open.set()
        await log.taken.wait()
        await emitter.close()
    assert log.batches == [[token("a")], [token("bcd"), FOUND]]


async def test_what_was_not_sent_is_returned() -> None:
    """Whoever writes the result decides whether it is still needed."""
    log = Log()
    async with Emitter(log.send, linger=60) as emitter:
        emitter.emit(token("late"))
        assert await emitter.close() == [token("late")]
    assert log.batches == []


async def test_a_refusal_reaches_whoever_closes() -> None:
    """A log that refuses the fence ends the work."""

    refused = asyncio.Event()

    async def refuse(events: Sequence[AnyEvent]) -> None:
        refused.set()
        raise Superseded("STALE")

    async with Emitter(refuse) as emitter:
        emitter.emit(FOUND)
        await refused.wait()
        with pytest.raises(Superseded):
            await emitter.close()


async def test_the_first_tokens_do_not_wait_for_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind anything else they go soon; only those behind other tokens come together."""
    pauses: list[float] = []

    async def pause(self: Emitter, seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(Emitter, "_pause", pause)
    log = Log()
    async with Emitter(log.send) as emitter:
        for event in (FOUND, token("a"), token("b")):
            emitter.emit(event)
            await log.taken.wait()
            log.taken.clear()
    assert pauses[:3] == [0.0, FIRST_SECONDS, BATCH_SECONDS]
