"""The plan that a person is asked about: what its step is called and says, and what its card is drawn from."""

from collections.abc import Mapping, Sequence

from chat.plain import plain
from chat.props import title_of
from chat.story import Story
from chat.wire import Json
from chat.words import Words, shortened
from orchestration.asking import MOST_CHARACTERS
from orchestration.messages import CoordinationPlan, PlanStep

_LONGEST_QUESTION = 90


def approval_words(story: Story, titles: Mapping[str, str], words: Words) -> tuple[str, str]:
    """The name of the step, and what it says."""
    assert story.proposed is not None, "a section is there because of its event"
    if story.approved is None and story.result is None:
        return words.approval("offered")
    if story.approved is None:
        return words.approval("not run")
    if not story.approved.edited or story.plan is None:
        return words.approval("approved")
    changes = "\n".join(f"- {change}" for change in _changes(story.proposed.plan, story.plan, titles, words))
    name, said = words.approval("changed")
    return name, f"{said}\n\n{changes}"


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


def _changes(before: CoordinationPlan, after: CoordinationPlan, titles: Mapping[str, str], words: Words) -> list[str]:
    """What a person changed; a step is the same when agent and question are."""
    old, new = [_key(step) for step in before.steps], [_key(step) for step in after.steps]
    out, added = [key for key in old if key not in new], [key for key in new if key not in old]
    changes = []
    for agent, question in out:
        instead = next((key for key in added if key[0] == agent), None)
        title = plain(title_of(agent, titles))
        if instead is None:
            changes.append(words.taken_out(title, _question(question)))
        else:
            added.remove(instead)
            changes.append(words.asked_instead(title, _question(instead[1]), _question(question)))
    changes += [words.added(plain(title_of(agent, titles)), _question(question)) for agent, question in added]
    kept = [key for key in new if key in old]
    if kept != [key for key in old if key in new]:
        changes.append(words.another_order)
    if any(_waits(before, key) != _waits(after, key) for key in kept):
        changes.append(words.other_waits)
    return changes


def _question(question: str) -> str:
    return plain(shortened(question, _LONGEST_QUESTION))


def _key(step: PlanStep) -> tuple[str, str]:
    return step.agent, step.question


def _waits(plan: CoordinationPlan, key: tuple[str, str]) -> Sequence[tuple[str, str]]:
    step = next(step for step in plan.steps if _key(step) == key)
    return sorted(_key(plan.step(id)) for id in step.depends_on)
