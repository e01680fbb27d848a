"""Whether people who put in, take out and ask at the same time lose anything.

    python -m benchmarks.shelves [--seconds S] [--json]

Six people in several processes put documents into one base, for everybody or for themselves, replace them, take them
out and ask for their own and each other's. First four processes share one folder; then Redis has the record, and two
machines, each with a folder of its own and two processes, are copies of it. No model is used: what is looked for is
whether the right documents are found, not how well.

Each process writes down what it did and saw, by the clock of the machine; afterwards the notes are compared. Exit code
1 when a document was lost or found too late, one was found after its removal or its replacement was confirmed (on
another machine two seconds later), a private one was found by somebody else, or something half-indexed was left.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from benchmarks.children import be_a_child, child
from benchmarks.measure import markdown_table
from knowledge import HashEmbedder, Knowledge, KnowledgeSettings, UnknownDocument, Upload, open_knowledge
from knowledge.shelf import Shelf
from knowledge.shelves import Shelves
from orchestration.embedded import open_embedded
from orchestration.keys import PREFIX, Keys
from orchestration.redis_record import open_redis_record

BASE = "operations"
PEOPLE = ("ana", "ben", "cho", "dia", "eli", "fay")
ELSEWHERE_SECONDS = 2.0
"""A change that is confirmed holds on other machines after this time."""
PAUSE_SECONDS = 0.02
"""Between two things that one person does: people are slower."""
MOST_KEPT = 12
"""Documents that one person has at a time; more are taken out."""


Write = Callable[[str], object]


class Note(BaseModel, frozen=True):
    """What one person did or saw, with the machine's monotonic clock in seconds."""

    what: Literal["put", "removed", "asked"]
    machine: int
    person: str
    """Who did it."""
    word: str
    """Occurs in this version of a document and in no other."""
    begun: float
    ended: float
    source: str = ""
    owner: str = ""
    """Whose document it is; empty for the team's."""
    replaces: str = ""
    """The word of the version before."""
    found: tuple[str, ...] = ()
    """The words of all the documents that the question found."""


class Task(BaseModel, frozen=True):
    """What a process is told."""

    folder: Path
    notes: Path
    redis_url: str
    prefix: str
    machine: int
    people: tuple[str, ...]
    seed: int


@dataclass
class Verdict:
    """What was wrong, in sentences, and how much was done."""

    way: str
    seconds: float
    put: int = 0
    replaced: int = 0
    removed: int = 0
    asked: int = 0
    due: int = 0
    """Questions for what the person may see and had to be there."""
    lost: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    betrayed: list[str] = field(default_factory=list)
    half: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not (self.lost or self.stale or self.betrayed or self.half) and self.due > 0


# ---------------------------------------------------------------------------------- a process


@asynccontextmanager
async def _people(task: Task) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        record = None
        if task.redis_url:
            record = await stack.enter_async_context(open_redis_record(task.redis_url, Keys(task.prefix)))
        opened = open_knowledge(task.folder, KnowledgeSettings(), HashEmbedder(), {}, record)
        knowledge = await stack.enter_async_context(opened)
        await knowledge.wait_ready()
        own = task.notes / f"{os.getpid()}.jsonl"
        with own.open("w", buffering=1) as notes:
            doing = [asyncio.create_task(_Person(task, knowledge, notes.write, who).live()) for who in task.people]
            try:
                yield
            finally:
                (task.notes / "end").touch()
                await asyncio.gather(*doing)


