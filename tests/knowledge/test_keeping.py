"""What people do with documents that are there: look, take out, give away, get back."""

import asyncio
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from knowledge import (
    HashEmbedder,
    KnowledgeSettings,
    Matrix,
    NameTaken,
    UnknownDocument,
    Upload,
    open_knowledge,
)
from knowledge.manifest import ManifestFile
from tests.knowledge.asking import ask, put, ready, sources, texts
from tests.knowledge.conftest import BACKUPS, LEASES, CountingEmbedder, Write
from tests.knowledge.disk import files_with
from tests.orchestration.waiting import PATIENCE_SECONDS


async def test_a_document_is_listed_with_what_is_known_of_it(folder: Path, write: Write) -> None:
    """Its size and owner among the rest, and the file itself can be had back."""
    async with ready(folder) as knowledge:
        taken = (await put(knowledge, write("leases.md", LEASES), person="ana"))[0]
        document = knowledge.documents("operations", person="ana")[0]
        assert (document.id, document.person, document.size) == (taken.document, "ana", len(LEASES.encode()))
        assert knowledge.original("operations", document.id, person="ana").read_text() == LEASES


async def test_the_same_content_is_there_only_once(folder: Path, write: Write, embedder: CountingEmbedder) -> None:
    """Under another name too: nothing is embedded, and it is said what it is called."""
    async with ready(folder, embedder=embedder) as knowledge:
        await put(knowledge, write("leases.md", LEASES))
        await knowledge.sentences.settled()
        embedder.texts.clear()
        again = (await put(knowledge, write("copy.md", LEASES), person="ana"))[0]
        assert (again.status, again.source) == ("unchanged", "leases.md")
        assert again.reason == "It is there already, as “leases.md”."
        assert embedder.texts == []


async def test_a_file_is_read_once_and_kept_where_it_then_belongs(
    folder: Path, write: Write, embedder: CountingEmbedder
) -> None:
    """Its copy is kept as well, although the file itself is gone by then; what is there is not embedded again."""
    async with ready(folder, embedder=embedder) as knowledge:
        path = write("leases.md", LEASES)
        async with knowledge.copy(Upload(path)) as file:
            path.unlink()
            drafted = await knowledge.peek(file)
            assert await knowledge.holding(["operations", "security"], file.content, person="ana") is None
            embedder.texts.clear()
            kept = await knowledge.keep("security", drafted, person="ana")
            await knowledge.sentences.settled()
            made = len(embedder.texts)
            again = await knowledge.keep("security", drafted, person="ana")
        assert (kept.status, again.status, len(embedder.texts)) == ("added", "unchanged", made)
        assert knowledge.original("security", kept.document, person="ana").read_text() == LEASES
        found = await knowledge.holding(["operations", "security"], file.content, person="ana")
        assert found is not None
        assert (found[0], found[1].id) == ("security", kept.document)
        assert await knowledge.holding(["operations", "security"], file.content, person="ben") is None


async def test_what_is_removed_is_gone(folder: Path, write: Write) -> None:
    """From the list, from both rankings, by its id, and from the disk."""
    async with ready(folder) as knowledge:
        taken = (await put(knowledge, write("leases.md", LEASES), write("backups.md", BACKUPS)))[0]
        passage = (await ask(knowledge, "heartbeat lease"))[0].passage
        await knowledge.remove("operations", taken.document, person="")
        assert "leases.md" not in sources(await ask(knowledge, "heartbeat lease fence"))
        assert knowledge.passage("operations", passage.id, person="") is None
        with pytest.raises(UnknownDocument):
            knowledge.original("operations", taken.document, person="")
        with pytest.raises(UnknownDocument):
            await knowledge.remove("operations", taken.document, person="")
    assert not files_with(b"heartbeat", folder)


async def test_a_removed_document_of_the_catalog_does_not_come_back(folder: Path, write: Write) -> None:
    """Until somebody puts one of that name in again."""
    seeds = {"operations": [write("leases.md", LEASES)]}
    async with ready(folder, seeds) as knowledge:
        await knowledge.remove("operations", knowledge.documents("operations")[0].id, person="")
    async with ready(folder, seeds) as knowledge:
        assert knowledge.documents("operations") == []
        assert (await put(knowledge, seeds["operations"][0]))[0].status == "added"
    async with ready(folder, seeds) as knowledge:
        assert len(knowledge.documents("operations")) == 1


