"""What every aggregator promises, whatever a language model does. A new one joins the list and nothing else."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence

import pytest

from agents import Agent, AgentRegistry, Budget, Claim, ModelFailed
from agents.models import Delta, LanguageModel, Models, Prompt, Reply, StartedAnew
from agents.models.scripted import Script, ScriptedModel
from knowledge import HashEmbedder, Matrix, Passage
from orchestration.aggregation import Aggregate, Aggregator, Anew, ExtractiveAggregator
from orchestration.messages import PartSelection, Selection, StepResult, Task
from orchestration.writing import LEFT_SECONDS, WrittenAggregator

REGISTRY = AgentRegistry(
    [
        Agent(name=name, title=title, description=f"Knows all about the {name} of the village.")
        for name, title in (("garden", "Gardener"), ("bakery", "Baker"), ("mill", "Miller"))
    ]
)
EMBEDDER = HashEmbedder()
PRUNED, BAKED, GROUND = "Prune roses in March.", "Bread is baked for 50 minutes.", "Rye is ground twice."
LONGER = "Bread is baked for 70 minutes."
TASK = Task(id="r1", question="When are roses pruned, and how long is bread baked?")
SELECTION = Selection(
    parts=(
        PartSelection(question="When are roses pruned?", heading="When are roses pruned?", agents=()),
        PartSelection(question="How long is bread baked?", heading="How long is bread baked?", agents=()),
    ),
    threshold=0.24,
)
_CITED = re.compile(r"\[(\d+)\]\(#cite-r1-(\d+)\)")


async def embed(texts: Sequence[str]) -> Matrix:
    return EMBEDDER.embed(texts)


class SilentModel:
    """Begins, and is never heard of again; knows whether it was let go of."""

    name = "scripted:silent"

    def __init__(self) -> None:
        self.closed = False

    async def reply(self, prompt: Prompt) -> AsyncGenerator[Delta | StartedAnew | Reply, None]:
        try:
            yield Delta("answer", "Well, ")
            await asyncio.Event().wait()
        finally:
            self.closed = True


def fails(prompt: Prompt) -> str:
    raise ModelFailed("scripted:model", "unreachable")


def breaks_off(prompt: Prompt) -> Iterator[Delta]:
    yield Delta("answer", "Prune roses in Mar")
    raise ModelFailed("scripted:model", "interrupted")


SCRIPTS: dict[str, Script | str] = {
    "good": f"Prune roses in March [1]. {BAKED} [2] Rye is ground twice [3].",
    "half of it": "Prune roses in March [1].",
    "wrong citations": f"Prune roses in March [2]. {BAKED} [2] The moon is cheese [1]. All is well [99].",
    "no citation": f"Prune roses in March. {BAKED}",
    "refuses": "I cannot help with that.",
    "empty": "",
    "blank": " \n\t ",
    "100,000 tokens": "word [1] " * 50_000,
    "unicode": f"🌹 Prune roses in March [1]。\u202e\u0000 {BAKED} [2] — ž�",
    "hostile": "<script>alert(1)</script> ![x](http://evil/p) [roses](http://evil) Prune roses in March [1]."
    f" {BAKED} [2]\n\n[1]: http://evil",
    "fails": fails,
    "breaks off": breaks_off,
    "began anew": lambda prompt: [
        Delta("answer", "Bread is [2"),
        StartedAnew("scripted:model", "interrupted"),
        Delta("answer", f"Prune roses in March [1]. {BAKED} [2]"),
    ],
}


def written(model: LanguageModel) -> Aggregator:
    return WrittenAggregator(Models({model.name: model}, default=model.name), embed, Budget(), marker=lambda: "f00d")


ALL: dict[str, Callable[[], Aggregator]] = {
    "extractive": ExtractiveAggregator,
    **{f"written, {name}": lambda script=script: written(ScriptedModel(script)) for name, script in SCRIPTS.items()},  # type: ignore[misc]
    "written, silent": lambda: written(SilentModel()),
    "written, without budget": lambda: WrittenAggregator(
        Models({"scripted:model": ScriptedModel("?")}, default="scripted:model"), embed, Budget(calls=0)
    ),
    "written, unknown model": lambda: WrittenAggregator(Models({}, default="scripted:gone"), embed, Budget()),
}
every = pytest.mark.parametrize("name", ALL)


def found(agent: str, *texts: str, part: int, support: str = "quoted", source: str = "") -> StepResult:
    passage = Passage(
        id=f"{agent}#0", base=agent, document=agent, source=f"{agent}.md", title=agent.title(),
        text=source or " ".join(texts),
    )  # fmt: skip
    claims = tuple(
        Claim.model_validate(
            {"text": text, "quote": text, "passage": passage.id, "relevance": 0.9 - n / 10, "support": support}
        )
        for n, text in enumerate(texts)
    )
    return StepResult(
        step=f"s-{agent}", agent=agent, question="?", part=part, state="answered", claims=claims, confidence=0.9,
        passages=(passage,), text=" ".join(texts),
    )  # fmt: skip


RESULTS = (found("garden", PRUNED, part=0), found("bakery", BAKED, part=1), found("mill", GROUND, part=1))


async def combine(
    name: str, results: Sequence[StepResult] = RESULTS, selection: Selection = SELECTION
) -> tuple[str, Aggregate]:
    """What a page shows in the end before the whole is there, and the whole."""
    # Just time enough to begin, so that whoever is silent is not waited for.
    seconds = LEFT_SECONDS + (0.05 if "silent" in name else 30.0)
    *pieces, whole = [p async for p in ALL[name]().aggregate(TASK, selection, results, REGISTRY, seconds)]
    assert isinstance(whole, Aggregate)
    shown = ""
    for piece in pieces:
        assert not isinstance(piece, Aggregate)
        shown = "" if isinstance(piece, Anew) else shown + piece
    return shown, whole


@every
async def test_one_whole_comes_last(name: str) -> None:
    """Pieces before it, and something to read in both."""
    shown, whole = await combine(name)
    assert shown.strip()
    assert whole.text == whole.text.strip() != ""


@every
async def test_each_number_has_one_source_and_each_source_its_number(name: str) -> None:
    """A citation is a passage that an agent really gave, and every link leads to one."""
    shown, whole = await combine(name)
    numbers = [citation.number for citation in whole.citations]
    assert numbers == list(range(1, len(numbers) + 1))
    given = {passage.id: result.agent for result in RESULTS for passage in result.passages}
    assert [given[citation.passage.id] for citation in whole.citations] == [c.agent for c in whole.citations]
    linked = _CITED.findall(whole.text)
    assert all(said == leads for said, leads in linked)
    assert {int(said) for said, _ in linked} == set(numbers)
    assert {int(said) for said, _ in _CITED.findall(shown)} <= set(numbers)


@every
async def test_no_agents_finding_is_lost(name: str) -> None:
    """Each agent that found something is in the answer with a source of its own."""
    _, whole = await combine(name)
    assert set(whole.contributed) == {"garden", "bakery", "mill"}
    assert {citation.agent for citation in whole.citations} == set(whole.contributed)


@every
async def test_who_failed_is_named(name: str) -> None:
    failed = StepResult(
        step="s9", agent="mill", question="?", part=1, state="failed", error="Miller ran out of <b>time</b>."
    )
    _, whole = await combine(name, (*RESULTS[:2], failed))
    assert whole.missing == ("mill",)
    assert "Miller did not answer: Miller ran out of \\<b\\>time\\</b\\>." in whole.text


@every
async def test_who_found_nothing_is_not_missing(name: str) -> None:
    nothing = StepResult(step="s9", agent="mill", question="?", part=1, state="nothing_found")
    _, whole = await combine(name, (*RESULTS[:2], nothing))
    assert whole.missing == ()
    assert "mill" not in whole.contributed


@every
async def test_what_may_disagree_is_told(name: str) -> None:
    """Both findings are there, whoever writes."""
    results = (RESULTS[0], RESULTS[1], found("mill", LONGER, part=1))
    _, whole = await combine(name, results)
    cited = {citation.agent for citation in whole.citations}
    if {"bakery", "mill"} <= cited:
        assert "**Possible disagreement:**" in whole.text
        assert len(whole.conflicts) == 1
    else:
        assert "70 minutes" in whole.text


@every
async def test_nothing_that_a_model_or_a_document_says_is_active(name: str) -> None:
    """No HTML, no picture, no address; only our own links. What is streamed before, the page itself calms."""
    evil = "<img src=http://evil/p> ![x](http://evil/p) [roses](http://evil/q) Prune roses in March."
    for support in ("quoted", "supported"):
        results = (found("garden", evil, part=0, support=support), *RESULTS[1:])
        _, whole = await combine(name, results)
        assert not re.search(r"(?<!\\)<\w", whole.text)
        assert "http://" not in whole.text
        assert not re.search(r"(?<!\\)\]\((?!#cite-r1-|#mark-)", whole.text)


@every
@pytest.mark.parametrize("support", ["uncited", "unsupported"])
async def test_what_an_agent_said_without_a_source_never_gets_one(name: str, support: str) -> None:
    """It is shown and marked, or left out; no number of ours stands behind it."""
    said = Claim.model_validate(
        {"text": "Roses are blue.", "quote": "", "passage": "", "relevance": 0.0, "support": support}
    )
    garden = RESULTS[0].model_copy(update={"claims": (*RESULTS[0].claims, said)})
    _, whole = await combine(name, (garden, *RESULTS[1:]))
    assert not re.search(r"Roses are blue\.? ?\[\d", whole.text)
    if "Roses are blue" in whole.text:
        assert re.search(r"Roses are blue\.? ?\[(?:uncited|unsupported)\]\(#mark-", whole.text)


@every
async def test_the_same_findings_give_the_same_answer(name: str) -> None:
    """Apart from what is measured."""
    first, second = await combine(name), await combine(name)
    assert first == second


@every
async def test_without_a_model_it_is_said_why(name: str) -> None:
    """An answer that no model wrote although one should have has a note, and no other has."""
    _, whole = await combine(name)
    well = {"good", "half of it", "wrong citations", "unicode", "hostile", "began anew"}
    wrote = name.removeprefix("written, ") in well
    assert (whole.note is None) == (wrote or name == "extractive")
    plain = (await combine("extractive"))[1]
    if whole.note is not None:
        assert (whole.note.kind, whole.text) == ("written_without_model", plain.text)


async def test_a_model_that_is_silent_is_let_go_of() -> None:
    model = SilentModel()
    pieces = written(model).aggregate(TASK, SELECTION, RESULTS, REGISTRY, LEFT_SECONDS + 0.05)
    assert isinstance([piece async for piece in pieces][-1], Aggregate)
    assert model.closed
