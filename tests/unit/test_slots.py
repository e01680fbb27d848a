"""How many steps a process works on at once, and how one of them gets the process for itself."""

import asyncio

import pytest

from orchestration.slots import Slots

PATIENT = 5.0
"""Seconds; nobody in these tests waits that long."""


async def settle() -> None:
    """Let everybody who can go on go on."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_there_are_only_so_many() -> None:
    """Whoever finds none free for too long hears so; a slot that is left is free."""
    slots = Slots(1)
    async with slots.one(PATIENT) as first, slots.one(0.001) as second:
        assert (first, second) == (True, False)
    async with slots.one(0.001) as third:
        assert third


async def test_whoever_wants_all_waits_for_those_at_work_and_goes_before_others() -> None:
    """Nothing is begun while somebody waits for the process, or has it for itself."""
    slots = Slots(2)
    story: list[str] = []
    alone = asyncio.Event()

    async def quarantined() -> None:
        async with slots.all():
            story.append("alone")
            await alone.wait()
            story.append("done")

    async with slots.one(PATIENT):
        waiting = asyncio.create_task(quarantined())
        await settle()
        assert slots.reserved
        async with slots.one(0.001) as free:
            assert not free
        assert story == []
    await settle()
    assert story == ["alone"]
    after = asyncio.create_task(_take_one(slots, story))
    await settle()
    alone.set()
    await asyncio.wait([waiting, after])
    assert story == ["alone", "done", "one"]
    assert not slots.reserved


async def test_several_that_want_all_have_it_one_after_the_other() -> None:
    """Two of them are never at work at the same time, and in the end every slot is free again."""
    slots = Slots(2)
    at_work = most = 0

    async def quarantined() -> None:
        nonlocal at_work, most
        async with slots.all():
            at_work += 1
            most = max(most, at_work)
            await asyncio.sleep(0)
            at_work -= 1

    await asyncio.gather(*(quarantined() for _ in range(5)))
    assert most == 1
    async with slots.one(0.001) as first, slots.one(0.001) as second:
        assert first and second


async def test_whoever_gives_up_leaves_nothing_reserved() -> None:
    """A step that is cancelled while it waits for the process, or has it, stops nobody."""
    slots = Slots(1)

    async def quarantined() -> None:
        async with slots.all():
            await asyncio.Event().wait()

    async with slots.one(PATIENT):
        waiting = asyncio.create_task(quarantined())
        await settle()
        waiting.cancel()
        await asyncio.wait([waiting])
        assert not slots.reserved
    having = asyncio.create_task(quarantined())
    await settle()
    having.cancel()
    with pytest.raises(asyncio.CancelledError):
        await having
    async with slots.one(0.001) as free:
        assert free


async def _take_one(slots: Slots, story: list[str]) -> None:
    async with slots.one(PATIENT) as free:
        assert free
        story.append("one")


async def test_there_may_be_more_or_fewer_from_now_on() -> None:
    """Whoever waits gets a new one at once; what is at work beyond fewer goes on, and nothing new begins until then."""
    slots = Slots(1)
    begun, over = asyncio.Event(), asyncio.Event()

    async def wait_for_one() -> None:
        async with slots.one(PATIENT) as given:
            assert given
            begun.set()
            await over.wait()

    async with slots.one(PATIENT):
        waiting = asyncio.create_task(wait_for_one())
        await settle()
        assert not begun.is_set()
        slots.resize(2)
        await begun.wait()
        slots.resize(1)
    async with slots.one(0.001) as one:
        assert not one
    over.set()
    await waiting
    async with slots.one(0.001) as one:
        assert one