async def test_a_document_is_given_to_another_agent(folder: Path, write: Write, embedder: CountingEmbedder) -> None:
    """As it is: nothing is embedded again, and it stays the person's own."""
    async with ready(folder, embedder=embedder) as knowledge:
        taken = (await put(knowledge, write("leases.md", LEASES), person="ana"))[0]
        await knowledge.sentences.settled()
        embedder.texts.clear()
        await knowledge.move("operations", taken.document, "security", person="ana")
        assert embedder.texts == []
        assert sources(await ask(knowledge, "heartbeat lease", "security", person="ana"))[0] == "leases.md"
        assert await ask(knowledge, "heartbeat lease", "operations", person="ana") == []
        assert await ask(knowledge, "heartbeat lease", "security", person="ben") == []
        assert knowledge.original("security", taken.document, person="ana").read_text() == LEASES


async def test_nobody_touches_what_is_somebody_elses(folder: Path, write: Write) -> None:
    """Every door says the same to Ben as if there were nothing."""
    async with ready(folder) as knowledge:
        diary = (await put(knowledge, write("diary.md", LEASES), person="ana"))[0].document
        for person in ("ben", ""):
            with pytest.raises(UnknownDocument, match="There is no such document"):
                await knowledge.remove("operations", diary, person=person)
            with pytest.raises(UnknownDocument, match="There is no such document"):
                await knowledge.move("operations", diary, "security", person=person)
            with pytest.raises(UnknownDocument, match="There is no such document"):
                knowledge.original("operations", diary, person=person)
        assert (await put(knowledge, write("notes.md", LEASES), person="ben"))[0].status == "added"


async def test_what_others_keep_does_not_change_what_a_word_is_worth(folder: Path, write: Write) -> None:
    """A score that moved with other people's documents would tell of them."""
    async with ready(folder, {"operations": [write("leases.md", LEASES)]}) as knowledge:
        before = await ask(knowledge, "What does a fence refuse?", person="ben")
        many = [write(f"{n}.md", f"# Note {n}\n\nA fence, and number {n} of many fences.\n") for n in range(20)]
        await put(knowledge, *many, person="ana")
        after = await ask(knowledge, "What does a fence refuse?", person="ben")
        assert [(hit.passage, hit.rank_score, hit.lexical) for hit in after] == [
            (hit.passage, hit.rank_score, hit.lexical) for hit in before
        ]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "etc/passwd"),
        ("C:\\Users\\ana\\report.pdf", "C:/Users/ana/report.pdf"),
        ("two\nlines\x1b[31m.md", "two lines [31m.md"),
        ("..", "document"),
        ("", "file"),
    ],
)
def test_a_name_is_only_a_name(tmp_path: Path, name: str, source: str) -> None:
    """It leads nowhere, and draws nothing on a terminal."""
    assert Upload(tmp_path / "file", name).source == source


async def test_copies_of_killed_processes_are_removed(folder: Path, write: Write) -> None:
    """Those of living ones are not."""
    left = folder / ".incoming" / "1-dead"
    left.mkdir(parents=True)
    (left / "alive").touch()
    (left / "private").write_text("Ana's diary")
    async with ready(folder):
        assert not left.exists()
        async with ready(folder) as second:
            await put(second, write("leases.md", LEASES))
            assert len(list((folder / ".incoming").iterdir())) == 2
    assert list((folder / ".incoming").iterdir()) == []


async def test_a_folder_of_the_first_layout_is_taken_over(folder: Path, write: Write) -> None:
    """One folder a base, without originals: its documents stay, nobody has to put them in again."""
    async with ready(folder) as knowledge:
        await put(knowledge, write("leases.md", LEASES))
    team = folder / "operations" / "team"
    shutil.rmtree(team / "originals")
    for path in list(team.iterdir()):
        path.rename(folder / "operations" / path.name)
    team.rmdir()
    async with ready(folder, {"operations": []}) as knowledge:
        assert "Another worker" in texts(await ask(knowledge, "worker dies"))
        assert [document.source for document in knowledge.documents("operations")] == ["leases.md"]


