"""Dead letters: messages that no worker could use, kept with the reason, for an operator to look at and replay."""

import asyncio
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from orchestration.batching import Batcher
from orchestration.errors import Forged, ForgedPart, Superseded, UnknownDeadLetter, UnsupportedMessage
from orchestration.keys import Keys
from orchestration.messages import PRIORITIES, StepMessage, Task, decode
from orchestration.signing import Signing
from orchestration.store import RunStore

REPLAYS = uuid.UUID("6f0f7f0e-3b0a-4d5c-9a56-0f7d5f0c5b11")
"""Namespace of the ids of replayed runs: replaying a letter twice is one run."""

_ENTRY = re.compile(r"[0-9]{1,19}-[0-9]{1,19}")
"""What Redis takes for an entry's id."""


@dataclass(frozen=True)
class DeadLetter:
    """One of them."""

    agent: str
    entry: str
    """Its place in the agent's dead letters."""
    at: float
    """Since when, epoch seconds by the server's clock."""
    reason: str
    fields: Mapping[str, str]
    """The whole message, as it was; bytes that are not text are shown escaped."""
    step: StepMessage | None
    """What it asks, when it can be read."""
    body: bytes
    """What is signed of it."""
    forged: str
    """Why nobody who has the signing keys can have written it, as a clause; empty also where there are no keys."""

    @property
    def id(self) -> str:
        """What an operator calls it by."""
        return f"{self.agent}/{self.entry}"


class DeadLetters:
    """The dead letters of some agents."""

    def __init__(self, batcher: Batcher, keys: Keys, store: RunStore, signing: Signing, agents: Iterable[str]) -> None:
        self._signing = signing
        self._batcher = batcher
        self._keys = keys
        self._store = store
        self._agents = tuple(agents)

    async def list(self) -> list[DeadLetter]:
        """All of them, oldest first."""
        found = await asyncio.gather(
            *(self._batcher("XRANGE", self._keys.dead(agent), "-", "+") for agent in self._agents)
        )
        letters = [
            self._letter(agent, entry, fields)
            for agent, entries in zip(self._agents, found, strict=True)
            for entry, fields in entries
        ]
        return sorted(letters, key=lambda letter: (letter.at, letter.id))

    async def find(self, name: str) -> DeadLetter:
        """The one of this id; raises UnknownDeadLetter."""
        agent, _, entry = name.rpartition("/")
        if agent in self._agents and _ENTRY.fullmatch(entry):
            for found, fields in await self._batcher("XRANGE", self._keys.dead(agent), entry, entry):
                return self._letter(agent, found, fields)
        raise UnknownDeadLetter(f"There is no dead letter {name!r}.")

    async def replay(self, letter: DeadLetter) -> str:
        """Try again. A step that its run still waits for, or a message that could not be read, goes back to its agent.
        It is signed anew, whoever wrote it: who says so looked at it, and has the keys.

        A step whose run has gone on without it is asked again as a run of its own, for the same person and without
        what the steps before it had found; returns the id of that run, and "" otherwise. Raises UnknownDeadLetter
        when the letter is gone.
        """
        if letter.step is not None and not await self._awaited(letter.step):
            run = uuid.uuid5(REPLAYS, f"{letter.id} {letter.step.run} {letter.step.step.id}").hex
            await self._store.accept(await self._task(run, letter.agent, letter.step), "")
            await self.drop(letter)
            return run
        stream = self._keys.tasks(letter.agent)
        keys = [self._keys.dead(letter.agent), stream]
        signature = self._signing.sign_step(stream, letter.body)
        if await self._batcher.script("replay", keys, [letter.entry, signature]) is None:
            raise UnknownDeadLetter(f"There is no dead letter {letter.id!r} any more.")
        return ""

    async def drop(self, letter: DeadLetter) -> None:
        """Forget it; raises UnknownDeadLetter when it is gone."""
        if not await self._batcher("XDEL", self._keys.dead(letter.agent), letter.entry):
            raise UnknownDeadLetter(f"There is no dead letter {letter.id!r} any more.")

    async def _awaited(self, message: StepMessage) -> bool:
        try:
            record = await self._store.record(message.run)
        except Superseded:
            return False
        step = record.steps.get(message.step.id)
        return step is not None and step.state in ("queued", "running")

    async def _task(self, run: str, agent: str, message: StepMessage) -> Task:
        """For the agent whose letter it is, whatever the letter says: its workers can write any. And only what is known
        to have been asked says in which conversation the answer belongs.
        """
        asked = await self._store.task(message.run)
        if asked is not None and (asked.person != message.person or not await self._was_asked(message.run, asked)):
            asked = None
        return Task(
            id=run,
            question=message.step.question,
            person=message.person,
            conversation=asked.conversation if asked else "",
            agents=(agent,),
            asked_at=asked.asked_at if asked else 0.0,
        )

    async def _was_asked(self, run: str, task: Task) -> bool:
        try:
            return await self._store.asked(run, task)
        except (ForgedPart, UnsupportedMessage, ValueError):
            return False

    def _letter(self, agent: str, entry: bytes, fields: Mapping[bytes, bytes]) -> DeadLetter:
        about = dict(fields)
        reason = about.pop(b"reason", b"").decode(errors="backslashreplace")
        about.pop(b"entry", None)
        body = about.get(b"m", b"")
        try:
            step = decode(StepMessage, body)
        except (UnsupportedMessage, ValidationError):
            step = None
        return DeadLetter(
            agent=agent,
            entry=entry.decode(),
            at=int(entry.partition(b"-")[0]) / 1000,
            reason=reason,
            fields={
                name.decode(errors="backslashreplace"): value.decode(errors="backslashreplace")
                for name, value in about.items()
            },
            step=step,
            body=body,
            forged=self._forged(agent, body, about.get(b"s", b"")),
        )

    def _forged(self, agent: str, body: bytes, signature: bytes) -> str:
        """Why nobody can have written it for any of the agent's streams; which one it came from is not kept."""
        why = ""
        for priority in PRIORITIES:
            try:
                self._signing.verify_step(self._keys.tasks(agent, priority), body, signature)
            except Forged as error:
                why = str(error)
            else:
                return ""
        return why
