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
        loop = asyncio.get_running_loop()
        try:
            running = loop.run_in_executor(self._executor, functools.partial(work, *args, **kwargs))
        except RuntimeError as error:  # only from handing it over: the threads have ended
            raise KnowledgeUnavailable("The knowledge is closed.") from error
        return await running

    def close(self) -> None:
        """Blocking, for at most the work at hand."""
        self._executor.shutdown(wait=True)
