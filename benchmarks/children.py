"""Processes of a benchmark's or the demonstration's own: started as modules, ready when they say so.

The parent writes a word on a line; a benchmark's child answers with a number on a line, what it has used. The end of
its input ends a child, and Ctrl-C in the terminal is its parent's alone.
"""

import asyncio
import resource
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
READY = b"ready\n"
START_SECONDS = 180
"""A process that loads the model on a busy machine takes its time."""
END_SECONDS = 15


def resident_bytes() -> float:
    """Memory that this process has in use."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return float(pages * resource.getpagesize())


ANSWERS: Mapping[str, Callable[[], float]] = {"cpu": time.process_time, "rss": resident_bytes}
"""What a child can be asked: processor seconds (user and system, all threads), resident bytes."""


class Child:
    """A running child."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._process = process
        self._input, self._output = process.stdin, process.stdout

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ready(self) -> None:
        """Wait until it has begun its work; raises RuntimeError when it ended instead."""
        async with asyncio.timeout(START_SECONDS):
            if await self._output.readline() != READY:
                raise RuntimeError(f"process {self.pid}, which was started, ended with {await self._process.wait()}")

    async def ask(self, what: str) -> float:
        """The answer to one of ANSWERS."""
        self.tell(what)
        return float(await self.hear())

    def tell(self, word: str) -> None:
        self._input.write(f"{word}\n".encode())

    async def hear(self) -> str:
        """The next line that it says; empty when it has ended."""
        return (await self._output.readline()).decode().strip()

    async def kill(self) -> None:
        """As `kill -9` does it."""
        self._process.kill()
        await self._process.wait()

    async def end(self) -> None:
        """Close its input and wait; one that does not end by itself is killed."""
        self._input.close()
        try:
            async with asyncio.timeout(END_SECONDS):
                await self._process.wait()
        finally:
            if self._process.returncode is None:
                self._process.kill()
                await self._process.wait()


@asynccontextmanager
async def child(module: str, *args: str, python: str = sys.executable) -> AsyncIterator[Child]:
    """Run `python -m module args` until the block ends."""
    process = await asyncio.create_subprocess_exec(
        python, "-m", module, *args,
        cwd=REPOSITORY, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    running = Child(process)
    try:
        await running.ready()
        yield running
    finally:
        await running.end()


async def orders() -> asyncio.StreamReader:
    """What the parent writes."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    return lines


def say_ready() -> None:
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()


async def be_a_child(
    work: AbstractAsyncContextManager[object], answers: Mapping[str, Callable[[], object]] = ANSWERS
) -> None:
    """The child's side: work, and do what it is told until the parent closes the input, be it before the work began.

    What comes back from an answer is said, unless it is None.
    """
    lines = await orders()
    begun, ended = asyncio.Event(), asyncio.Event()

    async def working() -> None:
        async with work:
            say_ready()
            begun.set()
            await ended.wait()

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(working())
        while line := await lines.readline():
            answer = answers[line.decode().strip()]()
            if answer is not None:
                print(answer, flush=True)
        if begun.is_set():
            ended.set()
        else:
            task.cancel()
