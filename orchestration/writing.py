"""One answer, written by a language model from what the agents found. What it leaves out is added, what fails is
put together without it: nothing that was found is lost because the last step failed.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

import numpy as np

from agents import AgentRegistry, Budget, Claim, ModelFailed, Note, Spending, UnknownModel
from agents.citing import Checked, check
from agents.marks import mark
from agents.models import Delta, LanguageModel, Models, Prompt, Reply, Said, StartedAnew
from agents.patience import until
from agents.plain import as_markdown, inert, visible, without_links
from agents.prompting import CHARACTERS_A_TOKEN, Fence, Marker, fair_share, random_marker
from agents.sources import Embed
from agents.statements import Statement, statements_of
from knowledge import Hit, Passage, Sentence
from orchestration.aggregation import Aggregate, Aggregator, Anew, Ending, ExtractiveAggregator, Numbers
from orchestration.linking import Linking
from orchestration.messages import Selection, StepResult, Task
from orchestration.terms import WRITING, share_of

log = logging.getLogger(__name__)

MOST_CHARACTERS = 24_000
MOST_TOKENS = 3_000
LEAST_MATERIAL, MOST_MATERIAL = 500, 16_000
"""Tokens of what was found and what that rests on, that a model is given."""
LEFT_SECONDS = 1.0
"""Of the time for the whole, for what is done when the model fails."""


@dataclass(frozen=True)
class _Source:
    """A passage that somebody's claim rests on."""

    agent: str
    passage: Passage
    claims: tuple[Claim, ...]


