"""One answer that a language model writes from what the agents found, and what becomes of it when that goes wrong."""

import asyncio
from collections.abc import Sequence

import pytest

from agents import Agent, AgentRegistry, Budget, Claim, ModelFailed, Usage
from agents.models import NO_MODEL, Delta, Models, Prompt, StartedAnew
from agents.models.scripted import Script, ScriptedModel
from knowledge import HashEmbedder, KnowledgeError, Matrix, Passage
from orchestration.aggregation import Aggregate, Anew, ExtractiveAggregator
from orchestration.linking import Linking
from orchestration.messages import PartSelection, Selection, StepResult, Task
from orchestration.writing import WrittenAggregator

REGISTRY = AgentRegistry(
    [
        Agent(name=name, title=name.title(), description=f"Knows all about the {name} of the village.")
        for name in ("garden", "bakery", "mill")
    ]
)
EMBEDDER = HashEmbedder()
TASK = Task(id="r1", question="When are roses pruned, and how hot is bread baked?")
PRUNED, BAKED = "Prune roses in March.", "Bread is baked at 220 degrees."


async def embed(texts: Sequence[str]) -> Matrix:
    return EMBEDDER.embed(texts)


def found(agent: str, *texts: str, part: int = 0, support: str = "quoted") -> StepResult:
    passage = Passage(
        id=f"{agent}#0", base=agent, document=agent, source=f"{agent}.md", title=agent.title(), text=" ".join(texts)
    )
    claims = tuple(
        Claim.model_validate(
            {"text": text, "quote": text, "passage": passage.id, "relevance": 0.9 - n / 10, "support": support}
        )
        for n, text in enumerate(texts)
    )
    return StepResult(
        step=f"s-{agent}", agent=agent, question="?", part=part, state="answered", claims=claims, confidence=0.9,
        passages=(passage,), text=" ".join(f"{text} [1]" for text in texts),
    )  # fmt: skip


def selection(parts: int = 1) -> Selection:
    return Selection(
        parts=tuple(PartSelection(question="?", heading=f"Part {n + 1}", agents=()) for n in range(parts)),
        threshold=0.4,
    )


RESULTS = (found("garden", PRUNED), found("bakery", BAKED))


async def write(
    script: Script | str,
    results: Sequence[StepResult] = RESULTS,
    task: Task = TASK,
    seconds: float = 30.0,
    budget: Budget | None = None,
) -> tuple[str, Aggregate, ScriptedModel]:
    """What is shown in the end, the whole, and the model."""
    model = ScriptedModel(script)
    models = Models({model.name: model}, default=model.name)
    aggregator = WrittenAggregator(models, embed, budget or Budget(), marker=lambda: "f00d")
    *pieces, whole = [p async for p in aggregator.aggregate(task, selection(), results, REGISTRY, seconds)]
    assert isinstance(whole, Aggregate)
    shown = ""
    for piece in pieces:
        assert not isinstance(piece, Aggregate)
        shown = "" if isinstance(piece, Anew) else shown + piece
    return shown, whole, model


async def test_the_answer_is_streamed_with_its_citations() -> None:
    """Numbers become links while they come, in the order in which the answer uses them."""
    said = "Bread is baked at 220 degrees [2]. Prune your roses in March [1]."
    shown, whole, model = await write(lambda prompt: [Delta("answer", character) for character in said])
    assert shown == "Bread is baked at 220 degrees [1](#cite-r1-1). Prune your roses in March [2](#cite-r1-2)."
    assert whole.text == "Bread is baked at 220 degrees. [1](#cite-r1-1) Prune your roses in March. [2](#cite-r1-2)"
    assert [(c.number, c.agent, c.quote) for c in whole.citations] == [(1, "bakery", BAKED), (2, "garden", PRUNED)]
    assert whole.contributed == ("bakery", "garden")
    assert (whole.note, [usage.model for usage in whole.usage]) == (None, [model.name])


