"""Where a new document belongs is proposed by what it says."""

from collections.abc import Collection, Sequence
from pathlib import Path

import pytest

from agents import AgentRegistry
from knowledge import HashEmbedder, Hit, KnowledgeSettings, Upload, Vector, open_knowledge
from orchestration.placing import SAMPLE, Placer
from tests.selection.shelves import GARDEN, KITCHEN, PASSAGES, PaperShelf, village

PEARS = ["Prune pear trees in March, like roses.", "A young pear tree needs ten litres of water each week."]
CAKES = ["Bake a cake for fifty minutes at 180 degrees.", "Keep a cake fresh under a linen cloth."]


@pytest.mark.parametrize(("document", "agent"), [(PEARS, "garden"), (CAKES, "kitchen")])
async def test_a_document_goes_where_its_like_is(document: Sequence[str], agent: str) -> None:
    """Every agent gets a score between 0 and 1, the best one first."""
    places = await Placer(village(), PaperShelf(PASSAGES)).place(document, person="ana")
    assert places[0].agent == agent
    assert {place.agent for place in places} == {"garden", "kitchen"}
    assert 1 >= places[0].score > places[1].score >= 0


async def test_an_agent_without_documents_can_be_proposed() -> None:
    """By its own words: somebody has to be the first to bring it something."""
    places = await Placer(village(), PaperShelf({"kitchen": PASSAGES["kitchen"]})).place(PEARS, person="ana")
    assert places[0].agent == "garden"


async def test_a_long_document_is_sampled() -> None:
    """From its beginning to its end, and never more than a few passages."""
    shelf = PaperShelf(PASSAGES)
    long = [f"Passage {number} about roses." for number in range(500)]
    await Placer(village(), shelf).place(long, person="ana")
    ((*sample,),) = shelf.embedded
    assert len(sample) == SAMPLE
    assert (sample[0], sample[-1]) == (long[0], long[-1])


class WatchedShelf(PaperShelf):
    """Remembers for whom it was searched."""

    def __init__(self) -> None:
        super().__init__(PASSAGES)
        self.people: set[str] = set()

    async def search(
        self,
        bases: Sequence[str],
        question: str,
        vector: Vector,
        *,
        person: str = "local",
        limit: int = 6,
        sentences: bool = True,
        prefers: Collection[str] = (),
    ) -> list[Hit]:
        self.people.add(person)
        return await super().search(bases, question, vector, person=person, limit=limit, sentences=sentences)


async def test_a_proposal_looks_only_at_what_the_person_may_see(tmp_path: Path) -> None:
    """A score that other people's private documents raise would tell of them."""
    shelf = WatchedShelf()
    await Placer(village(), shelf).place(PEARS, person="ben")
    assert shelf.people == {"ben"}
    registry = AgentRegistry([GARDEN, KITCHEN])
    async with open_knowledge(tmp_path / "knowledge", KnowledgeSettings(), HashEmbedder(), {}) as knowledge:
        await knowledge.wait_ready()
        placer = Placer(registry, knowledge)
        before = await placer.place(PEARS, person="ben")
        (tmp_path / "pears.md").write_text("# Pears\n\n" + "\n\n".join(PEARS))
        await knowledge.ingest("kitchen", [Upload(tmp_path / "pears.md")], person="ana")
        assert await placer.place(PEARS, person="ben") == before
        assert await placer.place(PEARS, person="ana") != before
