"""One agent at work: its step, with what it found and how it reasoned inside, and its answer as the text."""

import re

from chat.growing import Growing
from chat.plain import in_words, plain
from chat.spent import notes_markdown
from chat.story import Section, StepStory, Story
from chat.wire import Step, stable_id
from chat.words import Words, shortened
from knowledge import Passage
from orchestration.messages import Retrying, Returned

_LONGEST_NAME = 72
_NUMBER = re.compile(r"\[(\d{1,3})\](?!\()")


def draw_agent_step(
    story: Story, step: StepStory, section: Section, title: str, texts: Growing, words: Words
) -> tuple[Step, ...]:
    """The step and what is nested in it, parent first."""
    working = section.ended is None
    whole = Step(
        id=stable_id(story.run, "step", step.plan.id),
        thread=story.task.conversation if story.task else "",
        parent=stable_id(story.run, "run"),
        type="tool",
        name=step_name(story, step, title),
        output=_text(story, step, texts, words),
        began=section.began,
        ended=section.ended,
        streaming=working and bool(step.text),
        failed=step.state == "failed",
        open=working,
        folds=True,
        avatar=step.plan.agent,
        # Of a run that was stopped there is no more than what its agents had found by then.
        detail="answer"
        if story.result and story.result.state == "cancelled" and step.state == "answered"
        else "agents",
    )
    return (whole, *_inside(story, step, section, whole, texts, words))


def step_name(story: Story, step: StepStory, title: str) -> str:
    """`Security`, or `Security: its part of the question` where a question has parts."""
    parts = story.selection.parts if story.selection else ()
    if len(parts) < 2:
        return title
    return shortened(f"{title}: {parts[step.plan.part].heading}", _LONGEST_NAME)


def _inside(
    story: Story, step: StepStory, section: Section, whole: Step, texts: Growing, words: Words
) -> tuple[Step, ...]:
    found = None
    if step.passages is not None:
        found = Step(
            id=stable_id(story.run, "step", step.plan.id, "found"),
            thread=whole.thread,
            parent=whole.id,
            type="retrieval",
            name=words.found(len(step.passages)),
            output="\n".join(_line(number, passage, words) for number, passage in enumerate(step.passages, 1)),
            began=section.began,
            ended=section.began,
            detail="everything",
        )
    reasoned = None
    if step.reasoning:
        thinking = section.ended is None and not step.text
        reasoned = Step(
            id=stable_id(story.run, "step", step.plan.id, "reasoning"),
            thread=whole.thread,
            parent=whole.id,
            type="llm",
            name=words.reasoning,
            output=texts.harmless(f"{step.plan.id} reasoning", step.reasoning),
            began=section.began,
            ended=None if thinking else section.ended or section.began,
            streaming=thinking,
            open=thinking,
            folds=True,
            detail="everything",
        )
    return tuple(inner for inner in (found, reasoned) if inner is not None)


def _named_sources(step: StepStory, words: Words) -> list[str]:
    """What the numbers in a text of a model stand for: its own passages, in the order in which they were found."""
    passages = dict(enumerate(step.passages or (), 1))
    named = sorted({int(number) for number in _NUMBER.findall(step.text)} & passages.keys())
    told = [f"\\[{n}\\] {plain(passages[n].source)}{_where(passages[n], words)}" for n in named]
    return [f"*{words.sources}:* {' · '.join(told)}"] if told else []


def _line(number: int, passage: Passage, words: Words) -> str:
    return f"{number}. **{plain(passage.source)}**{_where(passage, words)}, {words.score(passage.score)}"


def _where(passage: Passage, words: Words) -> str:
    place = [plain(passage.section)] if passage.section else []
    if passage.page is not None:
        place.append(words.page(passage.page))
    return f" ({', '.join(place)})" if place else ""


def _broken_off(step: StepStory, why: Returned | Retrying, words: Words) -> str:
    """What became of the attempt before: while it is waited for, and afterwards."""
    reason = plain(words.reason(why.reason)).rstrip(". ")
    if isinstance(why, Returned):
        return words.given_back(reason, waits=step.state == "returned")
    return words.tried_again(reason, why.seconds if step.state == "retrying" else None)


def _text(story: Story, step: StepStory, texts: Growing, words: Words) -> str:
    parts = []
    if step.restarts:
        parts.append(words.started_again(step.restarts))
    if step.broken_off is not None:
        parts.append(_broken_off(step, step.broken_off, words))
    if step.state == "failed":
        reason = (step.result.error if step.result else None) or ""
        parts.append(plain(words.reason(reason) or words.could_not_answer))
    if step.text:
        parts.append(in_words(texts.harmless(step.plan.id, step.text), words))
        if step.result is not None:
            parts += _named_sources(step, words)
    elif step.state == "nothing_found":
        parts.append(words.agent_found_nothing)
    if step.result is not None and step.result.note is not None:
        parts += [f"*{told}*" for told in notes_markdown([step.result.note], words)]
    if step.result is None and story.result is not None:
        parts.append(words.cut_off(story.result.state == "cancelled"))
    return "\n\n".join(parts)
