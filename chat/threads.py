"""Chainlit's view of history. The log of the runs is the record; this only reads it.

What Chainlit would store (steps, elements, feedback) is dropped, because it can be drawn from the log at any time.
"""

import asyncio
import logging
from collections.abc import Sequence

from chainlit.data.base import BaseDataLayer
from chainlit.element import Element, ElementDict
from chainlit.step import StepDict
from chainlit.types import Feedback, PageInfo, PaginatedResponse, Pagination, ThreadDict, ThreadFilter
from chainlit.user import PersistedUser, User
from fastapi import HTTPException

from chat.delivery import Delivery
from chat.errors import ChatError
from chat.host import current
from chat.profiles import profile_of
from chat.wire import moment
from chat.words import listed, shortened
from orchestration.errors import RoundtableError
from orchestration.messages import Task
from people import visitor

log = logging.getLogger(__name__)

_LONGEST_NAME = 80
_MOST_THREADS = 500
"""How far back the list and its search reach."""


class Threads(BaseDataLayer):
    """Threads are read from the runs' log, each for whoever asks: somebody else's is the same as none."""

    async def get_user(self, identifier: str) -> PersistedUser | None:
        return PersistedUser(id=identifier, createdAt="1970-01-01T00:00:00Z", identifier=identifier)

    async def create_user(self, user: User) -> PersistedUser | None:
        return await self.get_user(user.identifier)

    async def get_thread(self, thread_id: str) -> ThreadDict | None:
        """The head of a thread; its steps come over the socket. None when the person has no run in it."""
        try:
            return await self._thread(visitor().person, thread_id)
        except (RoundtableError, ChatError) as error:
            log.warning("thread %s cannot be read: %s", thread_id, error)
            return None

    async def get_thread_author(self, thread_id: str) -> str:
        return visitor().person if await self.get_thread(thread_id) else ""

    async def list_threads(self, pagination: Pagination, filters: ThreadFilter) -> PaginatedResponse[ThreadDict]:
        """One page, newest first; a cursor is the id of the last thread of the page before."""
        person = filters.userId or visitor().person
        try:
            known = await self._known(person)
            if pagination.cursor in known:
                known = known[known.index(pagination.cursor) + 1 :]
            if filters.search:
                threads = await self._threads(person, known)
                wanted = filters.search.casefold()
                threads = [t for t in threads if wanted in (t["name"] or "").casefold()]
                return _page(threads[: pagination.first], more=len(threads) > pagination.first)
            threads = await self._threads(person, known[: pagination.first])
            return _page(threads, more=len(known) > pagination.first)
        except (RoundtableError, ChatError) as error:
            raise HTTPException(status_code=503, detail=str(error)) from error

    async def _known(self, person: str) -> list[str]:
        """Threads, the newest first: those with questions, and those to which only files were brought so far."""
        host = current()
        newest = dict(host.deliveries.conversations(person))
        for thread, at in await host.orchestrator.conversations(person, _MOST_THREADS):
            newest[thread] = max(at, newest.get(thread, 0.0))
        return sorted(newest, key=lambda thread: -newest[thread])[:_MOST_THREADS]

    async def _threads(self, person: str, ids: list[str]) -> list[ThreadDict]:
        threads = await asyncio.gather(*(self._thread(person, id) for id in ids))
        return [thread for thread in threads if thread]

    async def _thread(self, person: str, thread_id: str) -> ThreadDict | None:
        host = current()
        orchestrator = host.orchestrator
        runs = await orchestrator.runs(person, thread_id)
        if not runs:
            deliveries = host.deliveries.on(thread_id, person)
            return _of_files(thread_id, deliveries) if deliveries else None
        first = await orchestrator.task(runs[0], person)
        last = first if len(runs) == 1 else await orchestrator.task(runs[-1], person)
        return _head(thread_id, first, last)

    async def update_thread(
        self,
        thread_id: str,
        name: str | None = None,
        user_id: str | None = None,
        metadata: dict[str, object] | None = None,
        tags: list[str] | None = None,
    ) -> None:
        """A thread is called like its first question; only a wish to rename it comes with nothing but a name."""
        if name is not None and user_id is None and tags is None and metadata is None:
            raise HTTPException(
                status_code=409, detail="A conversation is named after its first question and keeps that name."
            )

    async def delete_thread(self, thread_id: str) -> None:
        raise HTTPException(
            status_code=409,
            detail="Conversations cannot be deleted one by one; they go when their retention time is over.",
        )

    async def create_element(self, element: Element) -> None:
        return None

    async def get_element(self, thread_id: str, element_id: str) -> ElementDict | None:
        return None

    async def delete_element(self, element_id: str, thread_id: str | None = None) -> None:
        return None

    async def create_step(self, step_dict: StepDict) -> None:
        return None

    async def update_step(self, step_dict: StepDict) -> None:
        return None

    async def delete_step(self, step_id: str) -> None:
        return None

    async def upsert_feedback(self, feedback: Feedback) -> str:
        return feedback.id or feedback.forId

    async def delete_feedback(self, feedback_id: str) -> bool:
        return True

    async def get_favorite_steps(self, user_id: str) -> list[StepDict]:
        return []

    async def build_debug_url(self) -> str:
        return ""

    async def close(self) -> None:
        return None


def _head(thread_id: str, first: Task, last: Task) -> ThreadDict:
    return ThreadDict(
        id=thread_id,
        createdAt=moment(last.asked_at) or "",
        name=shortened(first.question, _LONGEST_NAME),
        userId=first.person,
        userIdentifier=first.person,
        tags=[],
        metadata={"chat_profile": profile_of(last.mode)},
        steps=[],
        elements=[],
    )


def _of_files(thread_id: str, deliveries: Sequence[Delivery]) -> ThreadDict:
    """The head of a thread in which nothing was asked; it is called after the first files."""
    first, last = deliveries[0], deliveries[-1]
    return ThreadDict(
        id=thread_id,
        createdAt=moment(last.began) or "",
        name=shortened(listed([item.name for item in first.items]), _LONGEST_NAME),
        userId=first.order.person,
        userIdentifier=first.order.person,
        tags=[],
        metadata={"chat_profile": profile_of(last.order.mode)},
        steps=[],
        elements=[],
    )


def _page(threads: list[ThreadDict], more: bool) -> PaginatedResponse[ThreadDict]:
    start = threads[0]["id"] if threads else None
    end = threads[-1]["id"] if threads else None
    return PaginatedResponse(PageInfo(hasNextPage=more, startCursor=start, endCursor=end), threads)
