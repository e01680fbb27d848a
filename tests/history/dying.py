"""A web process that is killed in the middle of a run: python -m tests.history.dying FOLDER REDIS_URL PREFIX MODE.

It asks a question in a conversation, as the chat does, says `held` when its agents are at work, and waits.
"""

import asyncio
import sys
from pathlib import Path
from typing import cast

from history import Keeper, open_history
from orchestration.messages import Mode, Task
from tests.orchestration.worlds import SHORT_LEASE, Gate, world

QUESTION = "@garden @kitchen When do I prune roses, and how long do I bake rye bread?"
CONVERSATION = "spring"


def asked(mode: Mode) -> Task:
    return Task(id=f"run_of_the_{mode}", question=QUESTION, conversation=CONVERSATION, message="m1", mode=mode)


async def serve(folder: Path, redis_url: str, prefix: str, mode: Mode) -> None:
    gate = Gate(held=frozenset({"kitchen", "single_agent"}))
    async with (
        open_history(folder) as history,
        world(
            folder, redis_url, prefix, answerer=gate.answerer(), keeper=Keeper(history), lease_seconds=SHORT_LEASE
        ) as orchestrator,
    ):
        task = asked(mode)
        await history.note(task)
        await orchestrator.submit(task)
        await gate.arrived.wait()
        print("held", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), sys.argv[2], sys.argv[3], cast(Mode, sys.argv[4])))
