"""The plan that a person is asked about: what its step is called and says, and what its card is drawn from."""

from collections.abc import Mapping, Sequence

from chat.plain import plain
from chat.props import title_of
from chat.story import Story
from chat.wire import Json
from chat.words import shortened
from orchestration.asking import MOST_CHARACTERS
from orchestration.messages import CoordinationPlan, PlanStep

_LONGEST_QUESTION = 90


def approval_words(story: Story, titles: Mapping[str, str]) -> tuple[str, str]:
    """The name of the step, and what it says."""
    assert story.proposed is not None, "a section is there because of its event"
    if story.approved is None and story.result is None:
        return "Your turn: the plan", "Nothing runs before you say so. Change the plan, run it, or cancel it."
    if story.approved is None:
        return "Plan, not run", "This plan was not run."
    if not story.approved.edited or story.plan is None:
        return "Plan, approved", "You let it run as it was."
    changes = "\n".join(f"- {change}" for change in _changes(story.proposed.plan, story.plan, titles))
    return "Plan, approved with changes", f"You changed it:\n\n{changes}"


def approval_props(story: Story, titles: Mapping[str, str]) -> dict[str, Json]:
    """The card: the plan as it is offered, or as it was approved."""
    assert story.proposed is not None, "a section is there because of its event"
    plan = story.plan if story.approved is not None and story.plan is not None else story.proposed.plan
    parts = story.selection.parts if story.selection else ()
    asked = {step.part for step in plan.steps}
    agents: list[Json] = [{"agent": name, "title": title} for name, title in titles.items()]
    unasked: list[Json] = [part.question for number, part in enumerate(parts) if number not in asked]
    return {
        "run": story.run,
        "state": "awaiting" if story.awaiting else "approved" if story.approved else "over",
        "steps": _cards(plan, titles),
        "agents": agents,
        "unasked": unasked,
        "question": parts[0].question if parts else "",
        "longest": MOST_CHARACTERS,
    }


def _cards(plan: CoordinationPlan, titles: Mapping[str, str]) -> list[Json]:
    numbers = {step.id: number for number, step in enumerate(plan.steps, 1)}
    return [
        {
            "agent": step.agent,
            "title": title_of(step.agent, titles),
            "question": step.question,
            "after": [numbers[id] for id in step.depends_on],
        }
        for step in plan.steps
    ]


def _changes(before: CoordinationPlan, after: CoordinationPlan, titles: Mapping[str, str]) -> list[str]:
    """What a person changed; a step is the same when agent and question are."""
    old, new = [_key(step) for step in before.steps], [_key(step) for step in after.steps]
    out, added = [key for key in old if key not in new], [key for key in new if key not in old]
    changes = []
    for agent, question in out:
        instead = next((key for key in added if key[0] == agent), None)
        title = plain(title_of(agent, titles))
        if instead is None:
            changes.append(f"{title} was taken out: {_quoted(question)}")
        else:
            added.remove(instead)
            changes.append(f"{title} is asked {_quoted(instead[1])} instead of {_quoted(question)}")
    changes += [f"{plain(title_of(agent, titles))} was added: {_quoted(question)}" for agent, question in added]
    kept = [key for key in new if key in old]
    if kept != [key for key in old if key in new]:
        changes.append("The order is another one")
    if any(_waits(before, key) != _waits(after, key) for key in kept):
        changes.append("Which step waits for which is different")
    return changes


def _quoted(question: str) -> str:
    return f"“{plain(shortened(question, _LONGEST_QUESTION))}”"


def _key(step: PlanStep) -> tuple[str, str]:
    return step.agent, step.question


def _waits(plan: CoordinationPlan, key: tuple[str, str]) -> Sequence[tuple[str, str]]:
    step = next(step for step in plan.steps if _key(step) == key)
    return sorted(_key(plan.step(id)) for id in step.depends_on)
