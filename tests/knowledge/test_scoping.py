"""Whose documents a search looks at."""

from pathlib import Path

import pytest

from knowledge import InvalidBase
from tests.knowledge.asking import ask, put, ready, sources
from tests.knowledge.conftest import LEASES, Write

DIARY = "# Diary\n\nMy own worker died on Tuesday, and I took the lease over by hand.\n"


async def test_a_persons_document_is_found_by_that_person_only(folder: Path, write: Write) -> None:
    """Ana's upload is not in Ben's results, nor in his list."""
    async with ready(folder, {"operations": [write("leases.md", LEASES)]}) as knowledge:
        await put(knowledge, write("diary.md", DIARY), person="ana")
        question = "Which worker died on Tuesday?"
        assert sources(await ask(knowledge, question, person="ana"))[0] == "diary.md"
        assert "diary.md" not in sources(await ask(knowledge, question, person="ben"))
        assert len(knowledge.documents("operations", person="ana")) == 2
        assert len(knowledge.documents("operations", person="ben")) == 1


async def test_other_peoples_documents_take_no_places(folder: Path, write: Write) -> None:
    """The restriction comes before the ranking: many better passages of Ana's hide none of Ben's."""
    async with ready(folder, {"operations": [write("leases.md", LEASES)]}) as knowledge:
        many = [write(f"note-{n}.md", f"# Note {n}\n\nWhat happens when worker {n} dies?\n") for n in range(60)]
        await put(knowledge, *many, person="ana")
        hits = await ask(knowledge, "What happens when a worker dies?", person="ben")
        assert set(sources(hits)) == {"leases.md"}
        assert len(hits) == 3


async def test_a_passage_can_be_asked_for_on_behalf_of_a_person(folder: Path, write: Write) -> None:
    """An id that Ben came by does not show him Ana's text."""
    async with ready(folder) as knowledge:
        await put(knowledge, write("diary.md", DIARY), person="ana")
        own = (await ask(knowledge, "Tuesday", person="ana"))[0].passage.id
        assert knowledge.passage("operations", own, person="ana") is not None
        assert knowledge.passage("operations", own, person="ben") is None
        assert knowledge.context("operations", own, person="ben") == ""


async def test_two_people_keep_a_file_of_the_same_name(folder: Path, write: Write) -> None:
    """The same name replaces for the same person only, even with the same content."""
    async with ready(folder) as knowledge:
        diary = write("diary.md", DIARY)
        for person in ("ana", "ben", ""):
            results = await put(knowledge, diary, person=person)
            assert results[0].status == "added"
        assert len(knowledge.documents("operations", person="ana")) == 2


async def test_a_person_cannot_be_named_like_the_team(folder: Path, write: Write) -> None:
    """The word index tells owners apart by kind, not by name alone."""
    async with ready(folder) as knowledge:
        await put(knowledge, write("diary.md", DIARY), person="team")
        assert await ask(knowledge, "Tuesday", person="ben") == []


@pytest.mark.parametrize("name", ["../elsewhere", "", ".hidden", "a/b", "x" * 65])
async def test_a_base_is_a_plain_name(folder: Path, name: str) -> None:
    """No name leads out of the folder."""
    async with ready(folder) as knowledge:
        with pytest.raises(InvalidBase):
            await knowledge.ingest(name, [])
