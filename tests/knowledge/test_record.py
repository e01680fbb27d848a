"""What is put in on one machine is found on every one: Redis has the record, the folders are copies of it."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from knowledge import Knowledge, RecordUnavailable, UnknownDocument
from knowledge.manifest import Entry
from knowledge.record import Recorded
from orchestration.connections import open_connections
from orchestration.keys import Keys
from orchestration.redis_record import RedisRecord
from tests.integration.redis_server import RedisServer
from tests.knowledge.asking import ask, put, ready, sources
from tests.knowledge.conftest import BACKUPS, LEASES, CountingEmbedder, Write
from tests.knowledge.disk import files_with
from tests.knowledge.machines import found, gone, machine
from tests.orchestration.waiting import eventually

NEWER = "# Leases and fences\n\nA lease ends after ninety seconds without a heartbeat.\n"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The knowledge folder of one machine."""
    return tmp_path / "here"


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """That of another one."""
    return tmp_path / "there"


def listed(knowledge: Knowledge, base: str = "operations", person: str = "") -> list[str]:
    return [document.source for document in knowledge.documents(base, person)]


# ---------------------------------------------------------------------------------- as it should be


async def test_a_document_is_found_on_every_machine(
    redis_url: str, keys: Keys, here: Path, there: Path, write: Write
) -> None:
    """Soon, with its file, and nothing is embedded for it a second time."""
    counting = CountingEmbedder()
    async with machine(here, redis_url, keys) as one, machine(there, redis_url, keys, embedder=counting) as two:
        taken = (await put(one, write("leases.md", LEASES)))[0]
        await found(two, "leases.md", "heartbeat lease")
        assert set(counting.texts) == {"ready?", "heartbeat lease"}
        assert two.original("operations", taken.document, person="ben").read_text() == LEASES
        assert two.documents("operations") == one.documents("operations")
        assert sources(await ask(one, "heartbeat lease"))[0] == "leases.md"


async def test_whoever_joins_late_is_ready_with_everything(
    redis_url: str, keys: Keys, here: Path, there: Path, write: Write
) -> None:
    """It fetches before it says that it is ready."""
    async with machine(here, redis_url, keys) as one:
        await put(one, write("leases.md", LEASES), write("backups.md", BACKUPS))
    counting = CountingEmbedder()
    async with machine(there, redis_url, keys, embedder=counting) as two:
        assert listed(two) == ["backups.md", "leases.md"]
    assert counting.texts == ["ready?"]


async def test_a_removed_document_is_gone_everywhere(
    redis_url: str, keys: Keys, here: Path, there: Path, write: Write
) -> None:
    """From the answers, the lists, the disks and the record."""
    async with machine(here, redis_url, keys) as one, machine(there, redis_url, keys) as two:
        taken = (await put(one, write("leases.md", LEASES)))[0]
        await found(two, "leases.md", "heartbeat lease")
        await two.remove("operations", taken.document, person="")
        assert listed(two) == []
        await gone(one, "leases.md", "heartbeat lease")
        with pytest.raises(UnknownDocument):
            one.original("operations", taken.document, person="")
    assert not files_with(b"heartbeat", here) + files_with(b"heartbeat", there)
    with Redis.from_url(redis_url) as redis:
        assert not list(redis.scan_iter(f"{keys.documents}*"))


async def test_a_new_version_takes_the_old_ones_place(
    redis_url: str, keys: Keys, here: Path, there: Path, write: Write
) -> None:
    """On both machines, and the old one's files leave the record."""
    async with machine(here, redis_url, keys) as one, machine(there, redis_url, keys) as two:
        await put(one, write("leases.md", LEASES))
        await found(two, "leases.md", "heartbeat lease")
        assert (await put(two, write("leases.md", NEWER)))[0].status == "replaced"
        await eventually(lambda: _first(one, "ninety seconds", "ninety"), "the new version")
        assert listed(one) == ["leases.md"]
    with Redis.from_url(redis_url) as redis:
        assert len(list(redis.scan_iter(f"{keys.documents}*"))) == 1


async def test_a_document_is_given_to_another_agent_everywhere(
    redis_url: str, keys: Keys, here: Path, there: Path, write: Write
) -> None:
    """Its files stay where they are in the record."""
    counting = CountingEmbedder()
    async with machine(here, redis_url, keys) as one, machine(there, redis_url, keys, embedder=counting) as two:
        taken = (await put(one, write("leases.md", LEASES), person="ana"))[0]
        await found(two, "leases.md", "heartbeat lease", person="ana")
        await one.move("operations", taken.document, "security", person="ana")
        await found(two, "leases.md", "heartbeat lease", base="security", person="ana")
        await gone(two, "leases.md", "heartbeat lease", person="ana")
        assert await ask(one, "heartbeat lease", "security", person="ben") == []
    assert set(counting.texts) == {"ready?", "heartbeat lease"}


