"""A process that dies, and files that are not what they were."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from knowledge import StorageDamaged, StorageFull
from knowledge.errors import StorageError
from knowledge.manifest import ManifestFile
from tests.knowledge.asking import ask, put, ready, sources
from tests.knowledge.conftest import BACKUPS, LEASES, CountingEmbedder, Write
from tests.orchestration.waiting import PATIENCE_SECONDS

DIES_BETWEEN_ARTEFACT_AND_MANIFEST = """
import asyncio, os, sys
from pathlib import Path
from knowledge import HashEmbedder, KnowledgeSettings, Upload, open_knowledge
from knowledge.manifest import ManifestFile

async def main(folder, source):
    async with open_knowledge(Path(folder), KnowledgeSettings(), HashEmbedder(), {}) as knowledge:
        await knowledge.wait_ready()
        ManifestFile.write = lambda self, manifest: os.kill(os.getpid(), 9)
        await knowledge.ingest("operations", [Upload(Path(source))])

asyncio.run(main(*sys.argv[1:]))
"""

STORES_NOTHING_LARGE = """
import asyncio, resource, sys
from pathlib import Path
from knowledge import HashEmbedder, KnowledgeSettings, StorageFull, Upload, open_knowledge

async def main(folder, note, source):
    async with open_knowledge(Path(folder), KnowledgeSettings(), HashEmbedder(), {}) as knowledge:
        await knowledge.ingest("operations", [Upload(Path(note))])  # the process that reads is there from here on
        resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))
        try:
            await knowledge.ingest("operations", [Upload(Path(source))])
        except StorageFull as error:
            print(error)
        vector = (await knowledge.embed(["fence"]))[0]
        print(*[hit.passage.source for hit in await knowledge.search(["operations"], "fence", vector)])

asyncio.run(main(*sys.argv[1:]))
"""


def unfinished(folder: Path) -> list[Path]:
    return list(folder.rglob(".tmp-*"))


def run(program: str, *arguments: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    root = Path(__file__).parents[2]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)


async def test_a_killed_process_leaves_the_document_out(folder: Path, write: Write, embedder: CountingEmbedder) -> None:
    """Killed after the artefact and before the manifest: out, and nothing is in the way of doing it again."""
    async with ready(folder, {"operations": [write("leases.md", LEASES)]}):
        pass
    backups = write("backups.md", BACKUPS)
    assert run(DIES_BETWEEN_ARTEFACT_AND_MANIFEST, folder, backups).returncode == -9
    assert len(list((folder / "operations" / "team" / "documents").iterdir())) == 2
    async with ready(folder, {"operations": [write("leases.md", LEASES)]}) as knowledge:
        assert [document.source for document in knowledge.documents("operations")] == ["leases.md"]
        assert len(list((folder / "operations" / "team" / "documents").iterdir())) == 1
        assert (await put(knowledge, backups))[0].status == "added"
        assert sources(await ask(knowledge, "weekly backup"))[0] == "backups.md"


async def test_unfinished_files_are_removed_at_the_next_start(folder: Path, write: Write) -> None:
    """What was being written when the power went is not found by anything."""
    seeds = {"operations": [write("leases.md", LEASES)]}
    async with ready(folder, seeds):
        pass
    (folder / "operations" / "team" / ".tmp-manifest.json").write_text("{")
    (folder / "operations" / "team" / "documents" / ".tmp-half").mkdir()
    async with ready(folder, seeds) as knowledge:
        assert sources(await ask(knowledge, "fence"))
    assert unfinished(folder) == []


@pytest.mark.parametrize("loss", ["removed", "damaged", "older"])
async def test_the_indexes_are_built_again_from_the_documents(
    folder: Path, write: Write, embedder: CountingEmbedder, loss: str
) -> None:
    """They are caches: without them, or with wrong ones, the same is found and nothing is embedded."""
    base = folder / "operations" / "team"
    seeds = {"operations": [write("leases.md", LEASES)]}
    async with ready(folder, seeds, embedder):
        pass
    older = shutil.copytree(base, folder.parent / "older")
    async with ready(folder, seeds, embedder) as knowledge:
        await put(knowledge, write("backups.md", BACKUPS))
    shutil.rmtree(base / "words")
    vectors = next(base.glob("vectors-*.faiss"))
    if loss == "removed":
        vectors.unlink()
    elif loss == "damaged":
        vectors.write_bytes(b"not an index")
        (base / "words").mkdir()
        (base / "words" / "meta.json").write_text("{")
    else:
        vectors.write_bytes(next(older.glob("vectors-*.faiss")).read_bytes())
        shutil.copytree(older / "words", base / "words")
    embedder.texts.clear()
    async with ready(folder, seeds, embedder) as knowledge:
        assert sources(await ask(knowledge, "weekly backup"))[0] == "backups.md"
        assert sources(await ask(knowledge, "heartbeat lease"))[0] == "leases.md"
    assert embedder.texts == ["ready?", "weekly backup", "heartbeat lease"]


async def test_a_damaged_document_is_left_out_and_the_others_answer(folder: Path, write: Write) -> None:
    """And a seed that is lost is made again."""
    seeds = {"operations": [write("leases.md", LEASES), write("backups.md", BACKUPS)]}
    async with ready(folder, seeds) as knowledge:
        lost = knowledge.documents("operations")[0]
    shutil.rmtree(next((folder / "operations" / "team" / "documents").glob(f"{lost.id}*")))
    async with ready(folder, {}) as knowledge:
        assert set(sources(await ask(knowledge, "weekly backup"))) == {"leases.md"}
    async with ready(folder, seeds) as knowledge:
        assert sources(await ask(knowledge, "weekly backup"))[0] == "backups.md"


async def test_a_full_disk_keeps_what_was_there(folder: Path, write: Write) -> None:
    """One clear sentence, nothing half-written, and the old documents still answer."""
    async with ready(folder, {"operations": [write("leases.md", LEASES)]}):
        pass
    note = write("note.md", "# Note\n\nOf little weight.\n")
    done = run(STORES_NOTHING_LARGE, folder, note, write("backups.md", BACKUPS))
    sentence, found = done.stdout.splitlines()
    assert sentence == "There is no space left for the knowledge; what was stored before is kept and still answers."
    assert found.split()[0] == "leases.md"
    assert unfinished(folder) == []
    async with ready(folder) as knowledge:
        assert [document.source for document in knowledge.documents("operations")] == ["leases.md", "note.md"]


async def test_a_folder_that_cannot_be_used_is_said_at_once(tmp_path: Path) -> None:
    """A file where the folder should be."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="Cannot use the knowledge folder"):
        async with ready(tmp_path / "file" / "knowledge"):
            pass
    assert issubclass(StorageFull, StorageError)


async def test_a_damaged_manifest_is_not_taken_for_an_empty_one(folder: Path, write: Write) -> None:
    """Starting over would silently lose what people put in."""
    async with ready(folder, {"operations": [write("leases.md", LEASES)]}):
        pass
    manifest = folder / "operations" / "team" / "manifest.json"
    manifest.write_text(manifest.read_text()[:50])
    with pytest.raises(StorageDamaged, match="operations is damaged"):
        ManifestFile(manifest).read()
