"""The processes behind the page: the chat, two workers for all agents, and the embedded Redis that they share."""

import asyncio
import os
import shlex
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from benchmarks.children import REPOSITORY, Child, child
from demo.errors import NotAsExpected
from demo.paper import NAME, paper
from orchestration.embedded.datafolder import DataFolder
from orchestration.embedded.process import server_pid, stop
from orchestration.settings import make_data_folder

WORKERS = 2
PATIENCE_SECONDS = 600
"""For what a presenter's own hand begins."""


class Worker:
    """One worker process, and whose steps it holds."""

    def __init__(self, process: Child) -> None:
        self.process = process
        self.held: Counter[str] = Counter()
        self.gone = False


class Processes:
    """All of them, in the hands of the script. `say` tells the presenter what was done to whom."""

    def __init__(self, data: Path, say: Callable[[str], None], stack: AsyncExitStack, tasks: asyncio.TaskGroup) -> None:
        self._data = data
        self._say = say
        self._stack = stack
        self._tasks = tasks
        self._workers: list[Worker] = []
        self._news = asyncio.Condition()
        self._owed: Counter[str] = Counter()
        """Steps that a killed worker had in hand."""

    @property
    def paper(self) -> Path:
        return self._data / NAME

    async def start(self, module: str, *args: str) -> Child:
        """Raises NotAsExpected when it does not come up."""
        try:
            return await self._stack.enter_async_context(child(module, str(self._data), *args))
        except (RuntimeError, TimeoutError) as error:
            raise NotAsExpected(f"A process did not start: {error or 'it took too long'}.") from error

    async def add_worker(self) -> None:
        worker = Worker(await self.start("demo.worker"))
        self._workers.append(worker)
        self._tasks.create_task(self._listen(worker))
        self._say(f"A worker for all agents is process {worker.process.pid}.")

    async def hold(self) -> None:
        for worker in self._living():
            worker.held.clear()
            worker.process.tell("hold")

    async def kill_worker(self) -> None:
        await self._until(lambda: any(worker.held for worker in self._living()), "no step was begun")
        victim = max(self._living(), key=lambda worker: worker.held.total())
        self._owed = victim.held.copy()
        victim.gone = True
        await victim.process.kill()
        left = " and ".join(str(worker.process.pid) for worker in self._living())
        steps = "1 step" if self._owed.total() == 1 else f"{self._owed.total()} steps"
        self._say(f"kill -9 {victim.process.pid}: it had {steps} in hand. Process {left} is left.")

    async def taken_over(self) -> None:
        self._owed += sum((worker.held for worker in self._living()), Counter[str]())
        await self._until(
            lambda: self._owed <= sum((worker.held for worker in self._living()), Counter[str]()),
            "the other worker did not take over what the dead one had in hand",
        )

    async def let_go(self) -> None:
        for worker in self._living():
            worker.process.tell("let_go")

    async def replace_worker(self) -> None:
        if len(self._living()) < WORKERS:
            await self.add_worker()

    async def stop_redis(self) -> None:
        self._say(f"kill -STOP {self._signal_redis(signal.SIGSTOP)}: Redis answers nothing any more.")

    async def start_redis(self) -> None:
        self._say(f"kill -CONT {self._signal_redis(signal.SIGCONT)}: Redis goes on.")

    async def command(self, *words: str) -> None:
        typed = shlex.join(("roundtable", *words))
        self._say(f"$ {typed}")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cli.main", *words,
            cwd=REPOSITORY, env={**os.environ, "ROUNDTABLE_DATA": str(self._data)},
            stdout=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        try:
            said, _ = await process.communicate()
        except asyncio.CancelledError:
            process.terminate()
            await process.wait()
            raise
        self._say(said.decode().strip())
        if process.returncode:
            raise NotAsExpected(f"`{typed}` ended with {process.returncode}.")

    def end_redis(self) -> None:
        """Whoever used it has left; a server that nobody could stop in an orderly way ends here."""
        folder = DataFolder(self._data)
        if server_pid(folder) is not None:
            where = folder.whereabouts()
            stop(folder, where.socket if where else None)

    def wake_redis(self) -> None:
        """So that those who use it can leave it."""
        pid = server_pid(DataFolder(self._data))
        if pid is not None:
            os.kill(pid, signal.SIGCONT)

    def _signal_redis(self, number: signal.Signals) -> int:
        pid = server_pid(DataFolder(self._data))
        if pid is None:
            raise NotAsExpected("The embedded Redis is not there.")
        os.kill(pid, number)
        return pid

    def _living(self) -> list[Worker]:
        return [worker for worker in self._workers if not worker.gone]

    async def _listen(self, worker: Worker) -> None:
        while line := await worker.process.hear():
            _, _, agent = line.partition("held ")
            async with self._news:
                worker.held[agent] += 1
                self._news.notify_all()

    async def _until(self, there: Callable[[], bool], otherwise: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._news:
                await self._news.wait_for(there)
        except TimeoutError:
            raise NotAsExpected(f"After {PATIENCE_SECONDS} s {otherwise}.") from None


@asynccontextmanager
async def open_backstage(data: Path, port: int, say: Callable[[str], None]) -> AsyncIterator[Processes]:
    """Start everything on a data folder; at the end all of it has ended, whatever happened."""
    await asyncio.to_thread(make_data_folder, data)
    async with AsyncExitStack() as last, asyncio.TaskGroup() as tasks, AsyncExitStack() as stack:
        processes = Processes(data, say, stack, tasks)
        last.push_async_callback(asyncio.to_thread, processes.end_redis)
        await asyncio.to_thread(processes.paper.write_bytes, paper())
        web = await processes.start("demo.web", str(port))
        say(f"The chat is process {web.pid}; it runs no agents.")
        await asyncio.gather(*(processes.add_worker() for _ in range(WORKERS)))
        try:
            yield processes
        finally:
            processes.wake_redis()
