"""What a page reads: runs that have ended from the history, the others live, and nothing twice."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from pathlib import Path

import pytest

from history import ConversationLog, History, Keeper, Refusal, open_history
from history.conversation_log import INTERRUPTED
from history.records import Run
from orchestration.errors import EngineUnavailable, UnknownRun
from orchestration.log import MemoryLog
from orchestration.messages import Accepted, Answer, Recorded, Task, TaskResult, Token
from orchestration.outage import Outage
from tests.chat.scripted import ScriptedRedis
from tests.history.said import asked, ended
from tests.orchestration.waiting import eventually


class Live(MemoryLog):
    """What goes on, and what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked_for: list[str] = []
        self.away = False
        self.outage: Outage | None = Outage(ScriptedRedis(), "probe")

    async def begins(self, task: Task) -> None:
        await self.append(Accepted(run=task.id, task=task))

    async def ends(self, run: str) -> None:
        await self.append(Answer(run=run, result=TaskResult(task=run, mode="council", state="answered", answer="So.")))

    async def runs(self, person: str, conversation: str, beside: Collection[str] = ()) -> list[str]:
        return await super().runs(person, conversation, beside)

    async def task(self, run: str, person: str) -> Task:
        self.asked_for.append(run)
        if self.away:
            raise EngineUnavailable("Redis is away.")
        return await super().task(run, person)

    async def follow(self, run: str, *, person: str, after: str = "") -> AsyncGenerator[Recorded, None]:
        self.asked_for.append(run)
        if self.away:
            raise EngineUnavailable("Redis is away.")
        async for recorded in super().follow(run, person=person, after=after):
            yield recorded


@pytest.fixture
def live() -> Live:
    return Live()


@pytest.fixture
def log(history: History, live: Live) -> ConversationLog:
    return ConversationLog(history, live)


def looked_for(live: Live, run: str) -> Callable[[], Awaitable[bool]]:
    """Whether somebody has asked for the run where it would be live."""

    async def was_it() -> bool:
        return run in live.asked_for

    return was_it


async def all_of(log: ConversationLog, run: str, person: str = "ada") -> list[Recorded]:
    return [recorded async for recorded in log.follow(run, person=person)]


async def test_what_has_ended_is_not_asked_of_anybody(history: History, live: Live, log: ConversationLog) -> None:
    """Old conversations are there while Redis is away."""
    live.away = True
    for number in range(3):
        await history.keep(ended(asked(f"r{number}", at=number + 1)))
    assert await log.runs("ada", "garden") == ["r0", "r1", "r2"]
    for run in ("r0", "r1", "r2"):
        assert (await log.task(run, "ada")).id == run
        assert await all_of(log, run) == await history.events(run, "ada")
    assert live.asked_for == []


async def test_kept_and_live_runs_stand_in_the_order_in_which_they_were_asked(
    history: History, live: Live, log: ConversationLog
) -> None:
    """Also one that nobody has noted here, because another machine asked it; each of them once."""
    await history.keep(ended(asked("first", at=1)))
    await live.begins(asked("first", at=1))
    await live.begins(asked("elsewhere", at=2))
    await history.note(asked("here", at=3))
    await live.begins(asked("here", at=3))
    assert await log.runs("ada", "garden") == ["first", "elsewhere", "here"]


async def test_a_run_may_be_taken_over_while_it_is_watched(history: History, live: Live, log: ConversationLog) -> None:
    """The reader gets every event once, though the run leaves the place where it was live."""
    task = asked("r1")
    await history.note(task)
    await live.begins(task)
    reading = log.follow("r1", person="ada")
    seen = [await anext(reading)]
    await live.append(Token(run="r1", channel="answer", text="So."))
    await live.ends("r1")
    seen.append(await anext(reading))
    await history.keep(live.events("r1"))
    live.forget("r1")
    seen += [recorded async for recorded in reading]
    assert seen == await history.events("r1", "ada")
    assert await all_of(log, "r1") == seen


async def test_a_run_that_nobody_knows_any_more_is_told_as_interrupted(
    history: History, live: Live, log: ConversationLog
) -> None:
    """The single agent's process died; the question is there."""
    task = asked("r1", mode="single")
    await history.note(task)
    accepted, end = await all_of(log, "r1")
    assert accepted.event == Accepted(run="r1", task=task)
    assert isinstance(end.event, Answer)
    assert (end.event.result.state, end.event.result.reason) == ("failed", INTERRUPTED)
    live.away = True
    assert await all_of(log, "r1") == [accepted, end]


async def test_while_redis_is_away_a_council_is_not_called_interrupted(
    history: History, live: Live, log: ConversationLog
) -> None:
    """Its question is shown, and why nothing else is."""
    await history.note(asked("r1"))
    live.away = True
    reading = log.follow("r1", person="ada")
    assert isinstance((await anext(reading)).event, Accepted)
    with pytest.raises(EngineUnavailable):
        await anext(reading)
    live.away, live.outage = False, None  # a server that has not reached Redis since it started
    with pytest.raises(EngineUnavailable):
        await all_of(log, "r1")


async def test_a_question_that_is_just_being_asked_is_not_interrupted(
    history: History, live: Live, log: ConversationLog
) -> None:
    """It was noted, and a page that opens at that moment follows it before it is taken in: it sees all of it."""
    task = asked("r1")
    with log.asking(task):
        await history.note(task)
        reading = asyncio.ensure_future(all_of(log, "r1"))
        await eventually(looked_for(live, "r1"), "the reader has looked for the run")
        await live.begins(task)
    await live.ends("r1")
    assert await reading == list(live.events("r1"))


