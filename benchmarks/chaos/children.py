"""The processes of the experiment as their parent sees them: started again whenever one ends, never left behind."""

import asyncio
import logging
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from benchmarks.chaos.child import AWAY, EXPLAIN, POISONED, Assignment
from benchmarks.chaos.proxy import Proxy
from orchestration import Task

log = logging.getLogger(__name__)

REPOSITORY = Path(__file__).parents[2]
LEAVE_SECONDS = 60.0
"""How long a process may take to go in good order."""
EXPLAIN_SECONDS = 1.0
PAUSE_SECONDS = 0.2
"""Before a process that ended by itself is started again."""


class Outcome(StrEnum):
    """What became of a task that was handed in."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """Whoever was asked went away before it answered."""


@dataclass(frozen=True)
class Crash:
    """A process ended by itself for a reason that is nobody's plan."""

    name: str
    code: int
    log: Path


class Child:
    """One place in the crew, filled by one process after another."""

    def __init__(self, name: str, assignment: Assignment, proxy: Proxy, logs: Path) -> None:
        self.name = name
        self.role = assignment.role
        self.proxy = proxy
        self.poisoned = 0
        self.crashes: list[Crash] = []
        self._assignment = assignment
        self._logs = logs
        self._process: Process | None = None
        self._ready = asyncio.Event()
        self._asked: dict[str, asyncio.Future[Outcome]] = {}
        self._starts = 0
        self._killed = False
        self._dismissed = False

    @property
    def ready(self) -> bool:
        """Whether it works now."""
        return self._ready.is_set()

    @property
    def pid(self) -> int:
        """Of the process that fills this place now, or filled it last."""
        return self._process.pid if self._process is not None else 0

    async def wait_ready(self) -> None:
        """Wait until a process fills this place and works."""
        await self._ready.wait()

    async def run(self) -> None:
        """Fill the place until dismissed; a process that is still there when this is cancelled is killed."""
        while not self._dismissed:
            await self._one_life()

    def kill(self) -> float:
        """End the process as a crash does; returns when, in epoch seconds."""
        self._killed = True
        self._ready.clear()
        self._signal(signal.SIGKILL)
        return time.time()

    def stop(self) -> int:
        """Freeze the process; returns its pid."""
        self._signal(signal.SIGSTOP)
        return self.pid

    def go_on(self, pid: int) -> None:
        """Wake the process up, unless another one has taken its place."""
        if pid == self.pid:
            self._signal(signal.SIGCONT)

    async def leave(self) -> None:
        """Ask the process to go in good order; the next one takes its place. One that does not go is a crash."""
        process = self._process
        if process is None or process.stdin is None:
            return
        self._ready.clear()
        process.stdin.close()
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                await process.wait()
        except TimeoutError:
            self._signal(EXPLAIN)
            await asyncio.sleep(EXPLAIN_SECONDS)
            self._signal(signal.SIGKILL)

    def explain(self) -> None:
        """Let the process write to its log what it is doing."""
        self._signal(EXPLAIN)

    async def dismiss(self) -> None:
        """Let the process go for good."""
        self._dismissed = True
        await self.leave()

    async def ask(self, task: Task) -> Outcome:
        """Hand a task to this process."""
        process = self._process
        if not self.ready or process is None or process.stdin is None or process.stdin.is_closing():
            return Outcome.REFUSED
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._asked[task.id] = answer
        process.stdin.write(task.model_dump_json().encode() + b"\n")
        return await answer

    async def _one_life(self) -> None:
        self._starts += 1
        file = self._logs / f"{self.name}.{self._starts}.log"
        words = (sys.executable, "-m", "benchmarks.chaos.child", self._assignment.model_dump_json())
        with file.open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                *words, stdin=PIPE, stdout=PIPE, stderr=errors, cwd=REPOSITORY
            )
        self._process, self._killed = process, False
        if self._dismissed and process.stdin is not None:
            process.stdin.close()
        try:
            await self._listen(process)
            code = await process.wait()
        finally:
            self._ready.clear()
            if process.returncode is None:  # The parent itself is on its way out.
                process.kill()
                await process.wait()
            if process.stdin is not None:
                process.stdin.close()
            for answer in self._asked.values():
                if not answer.done():
                    answer.set_result(Outcome.UNKNOWN)
            self._asked.clear()
        if code == POISONED:
            self.poisoned += 1
        elif not self._killed and code not in (0, AWAY):
            log.error("%s ended with %d, see %s", self.name, code, file)
            self.crashes.append(Crash(self.name, code, file))
        if code == AWAY:
            await asyncio.sleep(PAUSE_SECONDS)

    async def _listen(self, process: Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            word, _, task = line.decode().strip().partition(" ")
            if word == "ready" and not self._dismissed:
                self._ready.set()
            elif answer := self._asked.pop(task, None):
                answer.set_result(Outcome(word))

    def _signal(self, number: signal.Signals) -> None:
        # The process is our own child and not yet collected, so this id is nobody else's.
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)
