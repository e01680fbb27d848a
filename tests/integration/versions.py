"""Two versions of the program side by side as real processes: this one, and another one that is made of it."""

import asyncio
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from orchestration import Task
from orchestration.messages import MAJOR, SCHEMA
from orchestration.versions import OtherVersion
from tests.integration.council_process import Assignment, Role
from tests.integration.processes import REPOSITORY
from tests.orchestration.waiting import PATIENCE_SECONDS

UNCHANGED = ("agents", "benchmarks", "cli", "knowledge", "tests")
NEXT_MINOR = f"{MAJOR}.{int(SCHEMA.partition('.')[2]) + 1}"
NEXT_MAJOR = f"{MAJOR + 1}.0"
NEW_EVENT = "pondered"
NEEDS_ITS_OWN = {"undivided": True}
"""Of a task that no program of an older schema may drive."""


def make_version(folder: Path, schema: str) -> Path:
    """Another version in a folder: its messages have this schema, a step's message and result and a question have a
    field more, its workers tell of something that this version has never heard of, and some tasks need that schema.
    """
    folder.mkdir()
    for package in UNCHANGED:
        (folder / package).symlink_to(REPOSITORY / package)
    shutil.copytree(
        REPOSITORY / "orchestration", folder / "orchestration", ignore=shutil.ignore_patterns("__pycache__")
    )
    messages, steps, store = (folder / "orchestration" / name for name in ("messages.py", "steps.py", "store.py"))
    _change(messages, f'SCHEMA = "{SCHEMA}"', f'SCHEMA = "{schema}"')
    _change(
        store, "SINCE if task.approval else MAJOR", "SINCE if task.approval else SCHEMA if task.undivided else MAJOR"
    )
    for name in ("Task", "StepResult", "StepMessage"):
        _change(messages, f"class {name}(Message):\n", f'class {name}(Message):\n    mood: str = "sunny"\n')
    event = f'class Pondered(Event):\n    kind: Literal["{NEW_EVENT}"] = "{NEW_EVENT}"\n\n\n'
    _change(messages, "AnyEvent = Annotated[\n    ", f"{event}AnyEvent = Annotated[\n    Pondered | ")
    _change(steps, "import AnyEvent, ", "import Pondered, AnyEvent, ")
    _change(
        steps, "    done = await runner", "    await emit(Pondered(run=run, step=step.id))\n    done = await runner"
    )
    return folder


def _change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1, f"{file.name} has no {old!r}"
    file.write_text(text.replace(old, new))


@dataclass(frozen=True)
class Member:
    """A process at work."""

    process: Process

    @property
    def pid(self) -> int:
        return self.process.pid

    async def said(self) -> str:
        """The next line that it says."""
        assert self.process.stdout
        async with asyncio.timeout(PATIENCE_SECONDS):
            return (await self.process.stdout.readline()).decode().strip()

    async def sees(self) -> list[OtherVersion]:
        """What an operator is shown of other versions, where that is what this process does."""
        assert self.process.stdin
        self.process.stdin.write(b"\n")
        return TypeAdapter(list[OtherVersion]).validate_json(await self.said())

    async def ask(self, *tasks: Task) -> None:
        """Hand tasks in; none may be refused."""
        assert self.process.stdin
        for task in tasks:
            self.process.stdin.write(task.model_dump_json().encode() + b"\n")
            assert await self.said() == f"accepted {task.id}"

    async def drain(self) -> None:
        """Tell it to go, and wait until it has gone in good order."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await self.process.wait() == 0


class Installation:
    """Processes of several versions on one Redis."""

    def __init__(self, folder: Path, url: str, prefix: str, places: int) -> None:
        self._folder = folder
        self._url = url
        self._prefix = prefix
        self._places = places
        self._started: list[Process] = []

    async def start(self, role: Role, version: Path = REPOSITORY) -> Member:
        """Comes back when it works."""
        member = Member(await self._run(role, version))
        assert await member.said() == "ready"
        return member

    async def close(self) -> None:
        """Nothing is left behind, whatever happened."""
        for process in self._started:
            if process.returncode is None:
                process.kill()
            if process.stdin is not None:
                # One that has ended before is not waited for, and its pipe would outlive the loop.
                process.stdin.close()
            await process.wait()

    async def _run(self, role: Role, version: Path) -> Process:
        # Each has a data folder of its own, as on a machine of its own.
        data = self._folder / f"data-{len(self._started)}"
        given = Assignment(role=role, url=self._url, prefix=self._prefix, data=data, places=self._places)
        words = (sys.executable, "-m", "tests.integration.council_process", given.model_dump_json())
        process = await asyncio.create_subprocess_exec(*words, stdin=PIPE, stdout=PIPE, cwd=version)
        self._started.append(process)
        return process


@asynccontextmanager
async def installation(folder: Path, url: str, prefix: str, places: int = 8) -> AsyncIterator[Installation]:
    """Ends with all its processes."""
    here = Installation(folder, url, prefix, places)
    try:
        yield here
    finally:
        await here.close()