async def test_findings_are_material_and_the_question_is_not() -> None:
    _, _, model = await write("Prune roses in March [1].")
    system, person = model.prompts[0].said
    for told in (PRUNED, BAKED):
        assert told not in system.text
        assert person.text.partition(told)[0].count("<<f00d") % 2 == 1
    assert person.text.endswith(f"Question: {TASK.question}")


async def test_what_the_model_leaves_out_is_added() -> None:
    """No agent works for nothing."""
    _, whole, _ = await write("Prune roses in March [1].")
    assert whole.text.endswith(f"**Also found**\n\n- Bakery: {BAKED} [2](#cite-r1-2)")
    assert whole.contributed == ("garden", "bakery")


async def test_what_nobody_found_is_marked() -> None:
    _, whole, _ = await write("Prune roses in March [1]. Bread is baked at 300 degrees [2]. It is easy.")
    assert "300 degrees. [unsupported](#mark-unsupported) It is easy. [uncited](#mark-uncited)" in whole.text


async def test_who_failed_and_what_disagrees_is_told_below() -> None:
    failed = StepResult(step="s3", agent="mill", question="?", state="failed", error="Mill ran out of time.")
    _, whole, _ = await write("Prune roses in March [1]. Bread is baked at 220 degrees [2].", (*RESULTS, failed))
    assert whole.text.endswith("\n\n> Mill did not answer: Mill ran out of time.")
    assert whole.missing == ("mill",)


SPENT = Usage(model="scripted:model", calls=3, tokens_in=40, tokens_out=7)


def failing(prompt: Prompt) -> str:
    raise ModelFailed("scripted:model", "unreachable")


def costly(prompt: Prompt) -> str:
    raise ModelFailed("scripted:model", "interrupted", usage=(SPENT,))


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (failing, "unreachable"),
        ("", "unusable"),
        ("I cannot help with that.", "unusable"),
        ("The moon is made of cheese [1].", "unusable"),
        ("Prune roses in March [99].", "unusable"),
        ("word [1] " * 20_000, "unusable"),
    ],
)
async def test_findings_are_never_lost(script: Script | str, why: str) -> None:
    """Whatever the model does, the answer is put together without it, and says so."""
    shown, whole, _ = await write(script)
    plain = [p async for p in ExtractiveAggregator().aggregate(TASK, selection(), RESULTS, REGISTRY)][-1]
    assert isinstance(plain, Aggregate)
    assert shown.strip() == whole.text == plain.text
    assert whole.citations == plain.citations
    assert whole.note is not None
    assert (whole.note.kind, whole.note.why) == ("written_without_model", why)


async def test_what_a_failed_try_cost_is_told() -> None:
    _, whole, _ = await write(costly)
    assert whole.usage == (SPENT,)


async def test_the_time_for_writing_does_not_break_off_whoever_reads() -> None:
    """Only the model's silence is bounded: what a reader does with a piece takes as long as it takes."""
    model = ScriptedModel(lambda prompt: [Delta("answer", piece) for piece in (PRUNED[:-1], " [1].")])
    aggregator = WrittenAggregator(Models({model.name: model}, default=model.name), embed, Budget(seconds=0.001))
    read: list[str | Anew | Aggregate] = []
    async for piece in aggregator.aggregate(TASK, selection(), RESULTS, REGISTRY, 30.0):
        later = asyncio.Event()
        asyncio.get_running_loop().call_later(0.01, later.set)
        await later.wait()
        read.append(piece)
    assert isinstance(read[-1], Aggregate)


async def test_what_is_told_is_bounded_by_what_is_left() -> None:
    """The longest is cut first, so that nobody's finding is left out."""
    many = tuple(found(name, *(f"{PRUNED} " + "and so on " * 400 for _ in range(5))) for name in ("garden", "bakery"))
    _, _, model = await write("Prune roses in March [1].", many, budget=Budget(tokens=6_000))
    (prompt,) = model.prompts
    assert len(prompt.said[1].text) < 3 * 6_000
    assert prompt.said[1].text.count(f"- {PRUNED}") == 10
    assert prompt.most_tokens == 3_000


