"""One thread that embeds for everybody, questions first."""

import asyncio
import itertools
import logging
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import IntEnum

from knowledge.embedding import Embedder
from knowledge.errors import KnowledgeUnavailable
from knowledge.passages import Matrix

log = logging.getLogger(__name__)


class Urgency(IntEnum):
    """Smaller goes first."""

    QUESTION = 0
    DOCUMENT = 1
    LEISURE = 2
    CLOSE = 3


@dataclass(order=True)
class _Job:
    urgency: Urgency
    number: int
    texts: Sequence[str] = field(compare=False, default=())
    result: "Future[Matrix]" = field(compare=False, default_factory=Future)


class EmbeddingThread:
    """Embeds off the event loop. A question waits for at most one small batch of a document."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._jobs: queue.PriorityQueue[_Job] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="knowledge-embedding", daemon=True)
        self._thread.start()

    async def embed(self, texts: Sequence[str], urgency: Urgency) -> Matrix:
        """Shape (len(texts), 384). Raises ModelUnavailable, KnowledgeUnavailable once closed."""
        if self._closing.is_set():
            raise KnowledgeUnavailable("The knowledge is closed.")
        job = _Job(urgency, next(self._numbers), tuple(texts))
        self._jobs.put(job)
        return await asyncio.wrap_future(job.result)

    def close(self) -> None:
        """Finish the batch at hand and refuse the rest. Blocking."""
        self._closing.set()
        self._jobs.put(_Job(Urgency.CLOSE, next(self._numbers)))
        self._thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()).urgency is not Urgency.CLOSE:
            if not job.result.set_running_or_notify_cancel():
                continue
            if self._closing.is_set():
                job.result.set_exception(KnowledgeUnavailable("The knowledge is closed."))
                continue
            try:
                job.result.set_result(self._embedder.embed(job.texts))
            except Exception as error:
                # The boundary of the thread: whoever waits for the result gets the error, as it is.
                log.exception("embedding %d texts failed", len(job.texts))
                job.result.set_exception(error)