async def test_a_document_is_not_moved_in_place_of_another(folder: Path, write: Write) -> None:
    """Nobody has spoken of the other one; the same content is there once, under whichever name."""
    async with ready(folder) as knowledge:
        (mine,) = await put(knowledge, write("report.md", LEASES))
        (copy,) = await put(knowledge, write("copy.md", BACKUPS))
        await put(knowledge, write("report.md", BACKUPS), base="security")
        with pytest.raises(NameTaken, match=r"another “report\.md” among the documents of security"):
            await knowledge.move("operations", mine.document, "security", person="")
        await knowledge.move("operations", copy.document, "security", person="")
        assert [document.source for document in knowledge.documents("operations", "")] == ["report.md"]
        assert [document.source for document in knowledge.documents("security", "")] == ["report.md"]


async def test_a_copy_of_a_record_is_moved_like_any_other(folder: Path, write: Write) -> None:
    """A folder that was one is used without it: what a record knew of a document stops nothing."""
    async with ready(folder) as knowledge:
        (taken,) = await put(knowledge, write("leases.md", LEASES))
        shelf, entry = knowledge.shelves.find("operations", taken.document, "")
        recorded = entry.model_copy(update={"upload": "abc", "recorded": 3})
        await put(knowledge, write("backups.md", BACKUPS), base="security")
        for base, documents in (("operations", (recorded,)), ("security", None)):
            manifest = knowledge.shelves.get(base).manifest()
            changes = {"record": "r", "recorded": 5, "documents": documents or manifest.documents}
            ManifestFile(folder / base / "team" / "manifest.json").write(manifest.model_copy(update=changes))
        await knowledge.move("operations", taken.document, "security", person="")
        assert knowledge.original("security", taken.document, person="").read_text() == LEASES
        assert shelf.manifest().documents == ()


async def test_what_is_made_again_is_told_without_its_name(folder: Path, write: Write) -> None:
    """Everybody sees how far the start is, and a name may be private."""

    class OtherEmbedder(HashEmbedder):
        name = "other"

    async with ready(folder) as knowledge:
        await put(knowledge, write("resignation.md", LEASES), person="ana")
    async with open_knowledge(folder, KnowledgeSettings(), OtherEmbedder(), {}) as knowledge:
        details = [status.detail async for status in knowledge.watch()]
    assert "operations" in details
    assert not any("resignation" in detail for detail in details)


async def test_what_is_removed_while_it_is_made_again_stays_out(folder: Path, write: Write) -> None:
    """The start takes its time after a new version, and people go on."""

    class SlowEmbedder(HashEmbedder):
        name = "other"
        begun, gate = threading.Event(), threading.Event()

        def embed(self, texts: Sequence[str]) -> Matrix:
            if "ready?" not in texts:
                self.begun.set()
                assert self.gate.wait(PATIENCE_SECONDS)
            return super().embed(texts)

    async with ready(folder) as knowledge:
        (taken,) = await put(knowledge, write("leases.md", LEASES))
    embedder = SlowEmbedder()
    async with open_knowledge(folder, KnowledgeSettings(), embedder, {}) as knowledge:
        await asyncio.to_thread(embedder.begun.wait)
        await knowledge.remove("operations", taken.document, person="")
        embedder.gate.set()
        await knowledge.wait_ready()
        assert knowledge.documents("operations") == []


async def test_words_count_as_before_after_most_was_removed(folder: Path, write: Write) -> None:
    """What is gone weighs nothing, and the best passage is still the first."""
    async with ready(folder) as knowledge:
        many = [write(f"{n}.md", f"# Note {n}\n\nA fence stands here, number {n}.\n") for n in range(10)]
        taken = await put(knowledge, *many, write("leases.md", LEASES))
        for one in taken[:9]:
            await knowledge.remove("operations", one.document, person="")
        hits = await ask(knowledge, "Which number has the fence that stands here?")
        assert sources(hits)[0] == "9.md"
        assert all(hit.rank_score > 0 for hit in hits)