class _Person:
    """Does one thing after the other, by chance, until it is over."""

    def __init__(self, task: Task, knowledge: Knowledge, write: Write, person: str) -> None:
        self._task = task
        self._knowledge = knowledge
        self._write = write
        self._person = person
        self._chance = random.Random(f"{task.seed} {person}")
        self._mine: dict[str, tuple[str, str, str]] = {}
        """By source: owner, document and word."""
        self._heard = _Heard(task.notes)
        self._count = 0

    async def live(self) -> None:
        try:
            while not (self._task.notes / "end").exists():
                await self._do_something()
                await asyncio.sleep(PAUSE_SECONDS * self._chance.random() * 2)
        except Exception as error:
            # The boundary of a person's life: the parent hears that it ended early.
            self._write(json.dumps({"error": f"{type(error).__name__}: {error}"}) + "\n")
            raise

    async def _do_something(self) -> None:
        dice = self._chance.random()
        if len(self._mine) >= MOST_KEPT or (dice < 0.15 and self._mine):
            await self._remove(self._chance.choice(sorted(self._mine)))
        elif dice < 0.3 or not self._mine:
            self._count += 1
            owner = self._chance.choice(("", self._person))
            await self._put(f"{self._person}-{self._task.seed}-{self._count}.md", owner)
        elif dice < 0.4:
            source = self._chance.choice(sorted(self._mine))
            await self._put(source, self._mine[source][0])
        elif dice < 0.6:
            await self._ask(self._chance.choice(sorted(self._mine.values()))[2])
        elif (word := self._heard.any(self._chance)) is not None:
            await self._ask(word)

    async def _put(self, source: str, owner: str) -> None:
        word = f"w{self._chance.getrandbits(64):016x}"
        before = self._mine.get(source)
        path = self._task.notes / f"{os.getpid()}-{self._person}.md"
        path.write_text(f"# Note {word}\n\nThe lantern {word} was lit.\n\n## More\n\nIt is about {word} again.\n")
        begun = time.monotonic()
        (done,) = await self._knowledge.ingest(BASE, [Upload(path, source)], person=owner)
        assert done.status == ("replaced" if before else "added"), done
        self._mine[source] = (owner, done.document, word)
        self._note("put", word, begun, source=source, owner=owner, replaces=before[2] if before else "")

    async def _remove(self, source: str) -> None:
        owner, document, word = self._mine.pop(source)
        begun = time.monotonic()
        await self._knowledge.remove(BASE, document, person=owner)
        self._note("removed", word, begun, source=source, owner=owner)

    async def _ask(self, word: str) -> None:
        begun = time.monotonic()
        vector = (await self._knowledge.embed([word]))[0]
        hits = await self._knowledge.search([BASE], word, vector, person=self._person, limit=12)
        found = tuple(dict.fromkeys(hit.passage.title.removeprefix("Note ") for hit in hits))
        self._note("asked", word, begun, found=found)

    def _note(self, what: Literal["put", "removed", "asked"], word: str, begun: float, **more: object) -> None:
        note = Note.model_validate(
            {"what": what, "machine": self._task.machine, "person": self._person, "word": word, "begun": begun,
             "ended": time.monotonic(), **more}
        )  # fmt: skip
        self._write(note.model_dump_json(exclude_defaults=True) + "\n")