class WrittenAggregator:
    """Where no model is wished, or it fails, `without` puts the findings together."""

    def __init__(
        self,
        models: Models,
        embed: Embed,
        budget: Budget,
        without: Aggregator | None = None,
        marker: Marker = random_marker,
    ) -> None:
        self._models = models
        self._embed = embed
        self._budget = budget
        self._without = without or ExtractiveAggregator()
        self._marker = marker

    async def aggregate(
        self,
        task: Task,
        selection: Selection,
        results: Sequence[StepResult],
        registry: AgentRegistry,
        seconds: float,
    ) -> AsyncGenerator[str | Anew | Aggregate, None]:
        spending, note, shown = Spending(self._budget), None, False
        model: LanguageModel | None = None
        answered = [result for result in results if result.state == "answered"]
        if (alone := _alone(selection, answered)) is not None:
            text, whole = _taken(task, selection, results, alone, registry)
            yield text
            yield whole
            return
        try:
            model = self._models.of(task.model)
            if model is not None:
                written = self._written(model, task, selection, results, registry, spending, seconds - LEFT_SECONDS)
                async with aclosing(written) as pieces:
                    async for piece in pieces:
                        shown = True
                        yield piece
                return
        except ModelFailed as failed:
            spending.add(*failed.usage)
            note = Note(kind="written_without_model", model=failed.model, why=failed.why)
            if shown:
                yield Anew()
        except UnknownModel:
            note = Note(kind="written_without_model", model=task.model, why="unknown")
        except Exception:
            # The boundary of the last step: whatever went wrong with it, what was found is not lost.
            log.exception("the answer of run %s could not be written by a model", task.id)
            note = Note(kind="written_without_model", model=model.name if model else task.model, why="unusable")
            if shown:
                yield Anew()
        async with aclosing(self._without.aggregate(task, selection, results, registry, LEFT_SECONDS)) as pieces:
            async for piece in pieces:
                yield replace(piece, usage=spending.usage, note=note) if isinstance(piece, Aggregate) else piece

    async def _written(
        self,
        model: LanguageModel,
        task: Task,
        selection: Selection,
        results: Sequence[StepResult],
        registry: AgentRegistry,
        spending: Spending,
        seconds: float,
    ) -> AsyncGenerator[str | Anew | Aggregate, None]:
        spending.check(model.name)
        if seconds <= 0:
            raise ModelFailed(model.name, "budget")  # The time of the run, which others have used.
        sources = _sources(results)

        def link(numbers: Numbers) -> Linking:
            return Linking(lambda number: _link(numbers, sources, number))

        numbers = Numbers(task.id)
        linking, length = link(numbers), 0
        reply: Reply | None = None
        prompt = self._prompt(task, selection, results, sources, registry, spending)
        moment = asyncio.get_running_loop().time() + min(seconds, spending.seconds_left)
        async with aclosing(model.reply(prompt)) as coming, aclosing(until(moment, coming, model.name)) as parts:
            async for part in parts:
                if isinstance(part, Reply):
                    reply = part
                elif isinstance(part, StartedAnew):
                    numbers = Numbers(task.id)
                    linking, length = link(numbers), 0
                    yield Anew()
                elif isinstance(part, Delta) and part.channel == "answer":
                    length += len(part.text)
                    if length > MOST_CHARACTERS:
                        raise ModelFailed(model.name, "unusable")
                    if text := linking.add(part.text):
                        yield text
        if reply is None:
            raise ModelFailed(model.name, "interrupted")
        if text := linking.rest():
            yield text
        for usage in reply.usage:
            spending.add(usage)
        text, numbers = await self._checked(task, reply, sources)
        text += _further(results, numbers, registry)
        ending = Ending.of(results, selection, numbers, registry)
        yield ending.aggregate(text, numbers, spending.usage)

    def _prompt(
        self,
        task: Task,
        selection: Selection,
        results: Sequence[StepResult],
        sources: Sequence[_Source],
        registry: AgentRegistry,
        spending: Spending,
    ) -> Prompt:
        # Half of it for what was found, half for what that rests on; the longest is cut first.
        most = max(LEAST_MATERIAL, min(MOST_MATERIAL, spending.tokens_left - MOST_TOKENS)) * CHARACTERS_A_TOKEN // 2
        longest = fair_share([len(claim.text) for result in results for claim in result.claims], most)
        fence = Fence(self._marker())
        rules = "\n".join(
            (
                "You write the one answer to a question from what several specialists found.",
                f"- {fence.rule}",
                "- Say only what they found. Put the number of the source behind each statement, such as [1] or [1][2]:"
                " behind each sentence, each item of a list, each row. A statement without a number is worthless.",
                "- Begin with the answer. Bring together what belongs together and say each thing once; where the"
                " question has parts, treat each of them. Where findings do not agree, say so and give both.",
                "- Answer in the language of the question. Lists, tables and code are welcome; links, pictures and"
                " HTML are not. Do not mention these rules or the specialists.",
            )
        )
        by_id = {source.passage.id: number for number, source in enumerate(sources, 1)}
        told = []
        for number, part in enumerate(selection.parts):
            found = [result for result in results if result.part == number and result.state == "answered"]
            lines = [
                f"{registry[result.agent].title if result.agent in registry else result.agent} found:\n"
                + "\n".join(_line(claim, by_id, longest) for claim in result.claims)
                for result in found
            ] or ["Nobody found anything on this."]
            told.append(fence.around(f"findings on part {number + 1}", f"{part.heading}\n\n" + "\n\n".join(lines)))
        quotes = [_quotes(source) for source in sources]
        longest = fair_share([len(quote) for quote in quotes], most)
        quoted = [
            f"[{number}] {source.passage.title}: {quote[:longest]}"
            for number, (source, quote) in enumerate(zip(sources, quotes, strict=True), 1)
        ]
        told.append(fence.around("sources", "\n".join(quoted)))
        told.append(f"Question: {selection.understood or task.question}")
        said = (Said("system", rules), Said("person", "\n\n".join(told)))
        return Prompt(
            said,
            most_tokens=min(MOST_TOKENS, max(1, spending.tokens_left)),
            most_calls=spending.calls_left,
            broken_off=spending.add,
        )

    async def _checked(self, task: Task, reply: Reply, sources: Sequence[_Source]) -> tuple[str, Numbers]:
        told = statements_of(without_links(visible(reply.text)))
        checked = await check(told.all, await self._hits(sources), self._embed)
        if not any(one.support == "supported" for one in checked):
            raise ModelFailed(reply.model, "unusable")
        numbers = Numbers(task.id)
        found = iter(checked)

        def behind(statement: Statement) -> str:
            return _behind(next(found), numbers, sources)

        return inert(told.written(behind)), numbers

    async def _hits(self, sources: Sequence[_Source]) -> list[Hit]:
        """The sources with what was quoted of them, which is what an answer may rest on."""
        told = [[text for claim in source.claims for text in (claim.quote, claim.text)] for source in sources]
        texts = list(dict.fromkeys(text for own in told for text in own if text))
        vectors = dict(zip(texts, await self._embed(texts), strict=True)) if texts else {}
        hits = []
        for source, own in zip(sources, told, strict=True):
            quoted = [text for text in dict.fromkeys(own) if text]
            sentences = tuple(Sentence(text=text, position=at, kind="prose") for at, text in enumerate(quoted))
            hits.append(Hit(source.passage, sentences, np.stack([vectors[text] for text in quoted]), 1.0, 1.0))
        return hits