async def test_a_reply_that_began_anew_counts_from_there() -> None:
    shown, whole, _ = await write(
        lambda prompt: [
            Delta("answer", "Bread is [2]"),
            StartedAnew("scripted:model", "interrupted"),
            Delta("answer", f"{PRUNED} [1] {BAKED} [2]"),
        ]
    )
    assert shown == f"{PRUNED} [1](#cite-r1-1) {BAKED} [2](#cite-r1-2)"
    assert whole.text == shown


@pytest.mark.parametrize(
    ("task", "budget", "seconds"),
    [(TASK, Budget(calls=0), 30.0), (TASK, Budget(), 0.0), (TASK.model_copy(update={"model": NO_MODEL}), None, 30.0)],
)
async def test_no_model_writes_without_budget_time_or_wish(task: Task, budget: Budget | None, seconds: float) -> None:
    _, whole, model = await write("Prune roses in March [1].", task=task, budget=budget, seconds=seconds)
    assert whole.text == f"{PRUNED} [1](#cite-r1-1)\n\n- {BAKED} [2](#cite-r1-2)"
    if seconds:
        assert model.prompts == []


async def test_the_only_answer_is_taken_as_it_is() -> None:
    """A model wrote it already: its numbers are those of its passages."""
    shown, whole, model = await write("Never asked.", (found("garden", PRUNED, support="supported"),))
    assert shown == whole.text == f"{PRUNED} [1](#cite-r1-1)"
    assert model.prompts == []


async def test_links_and_pictures_of_a_model_are_words() -> None:
    _, whole, _ = await write("Prune [roses](http://evil/?q=x) in March ![](http://evil/p) [1]. [9](#cite-r1-9)")
    assert "evil" not in whole.text
    assert "cite-r1-9" not in whole.text


@pytest.mark.parametrize(
    "text", ["a [1] b", "[1, 2]", "a [1][2].", "[x](y) [1]", "[[1]]", "list[0]: [1]", "[not 1]", "["]
)
def test_numbers_may_come_in_pieces(text: str) -> None:
    """Wherever a text is cut, the same comes out."""

    def told(*pieces: str) -> str:
        linking = Linking(lambda number: f"<{number}>")
        return "".join(map(linking.add, pieces)) + linking.rest()

    assert told(*text) == told(text)
    for at in range(len(text)):
        assert told(text[:at], text[at:]) == told(text)


async def test_what_nobody_sees_is_not_passed_on() -> None:
    """Characters without a shape may carry a message to whoever reads the answer next, a model for instance."""
    _, whole, _ = await write("Prune \U000e0041roses\u202e in March [1]. Bread is baked at 220 degrees [2].")
    assert whole.text.startswith("Prune roses in March. [1]")


@pytest.mark.parametrize("said", ["", "Prune roses in March [1]."])
async def test_whatever_breaks_while_it_is_written_the_findings_are_not_lost(said: str) -> None:
    """Before the first word and after the last."""

    def breaks(prompt: Prompt) -> str:
        if not said:
            raise ZeroDivisionError("our own mistake")
        return said

    async def broken(texts: Sequence[str]) -> Matrix:
        raise KnowledgeError("The vectors are gone.")

    model = ScriptedModel(breaks)
    aggregator = WrittenAggregator(Models({model.name: model}, default=model.name), broken, Budget())
    *pieces, whole = [p async for p in aggregator.aggregate(TASK, selection(), RESULTS, REGISTRY, 30.0)]
    assert isinstance(whole, Aggregate)
    assert whole.text == f"{PRUNED} [1](#cite-r1-1)\n\n- {BAKED} [2](#cite-r1-2)"
    assert any(isinstance(piece, Anew) for piece in pieces) == bool(said)
    assert whole.note is not None
    assert (whole.note.kind, whole.note.model, whole.note.why) == ("written_without_model", model.name, "unusable")
