"""Steps of which a person awaits the answer, and steps in the background."""

import asyncio
from pathlib import Path

from redis.asyncio import Redis

from agents import Agent
from orchestration import Task
from orchestration.connections import open_connections
from orchestration.inbox import Delivery, Inbox
from orchestration.keys import Keys
from orchestration.messages import Answer, Priority
from orchestration.taking import BACKGROUND_TURN
from tests.orchestration.waiting import eventually
from tests.orchestration.worlds import Gate, events_until, world

GARDENER = Agent(name="garden", title="Gardener", description="Knows all about the garden.")
BAKER = Agent(name="kitchen", title="Baker", description="Knows all about the kitchen.")


async def test_a_question_in_the_background_is_answered(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """Its steps are on a stream of their own."""
    gate = Gate()
    async with world(tmp_path, redis_url, keys.prefix, answerer=gate.answerer()) as orchestrator:
        task = Task(question="@garden When?", priority="background")
        await orchestrator.submit(task)
        await gate.arrived.wait()
        async with Redis.from_url(redis_url) as redis:
            assert await redis.xlen(keys.tasks("garden", "background")) == 1
            assert await redis.xlen(keys.tasks("garden")) == 0
            gate.opened.set()
            end = (await events_until(orchestrator.follow(task.id, person="local"), "answer"))[-1]

            async def is_done() -> bool:
                return not await redis.xlen(keys.tasks("garden", "background"))

            await eventually(is_done, "its message is acknowledged")
    assert isinstance(end, Answer)
    assert end.result.state == "answered"


async def taken(redis_url: str, keys: Keys, sent: dict[Priority, int], slots: int) -> list[Priority]:
    """The priorities of what one worker of two agents gets, in that order, with so many free slots each time."""
    found: list[Priority] = []
    async with open_connections(redis_url) as connections:
        inbox = Inbox("somebody", {"garden": GARDENER, "kitchen": BAKER}, connections, keys)
        await inbox.open()
        for priority, count in sent.items():
            for _ in range(count):
                await connections.batcher("XADD", keys.tasks("garden", priority), "*", "m", b"")
        everything = asyncio.Event()

        def deliver(delivery: Delivery) -> None:
            found.append("background" if delivery.stream == keys.tasks("garden", "background") else "interactive")
            if len(found) == sum(sent.values()):
                everything.set()

        async def free() -> int:
            return slots

        reading = asyncio.create_task(inbox.read(free, deliver))
        await everything.wait()
        await inbox.leave()
        await reading
        await connections.batcher("DEL", *(keys.tasks(agent, p) for agent in ("garden", "kitchen") for p in sent))
    return found


async def test_what_is_in_the_background_gives_way(redis_url: str, keys: Keys) -> None:
    """A busy worker takes it when there is nothing else, and now and then before all else."""
    order = await taken(redis_url, keys, {"background": 4, "interactive": 20}, slots=1)
    early = [number for number, priority in enumerate(order) if priority == "background" and number < 22]
    assert early == [BACKGROUND_TURN - 1, 2 * BACKGROUND_TURN - 1]
    assert order[-2:] == ["background"] * 2


async def test_an_idle_worker_takes_both(redis_url: str, keys: Keys) -> None:
    """And once something was in the background, it asks for the rest first."""
    order = await taken(redis_url, keys, {"background": 6, "interactive": 6}, slots=4)
    assert order[:4] == ["interactive", "interactive", "background", "background"]
    assert order[4:8] == ["interactive"] * 4
    assert order[8:] == ["background"] * 4