async def test_what_is_private_stays_private_on_the_way(
    redis_url: str, keys: Keys, here: Path, there: Path, write: Write
) -> None:
    """Ana finds it on the other machine, nobody else does, and Ben is told nothing when he has the same file."""
    async with machine(here, redis_url, keys) as one, machine(there, redis_url, keys) as two:
        diary = write("diary.md", LEASES)
        await put(one, diary, person="ana")
        await found(two, "diary.md", "heartbeat lease", person="ana")
        for person in ("ben", "", "local", "team"):
            assert await ask(two, "heartbeat lease", person=person) == []
            assert listed(two, person=person) == []
        assert (await put(two, diary, person="ben"))[0].status == "added"


async def test_the_catalog_stays_local_and_what_people_do_to_it_does_not(
    redis_url: str, keys: Keys, here: Path, there: Path, write: Write
) -> None:
    """One of its documents is taken out, another one is replaced: both hold on every machine, after a start too."""
    catalog = {"operations": [write("leases.md", LEASES), write("backups.md", BACKUPS)]}
    newer = write("newer.md", NEWER).rename(here.parent / "leases.md")
    async with machine(here, redis_url, keys, seeds=catalog) as one:
        async with machine(there, redis_url, keys, seeds=catalog) as two:
            backups = next(d for d in one.documents("operations") if d.source == "backups.md")
            await one.remove("operations", backups.id, person="")
            await put(one, newer)
            await gone(two, "backups.md", "weekly backup")
            await eventually(lambda: _first(two, "ninety seconds", "ninety"), "the person's version")
        async with machine(there, redis_url, keys, seeds=catalog) as two:
            assert listed(two) == ["leases.md"]
            assert await _first(two, "ninety seconds", "ninety")
    with Redis.from_url(redis_url) as redis:
        assert len(list(redis.scan_iter(f"{keys.documents}*"))) == 1, "only the person's is in the record"


async def test_a_worker_holds_only_what_its_agents_need(
    redis_url: str, keys: Keys, here: Path, there: Path, write: Write
) -> None:
    """The other agents' documents never come to its machine."""
    async with machine(here, redis_url, keys) as one:
        await put(one, write("leases.md", LEASES))
        await put(one, write("backups.md", BACKUPS), base="security")
        async with machine(there, redis_url, keys, bases=["security"]) as two:
            assert (listed(two, "security"), listed(two, "operations")) == (["backups.md"], [])


