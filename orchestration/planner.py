"""Divides a question and says who is asked what, with a language model; what it proposes is checked like anything else
that comes from outside, and where it is of no use the plan that was made without it stands.
"""

import asyncio
import json
import logging
import math
from collections.abc import Awaitable, Callable, Collection
from contextlib import aclosing
from dataclasses import dataclass

from pydantic import BaseModel, Field, ValidationError

from agents import Agent, AgentRegistry, Budget, Exchange, ModelFailed, Note, Spending, UnknownModel, Usage
from agents.models import LanguageModel, Models, Prompt, Reply, Said, StartedAnew
from agents.prompting import Fence, Marker, conversation, random_marker
from orchestration.asking import tidy
from orchestration.errors import InvalidTask
from orchestration.messages import Planning, Selection, Task
from orchestration.splitting import MOST_PARTS, Part
from orchestration.terms import PLANNING, share_of

log = logging.getLogger(__name__)

MOST_AGENTS = 3
"""Asked the same question."""
MOST_EXAMPLES = 3
"""Of the questions that an agent should get."""
MOST_QUESTION = 500
"""Characters of a part's question, unless the whole question has more."""
MOST_HEADING = 120
MOST_REPLY = 20_000
MOST_CONVERSATION = 6_000
TRIES = 2
"""The first, and one to repair it."""

Tell = Callable[[Planning], Awaitable[None]]
"""Is told of each question to a model before it is asked."""


async def nobody(event: Planning) -> None:
    """Of those who need not be told."""


class ProposedPart(BaseModel):
    """A question to be looked up on its own, and who looks it up."""

    question: str = Field(description="complete in itself, in the language of the person")
    heading: str = Field("", description="the same in a few words")
    agents: list[str] = Field(description="names of one or more specialists")
    builds_on: list[int] = Field(default=[], description="numbers of earlier parts whose answers it needs")


class ProposedPlan(BaseModel):
    """What the model is asked for."""

    understood: str = Field("", description="the question, complete in itself without the conversation")
    parts: list[ProposedPart] = Field(
        description="in the order in which they can be answered; numbered from 1; none where it is nobody's field"
    )


@dataclass(frozen=True)
class Division:
    """A plan that was found to be one."""

    parts: tuple[Part, ...]
    """The whole question where nobody is asked."""
    agents: tuple[frozenset[str], ...]
    """For each part."""
    understood: str
    model: str


_NOBODY = (
    "It asks nobody, although the draft found passages on it. Ask whom they belong to; reply with no parts again only"
    " if the question is about something else."
)


@dataclass(frozen=True)
class Planned:
    """What came of asking: no division where there is no model, or a note says why there is none."""

    division: Division | None = None
    usage: tuple[Usage, ...] = ()
    note: Note | None = None


