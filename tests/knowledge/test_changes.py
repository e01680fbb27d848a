"""Documents that change, stay, or go."""

from pathlib import Path

from knowledge import HashEmbedder, KnowledgeSettings
from tests.knowledge.asking import ask, put, ready, sources, texts
from tests.knowledge.conftest import BACKUPS, LEASES, CountingEmbedder, Write


async def test_new_content_under_the_same_name_replaces(folder: Path, write: Write) -> None:
    """The old content is gone at once, from both rankings."""
    async with ready(folder) as knowledge:
        await put(knowledge, write("leases.md", LEASES))
        before = (await ask(knowledge, "heartbeat lease thirty seconds"))[0].passage.id
        results = await put(knowledge, write("leases.md", LEASES.replace("thirty", "ninety")))
        assert results[0].status == "replaced"
        assert "ninety seconds" in texts(await ask(knowledge, "heartbeat lease"))
        assert "thirty seconds" not in texts(await ask(knowledge, "thirty seconds"))
        assert len(knowledge.documents("operations")) == 1
        assert knowledge.passage("operations", before, person="") is None


async def test_unchanged_content_is_not_embedded_again(folder: Path, write: Write, embedder: CountingEmbedder) -> None:
    """Neither when the same file is put in again, nor at the next start."""
    leases, backups = write("leases.md", LEASES), write("backups.md", BACKUPS)
    async with ready(folder, {"operations": [leases]}, embedder) as knowledge:
        await put(knowledge, backups)
        await knowledge.sentences.settled()
        embedder.texts.clear()
        assert (await put(knowledge, backups))[0].status == "unchanged"
        assert embedder.texts == []
    async with ready(folder, {"operations": [leases]}, embedder) as knowledge:
        assert sources(await ask(knowledge, "daily backup"))[0] == "backups.md"
    assert embedder.texts == ["ready?", "daily backup"]


async def test_a_repeated_sentence_is_embedded_once(folder: Path, write: Write, embedder: CountingEmbedder) -> None:
    """A document's boilerplate costs nothing twice."""
    text = "# Notes\n\nSee the manual.\n\n- See the manual.\n- Then call.\n"
    async with ready(folder, {"operations": [write("notes.md", text)]}, embedder):
        assert embedder.texts.count("Notes: See the manual.") == 1


async def test_a_seed_follows_the_catalog(folder: Path, write: Write) -> None:
    """Changed in the catalog, it is replaced; gone from the catalog, it is removed; uploads stay."""
    leases, backups = write("leases.md", LEASES), write("backups.md", BACKUPS)
    async with ready(folder, {"operations": [leases, backups]}) as knowledge:
        await put(knowledge, write("upload.md", "# Upload\n\nSomething of the team.\n"))
    write("leases.md", LEASES.replace("thirty", "ninety"))
    async with ready(folder, {"operations": [leases]}) as knowledge:
        names = [document.source for document in knowledge.documents("operations")]
        assert names == ["leases.md", "upload.md"]
        assert "ninety seconds" in texts(await ask(knowledge, "heartbeat"))
        assert "backups.md" not in sources(await ask(knowledge, "weekly backup"))


async def test_an_upload_stands_in_the_place_of_a_seed(folder: Path, write: Write) -> None:
    """What a person put in under a seed's name is not undone at the next start."""
    leases = write("leases.md", LEASES)
    async with ready(folder, {"operations": [leases]}) as knowledge:
        write("leases.md", LEASES.replace("thirty", "ninety"))
        assert (await put(knowledge, leases))[0].status == "replaced"
        write("leases.md", LEASES)
    async with ready(folder, {"operations": [leases]}) as knowledge:
        assert "ninety seconds" in texts(await ask(knowledge, "heartbeat"))


async def test_another_embedder_embeds_everything_again(folder: Path, write: Write) -> None:
    """Vectors of two models are never compared; an upload is made again from its stored passages."""

    class OtherEmbedder(HashEmbedder):
        name = "other"

    async with ready(folder, {"operations": [write("leases.md", LEASES)]}) as knowledge:
        await put(knowledge, write("upload.md", BACKUPS), person="ana")
        before = knowledge.documents("operations", person="ana")
    async with ready(folder, {"operations": [write("leases.md", LEASES)]}, OtherEmbedder()) as knowledge:
        assert sources(await ask(knowledge, "weekly backup", person="ana"))[0] == "upload.md"
        after = knowledge.documents("operations", person="ana")
    assert [document.id for document in after] == [document.id for document in before]
    assert after[1].added == before[1].added


async def test_a_changed_passage_length_cuts_the_seeds_again(folder: Path, write: Write) -> None:
    """The setting takes effect at the next start."""
    long = "# Long\n\n" + " ".join(f"Sentence number {n} says little." for n in range(40))
    seeds = {"operations": [write("long.md", long)]}
    async with ready(folder, seeds) as knowledge:
        whole = knowledge.documents("operations")[0].passages
    async with ready(folder, seeds, settings=KnowledgeSettings(chunk_words=40)) as knowledge:
        assert knowledge.documents("operations")[0].passages > whole