def _alone(selection: Selection, answered: Sequence[StepResult]) -> StepResult | None:
    """The only answer to the only part, where a model wrote it: writing it once more adds nothing."""
    if len(answered) == 1 == len(selection.parts) and any(claim.support != "quoted" for claim in answered[0].claims):
        return answered[0]
    return None


def _taken(
    task: Task, selection: Selection, results: Sequence[StepResult], alone: StepResult, registry: AgentRegistry
) -> tuple[str, Aggregate]:
    numbers = Numbers(task.id)
    quotes = {claim.passage: claim.quote for claim in alone.claims}

    def cite(number: int) -> str:
        if not 1 <= number <= len(alone.passages):
            return ""
        passage = alone.passages[number - 1]
        return numbers.cite(alone.agent, passage, quotes.get(passage.id, ""))

    text = Linking(cite).linked(alone.text)
    ending = Ending.of(results, selection, numbers, registry)
    return text + ending.text, ending.aggregate(text, numbers)


def _sources(results: Sequence[StepResult]) -> list[_Source]:
    """Each passage that carries a claim, once, in the order of the plan."""
    found: dict[str, _Source] = {}
    for result in results:
        passages = {passage.id: passage for passage in result.passages}
        for claim in result.claims:
            for name in (claim.passage, *claim.also):
                if name not in passages:
                    continue
                before = found.get(name)
                claims = (*before.claims, claim) if before is not None else (claim,)
                found[name] = _Source(before.agent if before else result.agent, passages[name], claims)
    return list(found.values())


def _line(claim: Claim, numbers: dict[str, int], longest: int) -> str:
    cited = "".join(f"[{numbers[name]}]" for name in (claim.passage, *claim.also) if name in numbers)
    return f"- {claim.text[:longest]} {cited or '(no source was found to say so)'}"


def _quotes(source: _Source) -> str:
    return " ".join(dict.fromkeys(claim.quote for claim in source.claims if claim.quote))


def _link(numbers: Numbers, sources: Sequence[_Source], number: int) -> str:
    if not 1 <= number <= len(sources):
        return ""
    source = sources[number - 1]
    return numbers.cite(source.agent, source.passage, "")


def _behind(one: Checked, numbers: Numbers, sources: Sequence[_Source]) -> str:
    if one.support != "supported":
        return mark(one.support)
    return "".join(
        numbers.cite(sources[number - 1].agent, sources[number - 1].passage, one.quote if at == 0 else "")
        for at, number in enumerate(one.sources)
    )


def _further(results: Sequence[StepResult], numbers: Numbers, registry: AgentRegistry) -> str:
    """The best finding of each agent of which the text says nothing."""
    lines = []
    for result in results:
        sound = [claim for claim in result.claims if claim.support in ("quoted", "supported")]
        carried = [claim for claim in sound if claim.kind != "code"]
        if result.state != "answered" or not carried:
            continue
        if any(numbers.number_of(name) for claim in carried for name in (claim.passage, *claim.also)):
            continue
        best = max(carried, key=lambda claim: claim.relevance)
        passage = next((p for p in result.passages if p.id == best.passage), None)
        if passage is not None:
            who = registry[result.agent].title if result.agent in registry else result.agent
            told = as_markdown(best.text) if best.support == "quoted" else inert(best.text)
            lines.append(f"\n- {as_markdown(who)}: {told} {numbers.cite(result.agent, passage, best.quote)}")
    return f"\n\n**Also found**\n{''.join(lines)}" if lines else ""


def aggregating(models: Models, embed: Embed, whole: Budget) -> Aggregator:
    """The aggregator for what is configured, with its share of the `whole` task's budget."""
    return WrittenAggregator(models, embed, share_of(whole, WRITING)) if models else ExtractiveAggregator()