async def test_a_question_that_is_refused_is_nowhere(history: History, live: Live, log: ConversationLog) -> None:
    """Whoever looked for it while it was being asked learns so, and sees nothing of it."""
    task = asked("r1")
    with log.asking(task):
        await history.note(task)
        reading = asyncio.ensure_future(all_of(log, "r1"))
        await eventually(looked_for(live, "r1"), "the reader has looked for the run")
        refusal = Refusal("ada", "garden", "m1", task.question, "Roundtable is full.", True, "council", False, 101.0)
        await history.refuse(refusal, task)
    with pytest.raises(UnknownRun):
        await reading


async def test_what_is_gone_between_listing_and_reading_takes_nothing_with_it(
    history: History, live: Live, log: ConversationLog
) -> None:
    """Its time in Redis was over, it was deleted, or it was taken over: the conversation is shown all the same."""
    await live.begins(asked("there", at=1))
    over, taken = asked("over", at=2), asked("taken over", at=3)
    listed = live.runs

    async def listing(person: str, conversation: str, beside: Collection[str] = ()) -> list[str]:
        found = await listed(person, conversation, beside)
        await history.keep(ended(taken))
        return [*found, over.id, taken.id]

    live.runs = listing  # type: ignore[method-assign]
    assert await log.runs("ada", "garden") == ["there", "taken over"]


async def test_what_the_single_agent_of_another_process_answers_goes_on(
    history: History, log: ConversationLog, tmp_path: Path
) -> None:
    """It is shown with its question, and with everything as soon as it has ended there."""
    task = asked("r1", mode="single")
    async with open_history(tmp_path) as theirs:
        keeper = Keeper(theirs)
        await keeper.accepted(task)
        reading = log.follow("r1", person="ada")
        assert (await anext(reading)).event == Accepted(run="r1", task=task)
        events = ended(task)
        await keeper.ended(events)
        assert [recorded async for recorded in reading] == events[1:]
        assert await all_of(log, "r1") == events


async def test_of_two_answers_to_one_question_one_is_shown(history: History, live: Live, log: ConversationLog) -> None:
    """The single agent took the place of a council that stood still; when it was broken off, the council counts."""
    await history.note(asked("council", at=1))
    await history.note(asked("alone", at=1, mode="single", replaces="council"))
    await live.begins(asked("alone", at=1, mode="single", replaces="council"))
    assert await log.runs("ada", "garden") == ["alone"]
    await history.keep(ended(asked("council", at=1), state="cancelled"))
    await history.keep(ended(asked("alone", at=1, mode="single", replaces="council")))
    assert await log.runs("ada", "garden") == ["alone"]

    await history.keep(ended(asked("other council", at=5)))
    await history.note(asked("broken off", at=5, mode="single", replaces="other council"))
    assert await log.runs("ada", "garden") == ["alone", "other council"]


@pytest.mark.parametrize("noted", [True, False])
async def test_an_answer_that_is_taken_over_while_it_is_asked_for_is_found(
    history: History, live: Live, log: ConversationLog, noted: bool
) -> None:
    """It was not in the history yet, and then it was where it was live no more."""
    task, looked = asked("r1"), history.run
    if noted:
        await history.note(task)

    async def on_the_way(run: str, person: str) -> Run | None:
        found = await looked(run, person)
        await history.keep(ended(task, answer="So."))
        return found

    history.run = on_the_way  # type: ignore[method-assign]
    ending = await log.ending("r1", "ada")
    assert ending is not None
    assert ending.result.answer == "So."


async def test_a_question_that_is_taken_over_while_it_is_asked_for_is_found(
    history: History, log: ConversationLog
) -> None:
    """As its answer is."""
    looked = history.run

    async def on_the_way(run: str, person: str) -> Run | None:
        found = await looked(run, person)
        await history.keep(ended(asked("r1")))
        return found

    history.run = on_the_way  # type: ignore[method-assign]
    assert await log.task("r1", "ada") == asked("r1")


async def test_an_answer_that_is_taken_over_while_it_is_listed_is_shown(
    history: History, live: Live, log: ConversationLog
) -> None:
    """It is noted as one that goes on, and nobody answers it any more: it has just ended."""
    alone = asked("alone", at=1, mode="single", replaces="council")
    await history.keep(ended(asked("council", at=1), state="cancelled"))
    await history.note(alone)

    async def listing(person: str, conversation: str, beside: Collection[str] = ()) -> list[str]:
        await history.keep(ended(alone))
        return []

    live.runs = listing  # type: ignore[method-assign]
    assert await log.runs("ada", "garden") == ["alone"]


async def test_what_was_deleted_is_not_shown_wherever_it_still_is(
    history: History, live: Live, log: ConversationLog
) -> None:
    """Another place may hear of it later."""
    task = asked("r1")
    await history.keep(ended(task))
    await live.begins(task)
    await live.ends("r1")
    await history.delete("ada", "garden")
    assert await log.runs("ada", "garden") == []
    with pytest.raises(UnknownRun):
        await all_of(log, "r1")
    with pytest.raises(UnknownRun):
        await log.task("r1", "ada")


async def test_somebody_elses_run_does_not_exist(history: History, live: Live, log: ConversationLog) -> None:
    """Kept or live."""
    await history.keep(ended(asked("kept")))
    await live.begins(asked("live"))
    for run in ("kept", "live"):
        with pytest.raises(UnknownRun):
            await all_of(log, run, "bob")
        with pytest.raises(UnknownRun):
            await log.task(run, "bob")
    assert await log.runs("bob", "garden") == []
