"""A garden that tests ask about: an agent, its passages, and questions."""

from collections.abc import Sequence

from agents import Agent, Draft, Piece, Question, Terms
from agents.answerers import ExtractiveAnswerer, GenerativeAnswerer
from agents.answers import Search
from agents.models import Models
from agents.models.scripted import Script, ScriptedModel
from agents.tools import Outside
from knowledge import HashEmbedder, Hit, Matrix, Passage, Sentence

AGENT = Agent(name="garden", title="Gardener", description="Knows all about the garden.", instructions="Be brief.")
EMBEDDER = HashEmbedder()
ROSES = ("Prune roses in March.", "Roses want ten litres of water a week.")
QUESTION = "When do I prune roses?"


async def embed(texts: Sequence[str]) -> Matrix:
    return EMBEDDER.embed(texts)


def hit(name: str, *sentences: str) -> Hit:
    vectors = EMBEDDER.embed(list(sentences))
    passage = Passage(
        id=f"{name}#0", base="garden", document=name, source=f"{name}.md", title=name.title(),
        text=" ".join(sentences), score=0.8,
    )  # fmt: skip
    told = tuple(Sentence(text=s, position=n, kind="prose") for n, s in enumerate(sentences))
    return Hit(passage=passage, sentences=told, vectors=vectors, rank_score=1.0, lexical=1.0)


def question(
    *hits: Hit,
    terms: Terms | None = None,
    context: tuple[str, ...] = (),
    planned: str = "",
    search: Search | None = None,
) -> Question:
    vector = EMBEDDER.embed([QUESTION])[0]
    return Question(AGENT, QUESTION, vector, hits, context, terms or Terms(), planned, search)


def answerer(
    script: ScriptedModel | Script | str, outside: Outside | None = None
) -> tuple[GenerativeAnswerer, ScriptedModel]:
    model = script if isinstance(script, ScriptedModel) else ScriptedModel(script)
    models = Models({model.name: model}, default=model.name)
    return GenerativeAnswerer(models, ExtractiveAnswerer(), embed, outside, marker=lambda: "f00d"), model


async def run(answers: GenerativeAnswerer, asked: Question) -> tuple[list[Piece], Draft]:
    *pieces, draft = [part async for part in answers.answer(asked)]
    assert isinstance(draft, Draft)
    return [piece for piece in pieces if isinstance(piece, Piece)], draft
