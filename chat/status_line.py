"""What is going on in a run, in one line: what it waits for or who is at work, and in the end how it ended. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence

from chat.plain import plain
from chat.props import title_of
from chat.story import StepStory, Story
from chat.usual import Medians
from chat.words import Words
from orchestration.messages import Preparing, TaskResult, Waiting

MOST_NAMES = 3
"""Agents that are named; of more it is said how many they are."""
LONG = 5
"""Of a run with more steps it is said how many of them are done."""

Titles = Mapping[str, str]


def status_line(story: Story, titles: Titles, usual: Medians, words: Words) -> str:
    """Of a run that was accepted."""
    if story.result is not None:
        return _ended(story, story.result, words)
    if story.awaiting:
        return words.awaiting_approval
    waits = _open(story, "turn") or _open(story, "waiting")
    if waits is not None:
        return words.waiting(waits.ahead, waits.seconds)
    if story.preparing is not None and not story.steps:
        return progress(story.preparing, words)
    if story.plan is None:
        return words.looking_through if _alone(story) else words.choosing
    unfinished = [step for step in story.steps if step.result is None]
    at_work = [step for step in unfinished if step.state in ("running", "restarted")]
    if at_work:
        return _at_work(at_work, titles, usual, words) + _so_far(story, len(unfinished), words)
    if unfinished:
        needed = {step.plan.id for step in unfinished}
        ready = [step for step in unfinished if needed.isdisjoint(step.plan.depends_on)]
        again = any(step.broken_off for step in ready)
        return words.to_begin(_names(ready, titles, words), again) + _so_far(story, len(unfinished), words)
    return words.writing_answer if story.answer else words.together


def progress(event: Preparing, words: Words) -> str:
    """`Reading the demo knowledge: 120 of 250 passages`; which file it is at right now says nothing to a person."""
    return words.reading_demo(event.done, event.total) if event.total else plain(words.prepared(event.text))


def _open(story: Story, kind: str) -> Waiting | None:
    """The wait that is not over."""
    if any(section.kind == kind and section.ended is None for section in story.sections):
        return story.turn if kind == "turn" else story.waiting
    return None


def _at_work(steps: Sequence[StepStory], titles: Titles, usual: Medians, words: Words) -> str:
    """With how long it usually takes, where that was measured of all who are at work; who writes is nearly done."""
    each = Counter(step.plan.agent for step in steps)
    if all(step.text for step in steps):
        return words.writing(_names(steps, titles, words), len(each))
    known = usual.keys() >= each.keys()
    longest = max(usual[agent] for agent in each) if known else None
    return words.working(_names(steps, titles, words), len(each), longest, a_step=max(each.values()) > 1)


def _so_far(story: Story, unfinished: int, words: Words) -> str:
    steps = len(story.steps)
    return words.steps_done(steps - unfinished, steps) if steps > LONG else ""


def _names(steps: Sequence[StepStory], titles: Titles, words: Words) -> str:
    names = [title_of(agent, titles) for agent in dict.fromkeys(step.plan.agent for step in steps)]
    if len(names) > MOST_NAMES:
        names = [*names[: MOST_NAMES - 1], words.other_agents(len(names) - MOST_NAMES + 1)]
    return words.listed(names)


def _ended(story: Story, result: TaskResult, words: Words) -> str:
    if result.state in ("cancelled", "expired") and story.proposed is not None and story.approved is None:
        return words.ended_unapproved
    return words.ended(result.state, _who(story, result, words), result.total_seconds, _waited(story, words))


def _who(story: Story, result: TaskResult, words: Words) -> str:
    if _alone(story):
        return words.the_single_agent
    answered, all_asked = len(result.contributed), len({*result.contributed, *result.missing})
    return words.agents(answered) if answered == all_asked else words.agents_of(answered, all_asked)


def _waited(story: Story, words: Words) -> str:
    waits = (section for section in story.sections if section.kind in ("waiting", "turn"))
    waited = sum((section.ended or section.began) - section.began for section in waits)
    return words.waited_for_a_place(waited) if waited >= 1 else ""


def _alone(story: Story) -> bool:
    return story.task is not None and story.task.mode == "single"
