"""What is going on in a run, in one line: what it waits for or who is at work, and in the end how it ended. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence

from chat.plain import plain
from chat.props import title_of
from chat.story import StepStory, Story
from chat.usual import Medians
from chat.words import counted, duration, listed, pace, seconds
from orchestration.messages import Preparing, TaskResult, Waiting

MOST_NAMES = 3
"""Agents that are named; of more it is said how many they are."""
STANDS_STILL = "Standing still until Redis answers"

Titles = Mapping[str, str]


def status_line(story: Story, titles: Titles, usual: Medians) -> str:
    """Of a run that was accepted."""
    if story.result is not None:
        return _ended(story, story.result)
    if story.awaiting:
        return "Waiting for your approval"
    waits = _open(story, "turn") or _open(story, "waiting")
    if waits is not None:
        return turn(waits)
    if story.preparing is not None and not story.steps:
        return progress(story.preparing)
    if story.plan is None:
        return "Looking through all documents" if _alone(story) else "Choosing agents"
    unfinished = [step for step in story.steps if step.result is None]
    at_work = [step for step in unfinished if step.state in ("running", "restarted")]
    if at_work:
        return _at_work(at_work, titles, usual)
    if unfinished:
        needed = {step.plan.id for step in unfinished}
        ready = [step for step in unfinished if needed.isdisjoint(step.plan.depends_on)]
        again = any(step.broken_off for step in ready)
        return f"Waiting for {_names(ready, titles)} to begin{' again' if again else ''}"
    return "Putting it together"


def turn(event: Waiting) -> str:
    """`Waiting: 12 questions are ahead of yours, about 8 s`."""
    about = f", about {duration(event.seconds)}" if event.seconds is not None else ""
    if not event.ahead:
        return f"Waiting: yours is the next question{about}"
    return f"Waiting: {counted(event.ahead, 'question')} {'is' if event.ahead == 1 else 'are'} ahead of yours{about}"


def progress(event: Preparing) -> str:
    """`Reading the demo knowledge: 120 of 250 passages`; which file it is at right now says nothing to a person."""
    return reading(event.done, event.total) if event.total else plain(event.text)


def reading(done: int, total: int) -> str:
    """The knowledge is not ready yet."""
    return f"Reading the demo knowledge: {done} of {total} passages" if total else "Getting ready to read the knowledge"


def _open(story: Story, kind: str) -> Waiting | None:
    """The wait that is not over."""
    if any(section.kind == kind and section.ended is None for section in story.sections):
        return story.turn if kind == "turn" else story.waiting
    return None


def _at_work(steps: Sequence[StepStory], titles: Titles, usual: Medians) -> str:
    """With how long it usually takes, where that was measured of all who are at work."""
    each = Counter(step.plan.agent for step in steps)
    line = f"{_names(steps, titles)} {'is' if len(each) == 1 else 'are'} at work"
    if not usual.keys() >= each.keys():
        return line
    a_step = " a step" if max(each.values()) > 1 else ""
    return f"{line} (usually {pace(max(usual[agent] for agent in each))}{a_step})"


def _names(steps: Sequence[StepStory], titles: Titles) -> str:
    names = [title_of(agent, titles) for agent in dict.fromkeys(step.plan.agent for step in steps)]
    if len(names) > MOST_NAMES:
        names = [*names[: MOST_NAMES - 1], f"{len(names) - MOST_NAMES + 1} other agents"]
    return listed(names)


def _ended(story: Story, result: TaskResult) -> str:
    took = f" in {seconds(result.total_seconds)}" if result.total_seconds else ""
    after = f" after {seconds(result.total_seconds)}" if result.total_seconds else ""
    match result.state:
        case "answered":
            return f"Answered{took} by {_who(story, result)}{_waited(story)}"
        case "nothing_found":
            return f"Nothing found{took}{_waited(story)}"
        case "cancelled" | "expired" if story.proposed is not None and story.approved is None:
            return "Ended before the plan was approved"
        case "cancelled":
            return f"Stopped{after}"
        case "expired":
            return f"Out of time{after}"
    return f"Failed{after}"


def _who(story: Story, result: TaskResult) -> str:
    if _alone(story):
        return "the single agent"
    answered, all_asked = len(result.contributed), len({*result.contributed, *result.missing})
    return counted(answered, "agent") if answered == all_asked else f"{answered} of {counted(all_asked, 'agent')}"


def _waited(story: Story) -> str:
    waits = (section for section in story.sections if section.kind in ("waiting", "turn"))
    waited = sum((section.ended or section.began) - section.began for section in waits)
    return f", {seconds(waited)} of it waiting for a place" if waited >= 1 else ""


def _alone(story: Story) -> bool:
    return story.task is not None and story.task.mode == "single"
