"""One run on one page: events in, changes of the page out, until the run has ended."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from agents.models import Models
from chat.announcing import announcement
from chat.changes import Emission, changes
from chat.detail import reduced
from chat.growing import Growing
from chat.outage import OFFER_SECONDS, Stage, draw_outage
from chat.picture import AUTHOR, Titles, draw, message_id, status_id
from chat.story import Story, tell
from chat.usual import Medians, Usual
from chat.wire import Detail, Json, Picture, Step, stable_id
from chat.words import Words
from orchestration.errors import RoundtableError, UnknownRun
from orchestration.log import RunLog
from orchestration.messages import TaskResult
from orchestration.outage import Outage

log = logging.getLogger(__name__)

Emit = Callable[[Emission], Awaitable[None]]


class Follower:
    """Shows one run.

    What has already happened and what happens now come the same way: events are folded as they arrive, and the page
    is told the difference at most once an interval, the first time at once. So catching up is one snapshot, and tokens
    come in pieces that a browser can draw.
    """

    def __init__(
        self,
        run: str,
        person: str,
        *,
        runs: RunLog,
        titles: Titles,
        words: Words,
        usual: Usual,
        models: Models,
        detail: Callable[[], Detail],
        emit: Emit,
        occupy: Callable[[bool], Awaitable[None]],
        interval: Callable[[], float],
        outage: Outage | None,
        feedback: Callable[[str, str], Awaitable[Mapping[str, Json] | None]],
        leftover: frozenset[str] = frozenset(),
    ) -> None:
        """`occupy` is told whether the page waits for the run; it does not while the run waits for the person.
        `detail` says how much of it is wanted at the moment, `feedback` tells what the person thinks of a run.
        """
        self._person = person
        self._runs = runs
        self._titles = titles
        self._words = words
        self._usual = usual
        self._models = models
        self._medians: Medians = {}
        self._detail = detail
        self._emit = emit
        self._occupy = occupy
        self._interval = interval
        self._outage = outage
        self._find_feedback = feedback
        self._feedback: Mapping[str, Json] | None = None
        self._leftover = leftover
        self._told = set(leftover)
        self._told_at = 0.0
        """By the loop's clock."""
        self._story = Story(run)
        self._trouble = ""
        self._stage: Stage = ""
        self._gone = False
        self._shown = Picture()
        self._texts = Growing()
        self._fresh = asyncio.Event()
        self._over = asyncio.Event()
        self._hurry = asyncio.Event()
        """What came is not to wait for more."""
        self._drawing = asyncio.Lock()
        self.caught_up = asyncio.Event()
        """Set when the page has been told what had happened before."""

    @property
    def result(self) -> TaskResult | None:
        """The run's end, once it is there."""
        return self._story.result

    @property
    def ids(self) -> frozenset[str]:
        """The steps that the page may have of this run: what took them off may have been lost with its connection."""
        return frozenset(self._told)

    async def show(self, after: asyncio.Event | None) -> None:
        """Show the run until it has ended, but nothing of it before `after`: runs stand in their order."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read())
            beside = [tasks.create_task(self._measure())]
            if self._outage is not None:
                beside.append(tasks.create_task(self._watch(self._outage)))
            await self._tell(after)
            for task in beside:
                task.cancel()

    async def leave(self) -> None:
        """Take everything of the run off the page, but for the question: another run answers it."""
        for emission in changes(self._shown, self._question(), self._leftover):
            await self._emit(emission)

    async def show_anew(self) -> None:
        """Show what is shown again, in the detail that is wanted now.

        All below the question is taken off first: a page appends what is new, and it may belong between what is there.
        """
        async with self._drawing:
            if not self._shown.steps:
                return
            picture = self._picture()
            self._told.update(step.id for step in picture.steps)
            for emission in (*changes(self._shown, self._question()), *changes(self._question(), picture)):
                await self._emit(emission)
            self._shown = picture

    def _question(self) -> Picture:
        kept = message_id(self._story, self._story.task) if self._story.task is not None else ""
        return Picture(tuple(step for step in self._shown.steps if step.id == kept))

    async def _measure(self) -> None:
        """Find out how long agents usually take, for as long as that says something."""
        self._medians = await self._usual.medians()
        if self._medians and self._story.steps:
            self._fresh.set()

    async def _watch(self, outage: Outage) -> None:
        """Tell that the run stands still, for as long as it does."""
        while True:
            await outage.begins()
            await self._know_the_question()
            self._put("kept")
            try:
                async with asyncio.timeout_at(outage.since + OFFER_SECONDS):
                    await outage.ends()
            except TimeoutError:
                self._put("offered")
                await outage.ends()
            self._put("")

    def _put(self, stage: Stage) -> None:
        self._stage = stage
        self._fresh.set()

    async def _know_the_question(self) -> None:
        """Redis may not have said anything of the run yet, not even that it was accepted."""
        if self._story.task is None:
            try:
                task = await self._runs.task(self._story.run, self._person)
            except RoundtableError as error:
                log.info("run %s is not known here: %s", self._story.run, error)
                return
            if self._story.task is None:
                self._story = replace(self._story, task=task, accepted=task.asked_at)

    async def _read(self) -> None:
        run = self._story.run
        try:
            self._feedback = await self._find_feedback(run, self._person)
            async for recorded in self._runs.follow(run, person=self._person):
                before, self._story = self._story, tell(self._story, recorded)
                if speaking(self._story) - speaking(before):
                    self._hurry.set()
                self._fresh.set()
        except UnknownRun:
            log.info("run %s is no longer there to be shown", run)
            self._gone = True
        except RoundtableError as error:
            log.warning("run %s cannot be followed: %s", run, error)
            self._trouble = self._words.trouble(error)
        except Exception:
            # Whatever breaks one run's stream must not take the other runs off the page.
            log.exception("run %s cannot be followed", run)
            self._trouble = self._words.went_wrong_showing
        finally:
            self._over.set()
            self._hurry.set()
            self._fresh.set()

    async def _tell(self, after: asyncio.Event | None) -> None:
        if after is not None:
            await after.wait()
        over, seen_open = False, False
        while not over:
            await self._fresh.wait()
            await self._gather()
            over = self._over.is_set()
            self._fresh.clear()
            if self._gone:
                await self.leave()
                return
            if not over and not self._story.awaiting:
                await self._occupy(True)
            seen_open = seen_open or self._story.result is None
            async with self._drawing:
                picture = self._picture()
                self._told.update(step.id for step in picture.steps)
                for emission in changes(self._shown, picture, self._leftover):
                    await self._emit(emission)
                self._shown, self._leftover = picture, frozenset()
            if self._story.awaiting:
                await self._occupy(False)
            self.caught_up.set()
        if seen_open and self._story.result is not None:
            await self._emit(announcement(self._words.announced(self._story.result.state)))

    async def _gather(self) -> None:
        """Let what comes within an interval of the last telling come together; somebody's first word and the run's end
        cut it short.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._told_at + self._interval()):
                await self._hurry.wait()
        if not self._over.is_set():
            self._hurry.clear()
        self._told_at = asyncio.get_running_loop().time()

    def _picture(self) -> Picture:
        """What the page is to show now, in the detail that is wanted."""
        return reduced(self._whole_picture(), self._detail())

    def _whole_picture(self) -> Picture:
        told = draw(self._story, self._titles, self._words, self._texts, self._medians, self._models)
        outage = draw_outage(self._story, self._stage, self._words)
        whole, status = stable_id(self._story.run, "run"), status_id(self._story.run)
        steps = [replace(s, feedback=self._feedback) if s.id == whole else s for s in told.steps]
        if outage.steps:
            steps = [replace(s, name=self._words.stands_still) if s.id == status else s for s in steps]
        picture = Picture((*steps, *outage.steps), (*told.elements, *outage.elements))
        if not self._trouble or self._story.task is None:
            return picture
        run = self._story.run
        message = Step(
            id=stable_id(run, "trouble"),
            thread=self._story.task.conversation,
            parent=stable_id(run, "run"),
            type="assistant_message",
            name=AUTHOR,
            output=self._words.reload_to_see(self._trouble),
            began=self._story.accepted,
            ended=self._story.accepted,
            failed=True,
        )
        return replace(picture, steps=(*picture.steps, message))


def speaking(story: Story) -> frozenset[str]:
    """The steps that have said something, and the answer, as an empty name, when it has begun."""
    steps = (step.plan.id for step in story.steps if step.text)
    return frozenset((*steps, *([""] if story.answer else [])))
