"""A process that dies in the middle of a change: python -m tests.knowledge.dying <a Death as JSON>."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from knowledge import Upload
from knowledge.artefacts import Artefacts
from knowledge.shelf import Shelf
from orchestration.batching import Batcher
from orchestration.keys import Keys
from tests.knowledge.machines import machine

KILLED = -9

Act = Literal["puts", "replaces", "removes", "moves", "takes out of the catalog", "fetches"]
Step = Literal["upload", "shelve", "unshelve", "reshelve", "unwant", "HGET", "keep", "put", "take", "follow"]
"""Scripts and commands of the record, then what is done in the folder."""


class Death(BaseModel, frozen=True):
    """What somebody was doing, and the step at which it was killed."""

    act: Act
    when: Literal["before", "after"]
    step: Step
    folder: Path = Path()
    redis_url: str = ""
    prefix: str = ""
    source: Path = Path()


def armed(death: Death) -> Callable[[], None]:
    """From when the result is called on, this process dies at the step."""
    live = [False]

    def at(when: str, step: object) -> None:
        if live[0] and (when, step) == (death.when, death.step):
            os.kill(os.getpid(), 9)

    def around(owner: Any, method: str, step: str) -> None:
        real = getattr(owner, method)

        def blocking(*args: Any, **options: Any) -> Any:
            at("before", step)
            result = real(*args, **options)
            at("after", step)
            return result

        setattr(owner, method, blocking)

    run_script, run_command = Batcher.script, Batcher.__call__

    async def script(self: Batcher, name: str, *args: Any, **options: Any) -> Any:
        at("before", name)
        reply = await run_script(self, name, *args, **options)
        at("after", name)
        return reply

    async def command(self: Batcher, *words: Any) -> Any:
        at("before", words[0])
        reply = await run_command(self, *words)
        at("after", words[0])
        return reply

    Batcher.script, Batcher.__call__ = script, command  # type: ignore[method-assign]
    around(Artefacts, "keep", "keep")
    for method in ("put", "take", "follow"):
        around(Shelf, method, method)

    def go_off() -> None:
        live[0] = True

    return go_off


async def die(death: Death) -> None:
    go_off = armed(death)
    if death.act == "fetches":
        go_off()
    keys = Keys(death.prefix)
    seeds = {"operations": [death.source]} if death.act == "takes out of the catalog" else {}
    async with machine(death.folder, death.redis_url, keys, seeds=seeds) as knowledge:
        go_off()
        if death.act in ("puts", "replaces"):
            await knowledge.ingest("operations", [Upload(death.source)])
        elif death.act in ("removes", "takes out of the catalog"):
            await knowledge.remove("operations", knowledge.documents("operations")[0].id, person="")
        elif death.act == "moves":
            await knowledge.move("operations", knowledge.documents("operations")[0].id, "security", person="")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(die(Death.model_validate_json(sys.argv[1])))
