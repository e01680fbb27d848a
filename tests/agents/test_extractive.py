"""Which sentences an extractive answer consists of, and in which order."""

import numpy as np

from agents import Agent, Draft, Question
from agents.answerers.extractive import ExtractiveAnswerer
from knowledge import HashEmbedder, Hit, Passage, Sentence, SentenceKind

AGENT = Agent(name="garden", title="Gardener", description="Knows all about the garden.")
EMBEDDER = HashEmbedder()

Said = tuple[str, SentenceKind]


def prose(text: str) -> Said:
    return text, "prose"


def code(text: str) -> Said:
    return text, "code"


def passage(name: str, question: str, *said: Said) -> Hit:
    """A passage as a search would have found it."""
    vectors = EMBEDDER.embed([text for text, _ in said])
    near = float(np.max(vectors @ EMBEDDER.embed([question])[0]))
    found = Passage(
        id=f"{name}#0", base="garden", document=name, source=f"{name}.md", title=name.title(),
        text=" ".join(text for text, _ in said), score=max(0.0, near),
    )  # fmt: skip
    told = tuple(Sentence(text, position, kind) for position, (text, kind) in enumerate(said))
    return Hit(passage=found, sentences=told, vectors=vectors, rank_score=1.0, lexical=1.0)


async def answer(question: str, *passages: tuple[Said, ...]) -> list[str]:
    """The sentences of the answer."""
    hits = tuple(passage(f"p{number}", question, *said) for number, said in enumerate(passages))
    asked = Question(agent=AGENT, text=question, vector=EMBEDDER.embed([question])[0], hits=hits)
    parts = [part async for part in ExtractiveAnswerer().answer(asked)]
    assert isinstance(parts[-1], Draft)
    return [claim.text for claim in parts[-1].claims]


async def test_the_best_sentence_leads() -> None:
    """Also when it stands behind others in its passage."""
    told = await answer(
        "When do I prune the roses in the garden?",
        (prose("Roses in the garden are lovely."), prose("Prune the roses in the garden in March.")),
    )
    assert told[0] == "Prune the roses in the garden in March."


async def test_a_weak_sentence_is_left_out() -> None:
    """A good answer gets no further sentence that merely shares words with the question."""
    told = await answer(
        "When do I prune roses?",
        (prose("I prune roses in March, when they do well."),),
        (prose("When they prune, nurseries burn what falls, and roses are shipped by mail."),),
    )
    assert told == ["I prune roses in March, when they do well."]


async def test_an_answer_ends() -> None:
    """However much is known."""
    tools = ("long shears", "sharp knives", "small saws", "bare hands", "thick gloves", "old ladders")
    assert len(await answer("How are roses pruned?", *((prose(f"Roses are pruned with {t}."),) for t in tools))) == 4


async def test_it_is_never_alone() -> None:
    """A sentence that points back comes with the one before it, or not at all."""
    pruning = "It is done in March when you prune roses."
    assert await answer("When is it done to prune roses in March?", (prose(pruning),)) == []
    told = await answer("When is it done to prune roses in March?", (prose("Roses need a yearly cut."), prose(pruning)))
    assert told == ["Roses need a yearly cut.", pruning]


async def test_commands_come_with_the_answer_to_a_how_to() -> None:
    """Those that stand right behind the leading sentence; a question that asks for no steps gets none."""
    said = prose("To prune roses take the long shears."), code("shears --long roses")
    assert await answer("How do I prune roses?", said) == [text for text, _ in said]
    assert await answer("Which shears prune roses?", said) == [said[0][0]]


async def test_long_code_stays_in_its_document() -> None:
    """An answer is no listing."""
    said = prose("To prune roses take the long shears."), code("\n".join(["cut"] * 20))
    assert await answer("How do I prune roses?", said) == [said[0][0]]


async def test_a_sentence_is_preferred_to_a_row() -> None:
    """A table's row reads like a form."""
    row: Said = ("Prune roses: in March", "row")
    told = await answer("When do I prune roses in March?", (row,), (prose("Prune roses in March."),))
    assert told[0] == "Prune roses in March."