class _Heard:
    """The words that anybody wrote down, those that are gone included."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}
        self._words: list[str] = []

    def any(self, chance: random.Random) -> str | None:
        """One of the latest; None as long as there is none."""
        for path in sorted(self._folder.glob("*.jsonl")):
            with path.open() as file:
                file.seek(self._read.get(path, 0))
                lines = file.readlines()
                whole = [line for line in lines if line.endswith("\n")]
                self._read[path] = self._read.get(path, 0) + sum(len(line) for line in whole)
            self._words += [note["word"] for line in whole if (note := json.loads(line)).get("what") in _CHANGES]
        return chance.choice(self._words[-60:]) if self._words else None


_CHANGES = ("put", "removed")


# ---------------------------------------------------------------------------------- afterwards


def judge(way: str, seconds: float, notes: Iterable[Note], elsewhere: float = ELSEWHERE_SECONDS) -> Verdict:
    """Compare what was done with what was seen; on another machine it has to be seen so many seconds later."""
    notes = sorted(notes, key=lambda note: note.ended)
    verdict = Verdict(way, seconds)
    put = {note.word: note for note in notes if note.what == "put"}
    leaving: dict[str, Note] = {}
    """By word: the change that took it away."""
    for note in notes:
        if note.what == "removed":
            leaving[note.word] = note
        elif note.what == "put" and note.replaces:
            leaving[note.replaces] = note
    verdict.put, verdict.removed = len(put), sum(note.what == "removed" for note in notes)
    verdict.replaced = sum(bool(note.replaces) for note in put.values())
    for asked in (note for note in notes if note.what == "asked"):
        verdict.asked += 1
        _judge_question(verdict, asked, put, leaving, elsewhere)
    return verdict


def _judge_question(
    verdict: Verdict, asked: Note, put: dict[str, Note], leaving: dict[str, Note], elsewhere: float
) -> None:
    wanted = put.get(asked.word)
    gone = leaving.get(asked.word)
    if wanted is not None and wanted.owner in ("", asked.person):
        there = asked.begun >= wanted.ended + _delay(wanted, asked, elsewhere) and (
            gone is None or asked.ended < gone.begun
        )
        verdict.due += there
        if there and asked.word not in asked.found:
            since = asked.begun - wanted.ended
            where = "there" if asked.machine == wanted.machine else "elsewhere"
            verdict.lost.append(f"{wanted.source} was not found {where} {since:.2f} s after it was put in")
    for word in asked.found:
        change = leaving.get(word)
        if change is not None and asked.begun >= change.ended + _delay(change, asked, elsewhere):
            late = asked.begun - change.ended
            verdict.stale.append(f"{change.source} was found {late:.2f} s after it was taken out or replaced")
        there_is = put.get(word)
        if there_is is not None and there_is.owner not in ("", asked.person):
            verdict.betrayed.append(f"{asked.person} found {there_is.source} of {there_is.owner}")


def _delay(change: Note, asked: Note, elsewhere: float) -> float:
    return 0.0 if change.machine == asked.machine else elsewhere


async def inspect(verdict: Verdict, notes: Sequence[Note], folders: Sequence[Path], redis_url: str, keys: Keys) -> None:
    """What is there at the end: exactly what was put in and not taken out, whole, on every machine."""
    present: dict[tuple[str, str], Note] = {}
    for note in sorted(notes, key=lambda note: note.ended):
        if note.what == "put":
            present[note.owner, note.source] = note
        elif note.what == "removed":
            present.pop((note.owner, note.source), None)
    for folder in folders:
        verdict.half += await asyncio.to_thread(leftovers, folder)
        async with AsyncExitStack() as stack:
            record = None
            if redis_url:
                record = await stack.enter_async_context(open_redis_record(redis_url, keys))
            opened = open_knowledge(folder, KnowledgeSettings(), HashEmbedder(), {}, record)
            knowledge = await stack.enter_async_context(opened)
            await knowledge.wait_ready()
            await _inspect_folder(verdict, present, knowledge)


async def _inspect_folder(verdict: Verdict, present: dict[tuple[str, str], Note], knowledge: Knowledge) -> None:
    there = set()
    for shelf in knowledge.shelves.everything():
        verdict.half += half_indexed(shelf)
        for entry in shelf.manifest().documents:
            there.add((entry.person, entry.source))
            note = present.get((entry.person, entry.source))
            if note is None:
                verdict.stale.append(f"{entry.source} is listed although it was taken out")
                continue
            try:
                text = knowledge.original(BASE, entry.id, person=entry.person).read_text()
            except UnknownDocument:
                text = ""
            if note.word not in text:
                verdict.half.append(f"the file of {entry.source} is not the one that was put in last")
            vector = (await knowledge.embed([note.word]))[0]
            hits = await knowledge.search([BASE], note.word, vector, person=entry.person or PEOPLE[0])
            if not any(note.word in hit.passage.text for hit in hits):
                verdict.lost.append(f"{entry.source} is listed and not found")
    verdict.lost += [f"{source} is not listed in the end" for _, source in sorted(present.keys() - there)]


def leftovers(folder: Path) -> list[str]:
    """What lies in a folder, as its processes left it, and belongs to no document."""
    wrong = [f"{path.name} was not finished" for path in folder.rglob(".tmp-*")]
    wrong += [f"{path.name} was not taken in" for path in (folder / ".incoming").iterdir()]
    for shelf in Shelves(folder, HashEmbedder.name).everything():
        manifest = shelf.manifest()
        kept = {path.name for path in (shelf.folder / "originals").glob("*")} | set(shelf.artefacts.names())
        used = {name for entry in manifest.documents for name in (entry.artefact, entry.content)}
        wrong += [f"{name} belongs to no document" for name in kept - used]
    return wrong


def half_indexed(shelf: Shelf) -> list[str]:
    """What a shelf that was opened again lacks, or finds although no document has it."""
    manifest, snapshot = shelf.manifest(), shelf.snapshot()
    wrong = [f"{entry.source} is still to be fetched" for entry in manifest.missing]
    rows = sorted(row for entry in manifest.documents for row in entry.rows)
    if rows != sorted(snapshot.dense.rows().tolist()) or len(snapshot.entries) != len(manifest.documents):
        wrong.append("the index has other passages than the documents")
    return wrong


def read_notes(folder: Path) -> list[Note]:
    """Raises RuntimeError where somebody's life ended early."""
    notes = []
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            if "error" in (said := json.loads(line)):
                raise RuntimeError(said["error"])
            notes.append(Note.model_validate(said))
    return notes