async def test_two_processes_of_a_machine_fetch_once(
    redis_url: str, keys: Keys, here: Path, there: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each document crosses the network once, however many processes share the folder."""
    fetched: list[tuple[RedisRecord, str]] = []
    putting: set[RedisRecord] = set()
    fetch, put_in = RedisRecord.fetch, RedisRecord.put

    def watched(self: RedisRecord, entry: Entry) -> AsyncIterator[tuple[str, bytes]]:
        fetched.append((self, entry.source))
        return fetch(self, entry)

    async def noted(self: RedisRecord, *given: Any, **more: Any) -> Recorded | None:
        putting.add(self)
        return await put_in(self, *given, **more)

    monkeypatch.setattr(RedisRecord, "fetch", watched)
    monkeypatch.setattr(RedisRecord, "put", noted)
    async with (
        machine(here, redis_url, keys) as one,
        machine(there, redis_url, keys) as two,
        machine(there, redis_url, keys) as three,
    ):
        documents = [write(f"{n}.md", f"# Note {n}\n\nThe lantern number {n}.\n") for n in range(8)]
        await put(one, *documents)
        for knowledge in (two, three):
            await eventually(partial(_count, knowledge, 8), "all of them are there")
    # A look of the machine that puts them in may come between the record and its own folder.
    assert sorted(source for record, source in fetched if record not in putting) == [each.name for each in documents]


# ---------------------------------------------------------------------------------- the record and the copies


async def test_the_folder_is_made_again_from_the_record(redis_url: str, keys: Keys, here: Path, write: Write) -> None:
    """Somebody deleted it: the next start brings everything back, and embeds nothing."""
    async with machine(here, redis_url, keys) as one:
        await put(one, write("leases.md", LEASES))
        await put(one, write("diary.md", BACKUPS), person="ana")
    shutil.rmtree(here)
    counting = CountingEmbedder()
    async with machine(here, redis_url, keys, embedder=counting) as one:
        assert listed(one, person="ana") == ["diary.md", "leases.md"]
        assert sources(await ask(one, "weekly backup", person="ana"))[0] == "diary.md"
    assert counting.texts == ["ready?", "weekly backup"]


async def test_a_machine_that_was_away_does_not_bring_back_what_was_removed(
    redis_url: str, keys: Keys, here: Path, there: Path, write: Write
) -> None:
    """It hears of the removal when it comes back."""
    async with machine(here, redis_url, keys) as one:
        taken = (await put(one, write("leases.md", LEASES)))[0]
        async with machine(there, redis_url, keys) as two:
            assert listed(two) == ["leases.md"]
        await one.remove("operations", taken.document, person="")
        async with machine(there, redis_url, keys) as two:
            assert listed(two) == []
        assert listed(one) == []


async def test_a_folder_that_was_all_there_was_brings_its_documents(
    redis_url: str, keys: Keys, here: Path, there: Path, write: Write
) -> None:
    """It was filled without REDIS_URL: everybody's and Ana's own, and what she took out of the catalog."""
    catalog = {"operations": [write("backups.md", BACKUPS)]}
    async with ready(here, catalog) as alone:
        await put(alone, write("leases.md", LEASES))
        await put(alone, write("diary.md", NEWER), person="ana")
        backups = next(d for d in alone.documents("operations") if d.seed)
        await alone.remove("operations", backups.id, person="")
    counting = CountingEmbedder()
    async with (
        machine(there, redis_url, keys, seeds=catalog, embedder=counting) as two,
        machine(here, redis_url, keys, seeds=catalog, embedder=counting) as one,
    ):
        assert listed(one, person="ana") == ["diary.md", "leases.md"]
        counting.texts.clear()
        await found(two, "leases.md", "heartbeat lease", person="ben")
        await gone(two, "backups.md", "weekly backup")
        await eventually(lambda: _lists(two, "ana", "diary.md", "leases.md"), "hers is there as well")
        assert set(counting.texts) <= {"heartbeat lease", "weekly backup"}
        leases = next(d for d in two.documents("operations") if d.source == "leases.md")
        await two.remove("operations", leases.id, person="")
        await gone(one, "leases.md", "heartbeat lease")


async def test_what_was_put_in_while_there_was_no_record_is_brought(
    redis_url: str, keys: Keys, here: Path, there: Path, write: Write
) -> None:
    """Somebody forgot REDIS_URL once; and a folder that still has the first layout is no obstacle."""
    async with ready(there) as alone:
        await put(alone, write("old.md", "# Old\n\nAn old lantern.\n"))
    team = there / "operations" / "team"
    for path in list(team.iterdir()):
        path.rename(there / "operations" / path.name)
    team.rmdir()
    async with machine(here, redis_url, keys) as one:
        await put(one, write("leases.md", LEASES))
    async with ready(here) as alone:
        await put(alone, write("backups.md", BACKUPS))
    async with machine(here, redis_url, keys) as one, machine(there, redis_url, keys) as two:
        await found(one, "old.md", "lantern")
        assert listed(one) == listed(two) == ["backups.md", "leases.md", "old.md"]


async def test_of_two_old_folders_the_newer_document_stays(
    redis_url: str, keys: Keys, here: Path, there: Path, write: Write
) -> None:
    """Both have one of the same name: the order in which they join does not matter."""
    for folder, text in ((here, LEASES), (there, NEWER)):
        async with ready(folder) as alone:
            await put(alone, write("leases.md", text))
    async with machine(there, redis_url, keys) as two, machine(here, redis_url, keys) as one:
        for knowledge in (one, two):
            assert await _first(knowledge, "ninety seconds", "ninety")
            assert listed(knowledge) == ["leases.md"]


async def test_when_redis_was_emptied_nothing_is_lost(
    redis_url: str, keys: Keys, here: Path, there: Path, write: Write
) -> None:
    """Each machine brings what it has; what both had is there once."""
    async with machine(here, redis_url, keys) as one, machine(there, redis_url, keys, bases=["operations"]) as two:
        await put(one, write("leases.md", LEASES))
        await put(one, write("diary.md", BACKUPS), person="ana", base="security")
        await found(two, "leases.md", "heartbeat lease")
        with Redis.from_url(redis_url) as redis:
            redis.delete(*redis.scan_iter(f"{keys.prefix}:*"))
        await put_when_possible(two, write("new.md", "# New\n\nA lantern was lit.\n"))
        await found(one, "new.md", "lantern")
        assert listed(one) == listed(two) == ["leases.md", "new.md"]
    shutil.rmtree(here)
    async with machine(here, redis_url, keys) as one:
        assert listed(one) == ["leases.md", "new.md"]
        assert listed(one, "security", "ana") == ["diary.md"]


@pytest.mark.parametrize("first", ["who knew of the removal", "who was away"])
async def test_an_emptied_redis_does_not_bring_back_what_was_removed(
    redis_url: str, keys: Keys, here: Path, there: Path, write: Write, first: str
) -> None:
    """A machine was away while the document was removed and while Redis lost everything; it has it still."""
    async with machine(here, redis_url, keys) as one:
        taken = (await put(one, write("leases.md", LEASES), write("backups.md", BACKUPS)))[0]
        async with machine(there, redis_url, keys):
            pass
        await one.remove("operations", taken.document, person="")
    with Redis.from_url(redis_url) as redis:
        redis.delete(*redis.scan_iter(f"{keys.prefix}:*"))
    folders = [here, there] if first == "who knew of the removal" else [there, here]
    async with machine(folders[0], redis_url, keys) as one, machine(folders[1], redis_url, keys) as two:
        assert listed(two) == ["backups.md"]
        await gone(one, "leases.md", "heartbeat lease")


@pytest.mark.parametrize("running", [True, False])
async def test_redis_was_put_back_to_an_older_state(
    redis_url: str, keys: Keys, here: Path, there: Path, write: Write, running: bool
) -> None:
    """From a backup, or a replica took over: what it lacks is brought again, and everybody goes on following it."""
    redis = Redis.from_url(redis_url)
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(machine(here, redis_url, keys))
        await put(one, write("old.md", LEASES))
        backup = {key: redis.dump(key) or b"" for key in redis.scan_iter(f"{keys.prefix}:*")}
        await put(one, write("backups.md", BACKUPS))
        await put(one, write("more.md", "# More\n\nMore lanterns.\n"))
        if not running:
            await stack.aclose()
        with redis.pipeline() as at_once:
            at_once.delete(*redis.scan_iter(f"{keys.prefix}:*"))
            for key, value in backup.items():
                at_once.restore(key, 0, value)
            at_once.execute()
        redis.close()
        if not running:
            one = await stack.enter_async_context(machine(here, redis_url, keys))
        two = await stack.enter_async_context(machine(there, redis_url, keys))
        await eventually(lambda: _lists(two, "", "backups.md", "more.md", "old.md"), "it is all there")
        await put(two, write("new.md", "# New\n\nA lantern was lit.\n"))
        await found(one, "new.md", "lantern was lit")


# ---------------------------------------------------------------------------------- without Redis


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with tempfile.TemporaryDirectory(prefix="rt-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        yield server
        server.close()


async def test_without_redis_the_copy_answers_and_changes_are_refused(
    server: RedisServer, here: Path, there: Path, write: Write
) -> None:
    """In one sentence; and when it is back everything goes on."""
    keys = Keys("away")
    async with machine(here, server.url, keys) as one:
        taken = (await put(one, write("leases.md", LEASES)))[0]
        server.kill()
        assert sources(await ask(one, "heartbeat lease"))[0] == "leases.md"
        with pytest.raises(RecordUnavailable, match="does not answer; please try again"):
            await put(one, write("backups.md", BACKUPS))
        with pytest.raises(RecordUnavailable):
            await one.remove("operations", taken.document, person="")
        with pytest.raises(RecordUnavailable):
            await one.move("operations", taken.document, "security", person="")
        assert listed(one) == ["leases.md"]
        async with machine(here, server.url, keys) as another:
            assert listed(another) == ["leases.md"], "a process that starts now serves what is there"
        server.start()
        async with machine(there, server.url, keys) as two:
            assert (await put(one, write("backups.md", BACKUPS)))[0].status == "added"
            await found(two, "backups.md", "weekly backup")


async def test_a_full_redis_refuses_in_one_sentence(server: RedisServer, here: Path, write: Write) -> None:
    """What was uploaded of it goes by itself, and the documents that are in go on answering."""
    async with machine(here, server.url, Keys("full")) as one, AsyncRedis.from_url(server.url) as redis:
        await put(one, write("leases.md", LEASES))
        await redis.config_set("maxmemory", 1)
        with pytest.raises(RecordUnavailable, match="Redis refused to keep"):
            await put(one, write("backups.md", BACKUPS))
        assert listed(one) == ["leases.md"]
        assert sources(await ask(one, "heartbeat lease"))[0] == "leases.md"


# ---------------------------------------------------------------------------------- corners of the record


async def test_an_upload_is_kept_only_when_it_is_whole(redis_url: str, keys: Keys) -> None:
    """Its parts expire until then; when one is missing, the document stays out."""
    async with open_connections(redis_url) as connections, AsyncRedis.from_url(redis_url) as redis:
        script, document = connections.batcher.script, keys.document("upload")
        shelf = [keys.record, keys.shelves, keys.shelf("operations", ""), keys.unwanted("operations"), document]
        shelve = partial(script, "shelve", shelf)
        args = ["operations/", "leases.md", "upload", "{}"]
        assert await shelve([*args, 1, keys.documents, "*"]) == [b"LOST"]
        await script("upload", [document], ["passages.json:0", b"text", 60_000])
        assert 0 < await redis.pttl(document) <= 60_000
        assert await shelve([*args, 2, keys.documents, "*"]) == [b"LOST"]
        assert await shelve([*args, 1, keys.documents, "another one"]) == [b"OTHER"]
        assert not await redis.exists(document)
        await script("upload", [document], ["passages.json:0", b"text", 60_000])
        assert await shelve([*args, 1, keys.documents, "*"]) == [b"OK", 1, 0]
        assert await shelve([*args, 1, keys.documents, "*"]) == [b"OK", 1, 0], "said twice, done once"
        await script("upload", [document], ["passages.json:0", b"late", 60_000])
        assert (await redis.ttl(document), await redis.hget(document, "passages.json:0")) == (-1, b"text")


async def test_a_document_of_many_parts_comes_back_as_it_was(
    redis_url: str, keys: Keys, here: Path, write: Write
) -> None:
    """Byte for byte, an empty file among its files too."""
    text = "# Large\n\n" + "".join(f"Sentence number {n} of a long text.\n\n" for n in range(400))
    async with open_connections(redis_url) as connections, ready(here) as alone:
        await put(alone, write("large.md", text))
        await alone.sentences.settled()
        shelf = alone.shelves.get("operations")
        entry = shelf.manifest().documents[0]
        files = {**shelf.files(entry), "empty": write("empty", "")}
        record = RedisRecord(connections.batcher, keys, part_bytes=10_000)
        kept = await record.put(shelf.name, entry, files)
        assert kept is not None
        fetched: dict[str, bytes] = {}
        async for name, part in record.fetch(kept.entry):
            assert len(part) <= 10_000
            fetched[name] = fetched.get(name, b"") + part
        assert fetched == {name: path.read_bytes() for name, path in files.items()}


async def test_a_stale_listing_changes_nothing(redis_url: str, keys: Keys, here: Path, write: Write) -> None:
    """Two looks that overtake each other: the older one brings nothing back and takes nothing away."""
    async with machine(here, redis_url, keys) as one, open_connections(redis_url) as connections:
        record = RedisRecord(connections.batcher, keys)
        shelf = one.shelves.get("operations")
        taken = (await put(one, write("leases.md", LEASES)))[0]
        with_leases = await record.listing(shelf.name)
        await put(one, write("backups.md", BACKUPS))
        shelf.follow(with_leases)
        assert listed(one) == ["backups.md", "leases.md"]
        await one.remove("operations", taken.document, person="")
        shelf.follow(with_leases)
        assert listed(one) == ["backups.md"]
        assert shelf.manifest().missing == ()


async def put_when_possible(knowledge: Knowledge, path: Path) -> None:
    """Between an emptied Redis and the first look at it a change is refused, in one sentence."""

    async def done() -> bool:
        try:
            return bool(await put(knowledge, path))
        except RecordUnavailable:
            return False

    await eventually(done, "it can be put in")


async def _lists(knowledge: Knowledge, person: str, *names: str) -> bool:
    return listed(knowledge, person=person) == [*names]


async def _first(knowledge: Knowledge, question: str, word: str) -> bool:
    hits = await ask(knowledge, question)
    return bool(hits) and word in hits[0].passage.text


async def _count(knowledge: Knowledge, count: int) -> bool:
    return len(knowledge.documents("operations")) == count
