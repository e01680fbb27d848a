"""The history of one data folder: the one door to its file."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from history import asides, conversations, feedback, preferences, runs, search, upkeep
from history.answering import Answering
from history.database import Database, open_database
from history.errors import HistoryError
from history.records import Conversation, Feedback, HandedIn, Page, Refusal, Run
from orchestration.endings import Gone
from orchestration.messages import Recorded, Task

log = logging.getLogger(__name__)

FILE = "history.db"


class History:
    """Everything takes the person, and nothing is ever given to another one. Raises HistoryError."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self.answering = Answering(self.folder, clock)
        self.unforgotten = asyncio.Event()
        """Set when Redis has to be asked to forget something."""

    @property
    def folder(self) -> Path:
        return self._database.path.parent

    # Conversations

    async def conversations(self, person: str, most: int, *, cursor: str = "", search: str = "") -> Page:
        """The newest first; with a search, those in which all of its words were said, in whatever form they begin."""
        return await self._database.read(conversations.page, person, most, cursor, search)

    async def conversation(self, person: str, conversation: str) -> Conversation | None:
        return await self._database.read(conversations.head, person, conversation)

    async def rename(self, person: str, conversation: str, name: str) -> None:
        """Raises UnknownConversation."""
        await self._database.write(conversations.rename, person, conversation, name)

    async def delete(self, person: str, conversation: str, runs: Collection[str] = ()) -> list[str]:
        """Everything that was asked in it until now, for good; what ends later does not bring it back.

        `runs` are known elsewhere. Returns all runs. What Redis has of them goes as soon as it answers.
        """
        gone = Gone(person=person, conversation=conversation, at=self._clock())
        return await self.delete_as(gone, runs)

    async def delete_as(self, gone: Gone, runs: Collection[str] = ()) -> list[str]:
        """As it was deleted elsewhere."""
        found = await self._database.write(conversations.delete, gone, runs)
        await self._clean_up()
        return found

    async def deleted_at(self, person: str, conversation: str) -> float:
        """What was asked until then is gone; 0 where nothing was deleted."""
        return await self._database.read(conversations.deleted_at, person, conversation)

    async def delete_old(self, before: float) -> int:
        """Conversations in which nothing has happened since then; how many."""
        count = 0
        while found := await self._database.read(conversations.old, before, 100):
            for person, conversation in found:
                await self._database.write(
                    conversations.delete, Gone(person=person, conversation=conversation, at=self._clock())
                )
            count += len(found)
        if count:
            await self._clean_up()
        return count

    async def delete_everything_of(self, person: str) -> int:
        """All conversations of somebody who does not come back, and how they liked the page; how many conversations."""
        await self._database.write(preferences.forget, person)
        count = 0
        while found := (await self.conversations(person, 100)).conversations:
            for one in found:
                # What was asked by a clock that was ahead goes as well.
                at = max(self._clock(), one.active)
                await self._database.write(conversations.delete, Gone(person=person, conversation=one.id, at=at))
            count += len(found)
        if count:
            await self._clean_up()
        return count

    async def _clean_up(self) -> None:
        """Something was deleted, whether or not its traces can be removed now: they are with the next deletion."""
        self.unforgotten.set()
        try:
            await self._database.tidy(search.purge)
        except HistoryError as error:
            log.warning("what was deleted has left traces in the history's files: %s", error)

    # Runs

    async def note(self, task: Task) -> None:
        """It is being asked: from now on its conversation is there, and its question, whatever becomes of it."""
        await self._database.write(runs.note, task)

    async def keep(self, ended: Sequence[Recorded]) -> None:
        """All events of a run that has ended, from its acceptance to its answer."""
        await self._database.write(runs.keep, ended)

    async def run(self, run: str, person: str) -> Run | None:
        return await self._database.read(runs.find, run, person)

    async def runs(self, person: str, conversation: str) -> list[Run]:
        """Of one conversation, in the order in which they were asked."""
        return await self._database.read(runs.of_conversation, person, conversation)

    async def open_runs(self, person: str, most: int) -> list[Run]:
        """Those that have not ended as far as is known here, in whatever conversation; the newest first."""
        return await self._database.read(runs.not_ended, person, most)

    async def people_at_work(self) -> set[str]:
        """Who has runs that have not ended as far as is known here."""
        return await self._database.read(runs.people_at_work)

    async def events(self, run: str, person: str) -> list[Recorded]:
        """Of a run that is kept; nothing of another one."""
        return await self._database.read(runs.events, run, person)

    # What a conversation has beside its runs

    async def refuse(self, refusal: Refusal, task: Task) -> None:
        """A question that was noted was not taken in."""
        await self._database.write(upkeep.refuse, refusal, task)

    async def ask_again(self, person: str, conversation: str, message: str) -> None:
        """A refused question is asked anew."""
        await self._database.write(asides.ask_again, person, conversation, message)

    async def refusals(self, person: str, conversation: str) -> list[Refusal]:
        return await self._database.read(asides.refusals, person, conversation)

    async def hand_in(self, handed_in: HandedIn) -> None:
        """Files, as they are shown now; in the place of how they were shown before."""
        await self._database.write(asides.hand_in, handed_in)

    async def handed_in(self, person: str, conversation: str) -> list[HandedIn]:
        return await self._database.read(asides.handed_in, person, conversation)

    # Feedback

    async def give_feedback(self, person: str, run: str, *, good: bool, comment: str = "") -> bool:
        """In the place of an earlier one; False where the person has no such run."""
        return await self._database.write(feedback.give, person, Feedback(run, good, comment, self._clock()))

    async def take_back_feedback(self, person: str, run: str) -> bool:
        """False where there was none."""
        return await self._database.write(feedback.take_back, run, person)

    async def feedback(self, person: str, run: str) -> Feedback | None:
        return await self._database.read(feedback.given, run, person)

    async def everybodys_feedback(self, since: float = 0.0) -> list[tuple[str, Feedback]]:
        """Of all people, each with the person; for the operator."""
        return await self._database.read(feedback.everybodys, since)

    # Preferences

    async def prefer(self, person: str, wanted: Mapping[str, str]) -> None:
        """Settings by name, in the place of earlier ones."""
        await self._database.write(preferences.prefer, person, wanted)

    async def preferences(self, person: str) -> dict[str, str]:
        return await self._database.read(preferences.preferences, person)

    # For the keeper

    async def identity(self) -> tuple[str, str]:
        """The id of this history, and the entry of Redis's endings up to which it has everything."""
        return await self._database.read(upkeep.identity)

    async def keep_up_to(self, entry: str, ended: Sequence[Sequence[Recorded]]) -> None:
        """Runs that ended, and that everything up to this entry is here: both or neither."""
        await self._database.write(upkeep.keep_up_to, entry, ended)

    async def misses(self) -> bool:
        """Whether Redis may have runs that are missing here though everything up to that entry is here."""
        return await self._database.read(upkeep.misses)

    async def begin_looking(self) -> None:
        """Redis is looked through for them; again at the next start unless `looked` comes before."""
        await self._database.write(upkeep.begin_looking)

    async def looked(self) -> None:
        """They were taken over; Redis need not be looked through again unless one of them could not be read."""
        await self._database.write(upkeep.looked)

    async def kept(self, ids: Collection[str]) -> set[str]:
        """Which of these runs need not be taken over."""
        return await self._database.read(runs.kept, ids)

    async def to_forget(self, most: int) -> dict[Gone, list[str]]:
        """Runs of deleted conversations that Redis may still have."""
        return await self._database.read(upkeep.to_forget, most)

    async def forgotten(self, ids: Collection[str]) -> None:
        """Redis has them no more."""
        await self._database.write(upkeep.forgotten, ids)


def is_there(folder: Path) -> bool:
    """Whether a history is kept in a data folder."""
    return (folder / FILE).exists()


@asynccontextmanager
async def open_history(folder: Path, *, clock: Callable[[], float] = time.time) -> AsyncIterator[History]:
    """Of a data folder that exists. Raises UnusableHistory, HistoryFull and HistoryUnavailable."""
    async with open_database(folder / FILE) as database:
        yield History(database, clock)