# ---------------------------------------------------------------------------------- the whole


async def measure(
    seconds: float,
    *,
    machines: int,
    processes: int,
    redis_url: str,
    prefix: str = PREFIX,
    seed: int = 1,
    elsewhere: float = ELSEWHERE_SECONDS,
) -> Verdict:
    """`processes` a machine; several machines need a Redis."""
    with tempfile.TemporaryDirectory(prefix="rt-shelves-") as name:
        notes = Path(name) / "notes"
        notes.mkdir()
        folders = [Path(name) / f"machine{number}" for number in range(machines)]
        places = [(folder, number, at) for number, folder in enumerate(folders) for at in range(processes)]
        async with AsyncExitStack() as stack:
            for place, (folder, number, at) in enumerate(places):
                task = Task(
                    folder=folder,
                    notes=notes,
                    redis_url=redis_url,
                    prefix=prefix,
                    machine=number,
                    # Everybody is in several processes, and looks in each for what they put in through the others.
                    people=PEOPLE[at % 2 :: 2] if processes > 1 else PEOPLE,
                    seed=seed + place,
                )
                await stack.enter_async_context(child("benchmarks.shelves", "--be", task.model_dump_json()))
            await asyncio.sleep(seconds)
            (notes / "end").touch()
        found = read_notes(notes)
        way = "one folder" if not redis_url else "a record and two folders"
        verdict = judge(way, seconds, found, elsewhere)
        await inspect(verdict, found, folders, redis_url, Keys(prefix))
        return verdict


async def both(seconds: float) -> list[Verdict]:
    alone = await measure(seconds, machines=1, processes=4, redis_url="")
    with tempfile.TemporaryDirectory(prefix="rt-bench-") as folder:
        async with open_embedded(Path(folder)) as server:
            shared = await measure(seconds, machines=2, processes=2, redis_url=server.url)
    return [alone, shared]


def report(verdicts: Sequence[Verdict]) -> str:
    header = ("", "put in", "of them new versions", "taken out", "questions", "for what had to be found",
              "lost", "found when gone", "betrayed", "half-indexed")  # fmt: skip
    rows = [
        (v.way, v.put, v.replaced, v.removed, v.asked, v.due, len(v.lost), len(v.stale), len(v.betrayed), len(v.half))
        for v in verdicts
    ]
    wrong = Counter(sentence for v in verdicts for sentence in (*v.lost, *v.stale, *v.betrayed, *v.half))
    cells = [tuple(map(str, row)) for row in rows]
    return "\n".join([markdown_table(header, cells), *(f"{count} x {what}" for what, count in wrong.most_common(20))])


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.shelves", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="for each of the two ways")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--be", metavar="TASK", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.be:
        asyncio.run(be_a_child(_people(Task.model_validate_json(args.be))))
        return 0
    verdicts = asyncio.run(both(args.seconds))
    print(json.dumps([{**asdict(v), "good": v.good} for v in verdicts], indent=2) if args.json else report(verdicts))
    return 0 if all(verdict.good for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
