"""Chainlit's view of the history: conversations are listed, found, named and deleted here.

What Chainlit would store (steps, elements) is dropped, because it is drawn from the runs' events at any time. Whoever
asks for somebody else's conversation gets what they get for one that does not exist.
"""

import logging

from chainlit.data.base import BaseDataLayer
from chainlit.element import Element, ElementDict
from chainlit.step import StepDict
from chainlit.types import Feedback, PageInfo, PaginatedResponse, Pagination, ThreadDict, ThreadFilter
from chainlit.user import PersistedUser, User
from fastapi import HTTPException

from chat.deleting import delete_conversation
from chat.errors import ChatError
from chat.host import current
from chat.language import words_of
from chat.profiles import profile_of
from chat.wire import moment, stable_id
from chat.words import Words
from history import Conversation, UnknownConversation
from orchestration.errors import RoundtableError
from people import visitor

log = logging.getLogger(__name__)

MOST_AT_ONCE = 100


class Threads(BaseDataLayer):
    """One person's conversations: those of whoever asks."""

    async def get_user(self, identifier: str) -> PersistedUser | None:
        return PersistedUser(id=identifier, createdAt="1970-01-01T00:00:00Z", identifier=identifier)

    async def create_user(self, user: User) -> PersistedUser | None:
        return await self.get_user(user.identifier)

    async def get_thread(self, thread_id: str) -> ThreadDict | None:
        """The head of a thread; its steps come over the socket. None when the person has no such thread."""
        try:
            found = await current().history.conversation(visitor().person, thread_id)
        except (RoundtableError, ChatError) as error:
            log.warning("thread %s cannot be read: %s", thread_id, error)
            return None
        return _thread(found) if found is not None else None

    async def get_thread_author(self, thread_id: str) -> str:
        return visitor().person if await self.get_thread(thread_id) else ""

    async def list_threads(self, pagination: Pagination, filters: ThreadFilter) -> PaginatedResponse[ThreadDict]:
        """One page, newest first; with a search, those in which all of its words were said."""
        most = min(max(1, pagination.first), MOST_AT_ONCE)
        try:
            page = await current().history.conversations(
                filters.userId or visitor().person, most, cursor=pagination.cursor or "", search=filters.search or ""
            )
        except (RoundtableError, ChatError) as error:
            raise _refused(503, error) from error
        threads = [_thread(one) for one in page.conversations]
        return PaginatedResponse(PageInfo(bool(page.cursor), None, page.cursor or None), threads)

    async def update_thread(
        self,
        thread_id: str,
        name: str | None = None,
        user_id: str | None = None,
        metadata: dict[str, object] | None = None,
        tags: list[str] | None = None,
    ) -> None:
        """Only a wish to rename it comes with nothing but a name; the rest is Chainlit's own bookkeeping."""
        if name is None or user_id is not None or tags is not None or metadata is not None:
            return
        if not any(letter.isprintable() and not letter.isspace() for letter in name):
            raise HTTPException(422, _words().nameless)
        try:
            await current().history.rename(visitor().person, thread_id, name.encode(errors="replace").decode())
        except UnknownConversation as error:
            raise _refused(404, error) from error
        except (RoundtableError, ChatError) as error:
            raise _refused(503, error) from error

    async def delete_thread(self, thread_id: str) -> None:
        try:
            await delete_conversation(current(), visitor().person, thread_id)
        except (RoundtableError, ChatError) as error:
            raise _refused(503, error) from error

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
        """A thumb under an answer belongs to the run around it; its id is the run's."""
        person, comment = visitor().person, (feedback.comment or "").encode(errors="replace").decode()
        try:
            history = current().history
            runs = [run.task.id for run in await history.runs(person, feedback.threadId or "")]
            run = next((run for run in runs if stable_id(run, "run") == feedback.forId), None)
            if run is None or not await history.give_feedback(person, run, good=feedback.value == 1, comment=comment):
                raise HTTPException(404, _words().no_such_answer)
        except (RoundtableError, ChatError) as error:
            raise _refused(503, error) from error
        return run

    async def delete_feedback(self, feedback_id: str) -> bool:
        try:
            if not await current().history.take_back_feedback(visitor().person, feedback_id):
                raise HTTPException(404, _words().no_such_feedback)
        except (RoundtableError, ChatError) as error:
            raise _refused(503, error) from error
        return True

    async def get_favorite_steps(self, user_id: str) -> list[StepDict]:
        return []

    async def build_debug_url(self) -> str:
        return ""

    async def close(self) -> None:
        return None


def _words() -> Words:
    """Of whoever asks: Chainlit hands no request on."""
    return words_of(visitor().languages)


def _refused(status: int, error: Exception) -> HTTPException:
    log.warning("a request about conversations was refused: %s", error)
    return HTTPException(status, _words().trouble(error))


def _thread(one: Conversation) -> ThreadDict:
    """The page sorts and groups by what it takes for the time of its making."""
    return ThreadDict(
        id=one.id,
        createdAt=moment(one.active) or "",
        name=one.name,
        userId=one.person,
        userIdentifier=one.person,
        tags=[],
        metadata={"chat_profile": profile_of(one.mode)},
        steps=[],
        elements=[],
    )