class Planner:
    """Asks a model for a plan, once more where the first one cannot be used."""

    def __init__(self, models: Models, budget: Budget, marker: Marker = random_marker) -> None:
        self._models = models
        self._budget = budget
        self._marker = marker

    async def plan(
        self,
        task: Task,
        question: str,
        drafted: Selection,
        available: AgentRegistry,
        called: Collection[str] = (),
        seconds: float = math.inf,
        tell: Tell = nobody,
    ) -> Planned:
        """`drafted` was made without a model; only the `available` agents may be asked, those who were `called` must
        be. It may take so many `seconds`, and less where the budget has less. Raises only what `tell` does.
        """
        spending = Spending(self._budget)
        try:
            model = self._models.of(task.model)
            if model is None:
                return Planned()
            said = self._opening(task, question, drafted, available, called)
            longest = max(MOST_QUESTION, len(question))
            async with asyncio.timeout(min(self._budget.seconds, seconds)):
                doubtful = _NOBODY if drafted.chosen() else ""
                accepted, told_by = await self._proposed(
                    model,
                    said,
                    lambda plan: what_is_wrong(plan, available, called, longest),
                    doubtful,
                    spending,
                    lambda read: tell(Planning(run=task.id, model=model.name, read=read, usage=spending.usage)),
                )
            return Planned(_division(accepted, task, question, told_by), spending.usage)
        except ModelFailed as failed:
            spending.add(*failed.usage)
            note = Note(kind="planned_without_model", model=failed.model, why=failed.why)
        except UnknownModel:
            note = Note(kind="planned_without_model", model=task.model, why="unknown")
        except TimeoutError:
            note = Note(kind="planned_without_model", model=model.name if model else "", why="timeout")
        log.info("planned without %s: %s", note.model, note.why)
        return Planned(None, spending.usage, note)

    async def _proposed(
        self,
        model: LanguageModel,
        said: tuple[Said, ...],
        objection: Callable[[ProposedPlan], str],
        doubtful: str,
        spending: Spending,
        asking: Callable[[int], Awaitable[None]],
    ) -> tuple[ProposedPlan, str]:
        """A plan to which there is no objection, and the model that made it. One that asks nobody counts when it is not
        `doubtful`, or said again: some models reply so whatever they are asked. `asking` is told how much it is sent.
        """
        for _ in range(TRIES):
            spending.check(model.name)
            await asking(sum(len(one.text) for one in said))
            prompt = Prompt(said, schema=ProposedPlan, most_calls=spending.calls_left, broken_off=spending.add)
            reply = await self._reply(model, prompt, spending)
            proposal = proposed(reply.text)
            wrong = proposal if isinstance(proposal, str) else objection(proposal)
            if not wrong and isinstance(proposal, ProposedPlan):
                if proposal.parts or not doubtful:
                    return proposal, reply.model
                wrong, doubtful = doubtful, ""
            repair = f"That plan cannot be used: {wrong} Reply with the whole corrected plan, as JSON only."
            said = (*said, Said("model", reply.text[:MOST_REPLY]), Said("person", repair))
        raise ModelFailed(model.name, "unusable")

    async def _reply(self, model: LanguageModel, prompt: Prompt, spending: Spending) -> Reply:
        length = 0
        async with aclosing(model.reply(prompt)) as parts:
            async for part in parts:
                if isinstance(part, Reply):
                    for usage in part.usage:
                        spending.add(usage)
                    return part
                if isinstance(part, StartedAnew):
                    length = 0
                elif part.channel == "answer":
                    length += len(part.text)
                if length > MOST_REPLY:
                    break
        raise ModelFailed(model.name, "unusable")

    def _opening(
        self, task: Task, question: str, drafted: Selection, available: AgentRegistry, called: Collection[str]
    ) -> tuple[Said, ...]:
        fence = Fence(self._marker())
        specialists = "\n".join(_introduced(agent) for agent in available.values())
        rules = "\n".join(
            (
                "You plan how several specialists answer a question. Each has documents of its own and looks up what it"
                " is asked. You do not answer the question.",
                f"- Divide it into at most {MOST_PARTS} parts, each a question that can be looked up on its own. Do not"
                " divide what one lookup answers: most questions are one part.",
                f"- For each part choose the specialists whose field it is, mostly one, at most {MOST_AGENTS}.",
                "- Where a part can only be asked when another one is answered, put it behind that one and name its"
                " number in builds_on; write it with a phrase in place of what is not known yet.",
                "- Where the question is in nobody's field, so that no specialist's documents can have anything on it,"
                " reply with no parts. Where you doubt, ask.",
                "- The draft was made by comparing words. Keep what is right about it.",
                *([f"- Each of these must be asked: {', '.join(called)}."] if called else []),
                f"- {fence.rule}",
                f"Reply with JSON only, of this schema: {json.dumps(ProposedPlan.model_json_schema())}",
                f"Specialists:\n{specialists}",
            )
        )
        exchanges = tuple(Exchange(question=turn.question, answer=" ".join(turn.points)) for turn in task.context)
        told = (
            conversation(exchanges, fence, MOST_CONVERSATION),
            # What a follow-up points to may be a document's words.
            fence.around("draft", json.dumps(_draft(drafted), ensure_ascii=False)),
            f"Question: {task.question if exchanges else question}",
        )
        return Said("system", rules), Said("person", "\n\n".join(filter(None, told)))


