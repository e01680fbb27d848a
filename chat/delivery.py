"""Files that a person hands in together: copied at once, read, given to an agent, kept.

A delivery goes on by itself, whatever becomes of the page that it came from; windows look at it (chat/handover.py).
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from typing import Any, Literal

from agents import Agent
from chat.errors import BrokenDelivery, BrokenFile, TooManyFiles
from chat.item import KEPT, SETTLED, Item
from chat.order import Choice, Order
from knowledge import (
    Document,
    Draft,
    Ingested,
    Knowledge,
    KnowledgeError,
    Progress,
    SourceFile,
    UnknownDocument,
    UnreadableDocument,
    Upload,
)
from knowledge.passages import prefixed
from orchestration.messages import new_id
from orchestration.placing import Place, Placer

log = logging.getLogger(__name__)

MOST_FILES = 20
"""In one message; the page lets more through, so that each of them is told."""
CHOICE_SECONDS = 3600.0
"""For so long the copies wait for a person to say where they belong."""

Stage = Literal["reading", "asking", "keeping", "over"]
Ending = Literal["", "stopped", "declined", "nobody chose"]


class Delivery:
    """One order at work."""

    def __init__(
        self,
        order: Order,
        *,
        knowledge: Knowledge,
        placer: Placer,
        agents: Mapping[str, Agent],
        reading: asyncio.Semaphore,
        ask: Callable[[], Awaitable[None]] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`reading` is shared by all: so few files are read at the same time. `ask` asks the order's question."""
        self.id = new_id()
        self.order = order
        self.began = clock()
        self.ended: float | None = None
        self.stage: Stage = "reading"
        self.ending: Ending = ""
        self.trouble: Exception | None = None
        """What keeps everything from being kept, such as a full disk."""
        self.choice = order.choice
        self.items = tuple(Item(file.name) for file in order.files)
        self._knowledge = knowledge
        self._placer = placer
        self._agents = agents
        self._reading = reading
        self._ask = ask
        self._clock = clock
        self._watching: set[asyncio.Event] = set()
        self._chosen: asyncio.Future[Choice | None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def over(self) -> bool:
        return self.ended is not None

    @property
    def occupies(self) -> bool:
        """Whether the page waits for it: a question does, and nothing is asked of the person at the moment."""
        return self._ask is not None and not self.over and self.stage != "asking"

    @contextmanager
    def changes(self) -> Iterator[asyncio.Event]:
        """An event that is set with every change."""
        event = asyncio.Event()
        event.set()
        self._watching.add(event)
        try:
            yield event
        finally:
            self._watching.discard(event)

    def choose(self, choice: Choice | None) -> bool:
        """Say where the files go, None for nowhere; False where nobody asks (any more)."""
        if self._chosen is None or self._chosen.done():
            return False
        if choice is not None and choice.agent and choice.agent not in self._agents:
            return False
        self._chosen.set_result(choice)
        return True

    def stop(self) -> None:
        """Take in nothing more; what is in stays. A file that is just being put in is put in wholly."""
        if self._stopping:
            return  # What it had at hand is being put away.
        self._stopping = True
        if self._task is not None and not any(item.state == "indexing" for item in self.items):
            self._task.cancel()

    async def run(self) -> None:
        """Until everything is in or told. Nothing is raised but a cancellation that `stop` did not ask for."""
        self._task = asyncio.current_task()
        try:
            await self._work()
        except asyncio.CancelledError:
            if not self._stopping:
                raise
        except Exception:
            # The boundary of a background task: it becomes a sentence on the page.
            log.exception("the files of message %s were not taken in", self.order.message)
            self.trouble = BrokenDelivery()
        if self._stopping:
            self.ending = "stopped"
        for number, item in enumerate(self.items):
            if item.state not in SETTLED:
                self._put(number, state="left")
        self._task = None
        self._turn_to("over")
        if self._ask is not None and not self._stopping:
            await self._ask()
        self.ended = self._clock()
        self._tell()

    async def _work(self) -> None:
        if self._stopping:
            # Before it had begun: the card was there, and the history was still being told of it.
            for unread in self.order.files:
                await asyncio.to_thread(unread.path.unlink, missing_ok=True)
            return
        async with AsyncExitStack() as copies:
            copies.push_async_callback(self._settle)
            files = await self._copied(copies)
            drafts: dict[int, Draft] = {}
            for number, file in files.items():
                if (drafted := await self._read(number, file)) is None:
                    continue
                drafts[number] = drafted
                if self.choice is not None and not await self._keep(drafts, self.choice):
                    return
            if drafts and self.choice is None:
                await self._propose(drafts)
                self.choice = await self._asked()
                if self.choice is not None:
                    await self._keep(drafts, self.choice)

    async def _copied(self, copies: AsyncExitStack) -> dict[int, SourceFile]:
        """All of them at once: the page's own go with its session."""
        files: dict[int, SourceFile] = {}
        for number, file in enumerate(self.order.files):
            if number >= MOST_FILES:
                self._put(number, state="rejected", refusal=TooManyFiles(MOST_FILES))
            else:
                try:
                    copy = self._knowledge.copy(Upload(file.path, file.name))
                    files[number] = await copies.enter_async_context(copy)
                    self._put(number, name=files[number].source)
                except KnowledgeError as error:
                    self._refuse(number, error)
            await asyncio.to_thread(file.path.unlink, missing_ok=True)
        return files

    async def _read(self, number: int, file: SourceFile) -> Draft | None:
        """None for what is there already or cannot be read."""
        try:
            if await self._is_there(number, file):
                return None
            async with self._reading:
                begun = self._clock()
                self._put(number, state="reading")
                drafted = await self._knowledge.peek(file, on_progress=lambda progress: self._hear(number, progress))
        except KnowledgeError as error:
            self._refuse(number, error)
            return None
        except Exception:
            # The boundary of one file: the others are not touched by it.
            log.exception("a file of message %s cannot be read", self.order.message)
            self._put(number, state="rejected", refusal=BrokenFile())
            return None
        self._put(
            number,
            state="read",
            format=drafted.format,
            pages=drafted.pages,
            passages=len(drafted.chunks),
            language=drafted.language,
            remarks=drafted.remarks,
            seconds=self._clock() - begun,
        )
        return drafted

    async def _is_there(self, number: int, file: SourceFile) -> bool:
        """For an agent that was named, only with that one; otherwise with any, as the person sees it."""
        choice, person = self.choice, self.order.person
        bases = [choice.agent] if choice is not None else list(self._agents)
        seen_by = person if choice is None or choice.private else ""
        there = await self._knowledge.holding(bases, file.content, person=seen_by)
        if there is None:
            return False
        base, document = there
        self._put(
            number,
            state="unchanged",
            agent=base,
            document=document.id,
            known_as=document.source,
            format=document.format,
            pages=document.pages,
            passages=document.passages,
            language=document.language,
        )
        return True

    async def _propose(self, drafts: Mapping[int, Draft]) -> None:
        for number, drafted in drafts.items():
            texts = [prefixed(drafted.title, chunk.section, chunk.text) for chunk in drafted.chunks]
            try:
                places = await self._placer.place(texts, person=self.order.person)
            except KnowledgeError as error:
                log.warning("no agent can be proposed: %s", error)
                places = tuple(Place(agent, 0.0) for agent in self._agents)
            self._put(number, places=places)

    async def _asked(self) -> Choice | None:
        """What the person chooses; None for nowhere."""
        self._chosen = asyncio.get_running_loop().create_future()
        self._turn_to("asking")
        try:
            async with asyncio.timeout(CHOICE_SECONDS):
                choice = await self._chosen
            self.ending = "" if choice is not None else "declined"
        except TimeoutError:
            self.ending, choice = "nobody chose", None
        self._turn_to("keeping")
        return choice

    async def _keep(self, drafts: dict[int, Draft], choice: Choice) -> bool:
        """Put in what is read; False where nothing more can be put in."""
        self._turn_to("keeping")
        while drafts and not self._stopping:
            number = next(iter(drafts))
            agent = choice.agent or self.items[number].places[0].agent
            try:
                await self._keep_one(number, drafts.pop(number), agent, self.order.person if choice.private else "")
            except KnowledgeError as error:
                log.warning("a file of message %s was not kept: %s", self.order.message, error)
                self._put(number, state="left")
                self.trouble = error
                return False
            except Exception:
                # The boundary of one file, as above.
                log.exception("a file of message %s was not kept", self.order.message)
                self._put(number, state="rejected", refusal=BrokenFile())
        return not self._stopping

    async def _settle(self) -> None:
        """Once for all that is in."""
        person = self.order.person if self.choice is not None and self.choice.private else ""
        for agent in sorted({item.agent for item in self.items if item.state in KEPT}):
            try:
                await self._knowledge.settle(agent, person=person)
            except KnowledgeError as error:
                log.warning("the documents of %s are in; their indexes on the disk are not: %s", agent, error)

    async def _keep_one(self, number: int, drafted: Draft, agent: str, person: str) -> None:
        begun = self._clock()
        self._put(number, state="embedding", agent=agent, done=0, total=len(drafted.chunks))
        documents = await self._knowledge.threads.run(self._knowledge.documents, agent, person)
        earlier = next((d for d in documents if d.source == drafted.file.source and d.person == person), None)
        done = await self._knowledge.keep(
            agent, drafted, person=person, on_progress=lambda progress: self._hear(number, progress)
        )
        old = next((d for d in documents if d.id == self.order.replaces), None)
        if old is not None and old.source != done.source:
            await self._without(agent, old.id)
        self._conclude(number, done, old or earlier, self._clock() - begun)

    async def _without(self, agent: str, document: str) -> None:
        """Take out the version before, which had another name."""
        try:
            await self._knowledge.remove(agent, document, person=self.order.person)
        except UnknownDocument:
            log.info("the version before of %s is gone already", document)

    def _conclude(self, number: int, done: Ingested, earlier: Document | None, seconds: float) -> None:
        before = earlier.added if earlier is not None else None
        status = "replaced" if done.status == "added" and before is not None else done.status
        self._put(
            number,
            state=status,
            document=done.document,
            known_as=done.source if status == "unchanged" else "",
            replaces=before if status == "replaced" else None,
            passages=done.passages,
            seconds=self.items[number].seconds + seconds,
        )

    def _hear(self, number: int, progress: Progress) -> None:
        if progress.stage != "finished":
            state = "reading" if progress.stage == "splitting" else progress.stage
            self._put(number, state=state, done=progress.done, total=progress.total)

    def _refuse(self, number: int, error: KnowledgeError) -> None:
        if not isinstance(error, UnreadableDocument):
            log.warning("a file of message %s was not taken in: %s", self.order.message, error)
        self._put(number, state="rejected", refusal=error)

    def _put(self, number: int, **changes: Any) -> None:
        items = list(self.items)
        items[number] = replace(items[number], **changes)
        self.items = tuple(items)
        self._tell()

    def _turn_to(self, stage: Stage) -> None:
        self.stage = stage
        self._tell()

    def _tell(self) -> None:
        for event in self._watching:
            event.set()
