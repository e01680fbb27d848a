"""A worker whose process dies of one question: python -m tests.orchestration.poisoned <folder> <redis> <prefix> <n>.

It dies when it has begun `n` steps; none of them is answered when there are several.
"""

import asyncio
import os
import sys
from pathlib import Path

from agents import Question
from agents.answerers.scripted import ScriptedAnswerer
from tests.orchestration.worlds import SHORT_LEASE, world

POISON = "poison"
"""What is in the question that kills."""
KILLED = 9


async def work(folder: Path, redis_url: str, prefix: str, together: int) -> None:
    """Until it is dead."""
    begun = 0
    crowd = asyncio.Event()

    async def die_of_poison(question: Question) -> None:
        nonlocal begun
        begun += 1
        if begun >= together:
            crowd.set()
        if POISON in question.text:
            await crowd.wait()
            os._exit(KILLED)
        if together > 1:
            await asyncio.Event().wait()

    answerer = ScriptedAnswerer(before=die_of_poison)
    async with world(folder, redis_url, prefix, answerer=answerer, workers=["garden"], lease_seconds=SHORT_LEASE):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])))
