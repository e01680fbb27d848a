"""The threads that do this package's blocking work."""

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from knowledge.errors import KnowledgeUnavailable

P = ParamSpec("P")
T = TypeVar("T")

_THREADS = 4


class Threads:
    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="knowledge")

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Raises what `work` raises, and KnowledgeUnavailable once closed."""
        return await self._begin(functools.partial(work, *args, **kwargs))

    async def finish(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same; but whoever is cancelled waits for the end of the work, because it uses what would be removed then.

        Work that has begun in a thread goes on when nobody waits for it any more.
        """
        running = self._begin(functools.partial(work, *args, **kwargs))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait([running])
            raise

    def _begin(self, work: Callable[[], T]) -> asyncio.Future[T]:
        try:
            return asyncio.get_running_loop().run_in_executor(self._executor, work)
        except RuntimeError as error:  # only from handing it over: the threads have ended
            raise KnowledgeUnavailable("The knowledge is closed.") from error

    def close(self) -> None:
        """Blocking, for at most the work at hand."""
        self._executor.shutdown(wait=True)
