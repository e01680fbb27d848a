"""What every answerer promises. A new one joins the list and nothing else."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from agents import Agent, Answerer, Draft, ModelFailed, Piece, Question
from agents.answerers import ANSWERERS, ExtractiveAnswerer, GenerativeAnswerer
from agents.answerers.scripted import ScriptedAnswerer
from agents.models import Models, Prompt
from agents.models.scripted import Script, ScriptedModel
from knowledge import HashEmbedder, Hit, Matrix, Passage, Sentence


async def embed(texts: Sequence[str]) -> Matrix:
    return EMBEDDER.embed(texts)


def speaking(script: Script | str) -> Callable[[], Answerer]:
    """An answerer whose model says that."""

    def made() -> Answerer:
        model = ScriptedModel(script)
        return GenerativeAnswerer(Models({model.name: model}, default=model.name), ExtractiveAnswerer(), embed)

    return made


def away(prompt: Prompt) -> str:
    raise ModelFailed("scripted:model", "unreachable")


ALL: dict[str, Callable[[], Answerer]] = {
    **ANSWERERS,
    "scripted": ScriptedAnswerer,
    "generative": speaking("Prune your roses in March [1]. They want ten litres of water a week [1]."),
    "generative, broken off": speaking(away),
    "generative, nonsense": speaking("lorem [7] ipsum"),
    "generative, endless": speaking("word " * 100_000),
}
AGENT = Agent(name="garden", title="Gardener", description="Knows all about the garden.")
EMBEDDER = HashEmbedder()
TEXTS = ("Prune roses in March.", "Roses want ten litres of water a week.", "Bread needs an oven.")


def question(text: str, *sentences: str) -> Question:
    hits: tuple[Hit, ...] = ()
    vector = EMBEDDER.embed([text])[0]
    if sentences:
        vectors = EMBEDDER.embed(list(sentences))
        passage = Passage(
            id="p#0", base="garden", document="p", source="p.md", title="Roses", text=" ".join(sentences),
            score=float(np.max(vectors @ vector)),
        )  # fmt: skip
        told = tuple(Sentence(text=s, position=n, kind="prose") for n, s in enumerate(sentences))
        hits = (Hit(passage=passage, sentences=told, vectors=vectors, rank_score=1.0, lexical=1.0),)
    return Question(agent=AGENT, text=text, vector=vector, hits=hits)


async def parts(answerer: Answerer, asked: Question) -> list[Piece | Draft]:
    return [part async for part in answerer.answer(asked)]


@pytest.mark.parametrize("name", ALL)
async def test_one_draft_comes_last(name: str) -> None:
    """Pieces first, then exactly one draft."""
    got = await parts(ALL[name](), question("When do I prune roses?", *TEXTS))
    assert [isinstance(part, Draft) for part in got] == [False] * (len(got) - 1) + [True]


@pytest.mark.parametrize("name", ALL)
async def test_every_claim_has_its_source(name: str) -> None:
    """Claims name a passage that was given, and confidence is that of the best one."""
    asked = question("When do I prune roses?", *TEXTS)
    draft = (await parts(ALL[name](), asked))[-1]
    assert isinstance(draft, Draft)
    assert draft.claims
    assert {claim.passage for claim in draft.claims} <= {hit.passage.id for hit in asked.hits}
    assert draft.confidence == max(claim.relevance for claim in draft.claims)


async def test_extractive_answers_are_word_for_word() -> None:
    """Never a sentence that is not in a source."""
    draft = (await parts(ALL["extractive"](), question("When do I prune roses?", *TEXTS)))[-1]
    assert isinstance(draft, Draft)
    assert draft.claims[0].text == "Prune roses in March."
    assert {claim.text for claim in draft.claims} <= set(TEXTS)


async def test_without_passages_nothing_is_claimed() -> None:
    """No source, no answer."""
    draft = (await parts(ALL["extractive"](), question("When do I prune roses?")))[-1]
    assert draft == Draft(claims=(), text="", confidence=0.0)


async def test_what_does_not_fit_is_not_claimed() -> None:
    """A passage that was found for want of a better one gives no answer."""
    draft = (await parts(ALL["extractive"](), question("Who won the world cup?", "Bread needs an oven.")))[-1]
    assert isinstance(draft, Draft)
    assert not draft.claims
