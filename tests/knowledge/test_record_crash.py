"""A process is killed between any two steps of a change: each document is wholly in or wholly out, everywhere."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from knowledge import Knowledge, UnknownDocument
from orchestration.keys import Keys
from tests.knowledge.asking import ask, put, ready, sources
from tests.knowledge.conftest import BACKUPS, LEASES, Write
from tests.knowledge.dying import KILLED, Act, Death
from tests.knowledge.machines import machine
from tests.orchestration.waiting import PATIENCE_SECONDS, eventually

NEWER = "# Leases and fences\n\nA lease ends after ninety seconds without a heartbeat.\n"


@dataclass(frozen=True)
class State:
    """What is in, by base, and what its text says."""

    operations: tuple[str, ...] = ()
    security: tuple[str, ...] = ()
    says: str = "thirty seconds"


IN, OUT, NEW = State(("leases.md",)), State(), State(("leases.md",), says="ninety seconds")
MOVED = State(security=("leases.md",))

CASES: tuple[tuple[Death, State], ...] = (
    (Death(act="puts", when="before", step="upload"), OUT),
    (Death(act="puts", when="after", step="upload"), OUT),
    (Death(act="puts", when="before", step="shelve"), OUT),
    (Death(act="puts", when="after", step="shelve"), IN),
    (Death(act="puts", when="after", step="keep"), IN),
    (Death(act="puts", when="after", step="put"), IN),
    (Death(act="replaces", when="before", step="shelve"), IN),
    (Death(act="replaces", when="after", step="shelve"), NEW),
    (Death(act="replaces", when="after", step="keep"), NEW),
    (Death(act="replaces", when="after", step="put"), NEW),
    (Death(act="removes", when="before", step="unshelve"), IN),
    (Death(act="removes", when="after", step="unshelve"), OUT),
    (Death(act="removes", when="after", step="follow"), OUT),
    (Death(act="moves", when="before", step="reshelve"), IN),
    (Death(act="moves", when="after", step="reshelve"), MOVED),
    (Death(act="moves", when="after", step="take"), MOVED),
    (Death(act="takes out of the catalog", when="before", step="unwant"), IN),
    (Death(act="takes out of the catalog", when="after", step="unwant"), OUT),
    (Death(act="fetches", when="before", step="HGET"), IN),
    (Death(act="fetches", when="after", step="HGET"), IN),
    (Death(act="fetches", when="after", step="keep"), IN),
    (Death(act="fetches", when="after", step="put"), IN),
)


@pytest.mark.parametrize(("death", "left"), CASES, ids=[f"{d.act}, {d.when} {d.step}" for d, _ in CASES])
async def test_wholly_in_or_wholly_out(
    redis_url: str, keys: Keys, tmp_path: Path, write: Write, death: Death, left: State
) -> None:
    """On the machine where it happened and on another one; and then the same change goes through."""
    here, there = tmp_path / "here", tmp_path / "there"
    leases = write("leases.md", LEASES)
    seeds = {"operations": [leases]} if death.act == "takes out of the catalog" else {}
    if death.act not in ("puts", "takes out of the catalog"):
        async with machine(there if death.act == "fetches" else here, redis_url, keys) as one:
            await put(one, leases)
    if death.act == "replaces":
        write("leases.md", NEWER)
    told = death.model_copy(update={"folder": here, "redis_url": redis_url, "prefix": keys.prefix, "source": leases})
    assert await _killed(told), f"it did not die {death.when} {death.step}"
    async with machine(there, redis_url, keys, seeds=seeds) as two, machine(here, redis_url, keys, seeds=seeds) as one:
        for knowledge in (one, two):
            assert await _state(knowledge) == left
        await _again(death.act, one, leases)
        after = {"puts": IN, "fetches": IN, "replaces": NEW, "moves": MOVED}.get(death.act, OUT)
        for knowledge in (one, two):
            await eventually(lambda k=knowledge: _is(k, after), "the change went through")  # type: ignore[misc]
    _nothing_is_left(here)
    _nothing_is_left(there)


async def test_without_a_record_too(tmp_path: Path, redis_url: str, write: Write) -> None:
    """The folder alone is as safe: what was packed and not put onto the shelf is gone at the next start."""
    folder = tmp_path / "knowledge"
    async with ready(folder) as knowledge:
        await put(knowledge, write("leases.md", LEASES))
        (folder / ".incoming" / "1-dead" / "package" / "document").mkdir(parents=True)
        (folder / ".incoming" / "1-dead" / "alive").touch()
        assert (await put(knowledge, write("backups.md", BACKUPS)))[0].status == "added"
    async with ready(folder) as knowledge:
        assert len(knowledge.documents("operations")) == 2
    _nothing_is_left(folder)


async def _killed(death: Death) -> bool:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.knowledge.dying", death.model_dump_json(), cwd=Path(__file__).parents[2]
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await process.wait() == KILLED
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _state(knowledge: Knowledge) -> State:
    """What is listed and, when it is, found, has its file and says what it should."""
    bases = ("operations", "security")
    names = {base: tuple(document.source for document in knowledge.documents(base)) for base in bases}
    hits = await ask(knowledge, "After how many seconds does a lease end?", *bases, limit=50)
    assert {(hit.passage.base, hit.passage.source) for hit in hits} == {
        (base, source) for base in bases for source in names[base]
    }
    if not hits:
        return State()
    text = " ".join(hit.passage.text for hit in hits)
    base = hits[0].passage.base
    original = knowledge.original(base, hits[0].passage.document, person="").read_text()
    says = [words for words in (IN.says, NEW.says) if words in text]
    assert len(says) == 1 and says[0] in original
    assert sources(hits) == ["leases.md"] * knowledge.documents(base)[0].passages
    return State(**names, says=says[0])


async def _is(knowledge: Knowledge, state: State) -> bool:
    try:
        return await _state(knowledge) == state
    except (AssertionError, UnknownDocument):
        return False  # the change came between the list and the question


async def _again(act: Act, knowledge: Knowledge, source: Path) -> None:
    """What the killed process did."""
    documents = knowledge.documents("operations")
    if act in ("puts", "replaces"):
        await put(knowledge, source)
    elif act == "moves" and documents:
        await knowledge.move("operations", documents[0].id, "security", person="")
    elif act in ("removes", "takes out of the catalog") and documents:
        await knowledge.remove("operations", documents[0].id, person="")


def _nothing_is_left(folder: Path) -> None:
    """Every file belongs to a document that is listed."""
    assert list((folder / ".incoming").iterdir()) == []
    for shelf in folder.glob("*/team"):
        listed = (shelf / "manifest.json").read_text()
        for kind in ("documents", "originals"):
            kept = [path.name for path in (shelf / kind).iterdir()] if (shelf / kind).is_dir() else []
            assert [name for name in kept if name not in listed] == []
