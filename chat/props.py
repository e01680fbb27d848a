"""The properties of the custom elements; public/elements/*.jsx read exactly these."""

from collections.abc import Mapping

from agents.models import Models
from chat.model_choice import choices, value_of
from chat.story import StepStory, Story
from chat.wire import Json
from chat.words import Words
from orchestration.messages import Citation, PartSelection, Selection, TaskResult

QUESTION, AGGREGATE = "question", "aggregate"


def title_of(agent: str, titles: Mapping[str, str]) -> str:
    """An agent's title; one that has left the catalog keeps a readable name."""
    return titles.get(agent) or agent.replace("_", " ").capitalize()


def selection_props(
    part: PartSelection, threshold: float, titles: Mapping[str, str], understood: str
) -> dict[str, Json]:
    agents: list[Json] = [
        {
            "name": scored.agent,
            "title": title_of(scored.agent, titles),
            "chosen": scored.chosen,
            "score": scored.score,
            "reason": scored.reason,
            "scores": dict(scored.scores),
        }
        for scored in part.agents
    ]
    return {"question": part.question, "agents": agents, "threshold": threshold, "understood": understood}


def plan_props(story: Story, titles: Mapping[str, str], words: Words) -> dict[str, Json]:
    """The graph: the question, one node per step, the answer."""
    question = story.task.question if story.task else ""
    state = story.result.state if story.result else "running"
    nodes: list[Json] = [_node(QUESTION, "", words.your_question, question, "answered", None)]
    edges: list[Json] = []
    for number, step in enumerate(story.steps, 1):
        plan = step.plan
        title = title_of(plan.agent, titles)
        seconds = (step.result.seconds or None) if step.result else None
        node = _node(plan.id, plan.agent, title, plan.question, _state(story, step), seconds)
        # The place in the answer, where a person has put the steps in order.
        nodes.append({**node, "number": number} if story.approved else node)
        edges += [{"from": before, "to": plan.id} for before in plan.depends_on or (QUESTION,)]
    needed = {before for step in story.steps for before in step.plan.depends_on}
    edges += [{"from": s.plan.id, "to": AGGREGATE} for s in story.steps if s.plan.id not in needed]
    seconds = (story.result.total_seconds or None) if story.result else None
    nodes.append(_node(AGGREGATE, "", words.answer, "", _end_state(story), seconds))
    return {"state": state, "nodes": nodes, "edges": edges}


def sources_props(result: TaskResult) -> dict[str, Json]:
    sources: list[Json] = [_source(citation) for citation in result.citations]
    return {
        "run": result.task,
        "sources": sources,
        "contributed": list(result.contributed),
        "missing": list(result.missing),
    }


def again_props(
    story: Story, selection: Selection, titles: Mapping[str, str], models: Models, words: Words
) -> dict[str, Json]:
    """Who can be asked again, for each part of the question: those who answered it, alone, and all the others; and with
    which model, where some are offered: at first with the one that this was asked with.
    """
    parts: list[Json] = []
    alone = len({step.plan.agent for step in story.steps}) > 1
    for number, part in enumerate(selection.parts):
        answered = {s.plan.agent for s in story.steps if s.plan.part == number and s.state == "answered"}
        own: list[Json] = [{"agent": name, "title": titles[name]} for name in titles if name in answered]
        others: list[Json] = [{"agent": name, "title": titles[name]} for name in titles if name not in answered]
        heading = part.heading if len(selection.parts) > 1 else ""
        parts.append({"heading": heading, "alone": alone, "answered": own, "others": others})
    wished = story.task.model if story.task is not None and models.may_be_chosen(story.task.model) else ""
    offered = choices(models, "", words) if models.offered else []
    return {"run": story.run, "parts": parts, "models": offered, "model": value_of(wished)}


def passage_props(citation: Citation, before: str = "", after: str = "") -> dict[str, Json]:
    """One source for the side panel; `before` and `after` are its neighbours in the document."""
    return {**_source(citation), "before": before, "after": after, "text": citation.passage.text}


def _source(citation: Citation) -> dict[str, Json]:
    passage = citation.passage
    return {
        "number": citation.number,
        "agent": citation.agent,
        "title": passage.title,
        "section": passage.section,
        "page": passage.page,
        "source": passage.source,
        "tool": not passage.base,
        "quote": citation.quote,
        "score": passage.score,
    }


def _node(id: str, agent: str, title: str, question: str, state: str, seconds: float | None) -> dict[str, Json]:
    return {
        "id": id,
        "agent": agent,
        "title": title,
        "label": title,
        "question": question,
        "state": state,
        "seconds": seconds,
    }


def _state(story: Story, step: StepStory) -> str:
    if step.result is None and story.result is not None:
        return "cancelled"
    if step.state != "waiting":
        return step.state
    ended = {s.plan.id for s in story.steps if s.result is not None}
    return "queued" if ended.issuperset(step.plan.depends_on) else "waiting"


def _end_state(story: Story) -> str:
    if story.result is not None:
        return "failed" if story.result.state == "expired" else story.result.state
    return "running" if story.aggregating or story.answer else "waiting"