def _introduced(agent: Agent) -> str:
    asked = f" Asked for example: {' '.join(agent.examples[:MOST_EXAMPLES])}" if agent.examples else ""
    return f"- {agent.name}: {agent.title}. {agent.description}{asked}"


def _draft(selection: Selection) -> dict[str, object]:
    parts = [
        {
            "question": part.question,
            "agents": [score.agent for score in part.agents if score.chosen],
            "scores": {score.agent: round(score.score, 2) for score in part.agents},
            "builds_on": [number + 1 for number in part.needs],
        }
        for part in selection.parts
    ]
    return {"understood": selection.understood, "parts": parts} if selection.understood else {"parts": parts}


def proposed(text: str) -> ProposedPlan | str:
    """The plan that a reply holds, or what is wrong with it, as a sentence for the model."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        return "There is no JSON object in it."
    try:
        return ProposedPlan.model_validate_json(text[start : end + 1])
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        return f"{where}: {first['msg']}." if where else f"{first['msg']}."


def what_is_wrong(
    plan: ProposedPlan, available: Collection[str], called: Collection[str] = (), longest: int = MOST_QUESTION
) -> str:
    """The first thing, as a sentence for the model; empty where nothing is."""
    if len(plan.parts) > MOST_PARTS:
        return f"There must be at most {MOST_PARTS} parts, and there are {len(plan.parts)}."
    asked: set[tuple[str, str]] = set()
    for number, part in enumerate(plan.parts, 1):
        if not part.agents or len(set(part.agents)) > MOST_AGENTS:
            return f"Part {number} must name 1 to {MOST_AGENTS} specialists."
        if unknown := sorted(set(part.agents) - set(available)):
            return f"Part {number} names {', '.join(unknown)[:80]}; there are only {', '.join(available)}."
        if any(not 1 <= other < number for other in part.builds_on):
            return f"Part {number} may only build on parts before it."
        if len(part.question) > longest or not _tidy(part.question):
            return f"The question of part {number} must be 1 to {longest} characters of text."
        asks = {(agent, _tidy(part.question).lower()) for agent in part.agents}
        if asks & asked:
            return f"Part {number} asks a specialist the same as an earlier part."
        asked |= asks
    if missing := sorted(set(called) - {agent for agent, _ in asked}):
        return f"Nobody asks {', '.join(missing)}, and the person wants that."
    return ""


def _division(plan: ProposedPlan, task: Task, question: str, model: str) -> Division:
    understood = _tidy(plan.understood)
    stands_alone = not task.context or not understood or len(understood) > MOST_QUESTION
    parts = tuple(
        Part(
            heading=_tidy(part.heading)[:MOST_HEADING] or _tidy(part.question),
            question=_tidy(part.question),
            builds_on=part.builds_on[0] - 1 if part.builds_on else None,
            further=tuple(number - 1 for number in dict.fromkeys(part.builds_on[1:])),
        )
        for part in plan.parts
    )
    agents = tuple(frozenset(part.agents) for part in plan.parts)
    if not parts:
        parts, agents = (Part(question, question),), (frozenset(),)
    return Division(parts, agents, "" if stands_alone or understood == question else understood, model)


def _tidy(text: str) -> str:
    """In one line; empty where it is no text that may be asked."""
    try:
        return tidy(" ".join(text.split()))
    except InvalidTask:
        return ""


def planning_with(models: Models, whole: Budget) -> Planner | None:
    """The planner for what is configured, with its share of the `whole` task's budget; None without a model."""
    return Planner(models, share_of(whole, PLANNING)) if models else None
