"""A story drawn for the page: its steps and elements, whole, every time.

`draw(story, titles)` is pure and its ids depend on nothing but the run, so whoever draws the same story sends the
same steps: a first view, a reload, a second window and a returning reader.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from agents.models import Models
from chat.agent_steps import draw_agent_step
from chat.approval_picture import approval_props, approval_words
from chat.endings import answer_text
from chat.growing import Growing
from chat.plain import in_words, plain
from chat.props import again_props, plan_props, selection_props, sources_props, title_of
from chat.spent import notes_markdown, spent_props, spent_rows
from chat.status_line import status_line
from chat.story import Section, Story
from chat.usual import Medians
from chat.wire import Detail, Element, Picture, Step, stable_id
from chat.words import ENGLISH, Words, shortened
from orchestration.messages import PartSelection, Selection, Task

AUTHOR = "Roundtable"
"""Who speaks at last; Chainlit's page shows the author named like the product with the profile's icon."""

LONGEST_LEFT_OPEN = 8
"""Steps; the picture of a plan with more of them folds when the run has ended, so that the answer is near."""

_COUNCIL = "council"
_LONGEST_NAME = 160
_NOTHING_MEASURED: Medians = {}
_NO_MODELS = Models()

Titles = Mapping[str, str]
"""An agent's name for people, by its name."""


def draw(
    story: Story,
    titles: Titles,
    words: Words = ENGLISH,
    texts: Growing | None = None,
    usual: Medians = _NOTHING_MEASURED,
    models: Models = _NO_MODELS,
) -> Picture:
    """Everything the page shows of this run; empty until the run was accepted.

    Whoever draws a run again and again keeps its `texts`: only what came since is read then. `usual` is how long
    agents usually take, `models` are those that may be wished.
    """
    if story.task is None:
        return Picture()
    texts = texts or Growing()
    steps: list[Step] = [*_frame(story, story.task, status_line(story, titles, usual, words))]
    elements: list[Element] = []
    for section in story.sections:
        part = _draw_section(story, section, titles, words, texts, models)
        steps += part.steps
        elements += part.elements
    return Picture(tuple(steps), tuple(elements))


def message_id(story: Story, task: Task) -> str:
    """The page has already drawn the message that asked, under this id."""
    return task.message or stable_id(story.run, "question")


def status_id(run: str) -> str:
    """Of the line that says what is going on."""
    return stable_id(run, "status")


def _frame(story: Story, task: Task, status: str) -> Iterator[Step]:
    # Nothing is at work while the person has to decide.
    ended = story.sections[-1].began if story.awaiting else story.ended
    yield Step(
        id=message_id(story, task),
        thread=task.conversation,
        parent=None,
        type="user_message",
        name=task.person,
        output=task.question,
        began=story.accepted,
        ended=story.accepted,
    )
    # The page draws the children of a run of this name at the root, and a cursor while it has no end.
    yield Step(
        id=stable_id(story.run, "run"),
        thread=task.conversation,
        parent=message_id(story, task),
        type="run",
        name="on_message",
        output="",
        began=story.accepted,
        ended=ended,
    )
    yield Step(
        id=status_id(story.run),
        thread=task.conversation,
        parent=stable_id(story.run, "run"),
        type="tool",
        name=status,
        output="",
        began=story.accepted,
        ended=ended,
        avatar=_COUNCIL,
    )


def _draw_section(
    story: Story, section: Section, titles: Titles, words: Words, texts: Growing, models: Models
) -> Picture:
    match section.kind:
        case "resumed":
            return Picture((_part(story, section, "resumed", words.interrupted, ""),))
        case "selection":
            return _selection(story, section, titles, words)
        case "approval":
            return _approval(story, section, titles, words)
        case "plan" if len(story.steps) > 1:
            return _plan(story, section, titles, words)
        case "step":
            step = story.step(section.step)
            return Picture(draw_agent_step(story, step, section, title_of(step.plan.agent, titles), texts, words))
        case "conflicts":
            return _conflicts(story, section, words)
        case "answer":
            return _answer(story, section, titles, words, texts, models)
    return Picture()


def _part(
    story: Story, section: Section, kind: str, name: str, output: str, open: bool = False, detail: Detail = "agents"
) -> Step:
    return Step(
        id=stable_id(story.run, kind),
        thread=story.task.conversation if story.task else "",
        parent=stable_id(story.run, "run"),
        type="tool",
        name=name,
        output=output,
        began=section.began,
        ended=section.ended,
        open=open,
        avatar=_COUNCIL,
        detail=detail,
    )


def _selection(story: Story, section: Section, titles: Titles, words: Words) -> Picture:
    assert story.selection is not None, "a section is there because of its event"
    parts, understood = story.selection.parts, story.selection.understood
    step = _part(
        story,
        section,
        "selection",
        words.selection,
        "\n".join(_chosen(part, titles, words, named=len(parts) > 1) for part in parts) or words.no_agent_chosen,
    )
    step = replace(step, output=step.output + _planned_by(story.selection, words))
    elements = tuple(
        Element(
            id=stable_id(story.run, "selection", str(number)),
            thread=step.thread,
            step=step.id,
            name="Selection",
            props=selection_props(part, story.selection.threshold, titles, "" if number else understood),
            detail="everything",
        )
        for number, part in enumerate(parts)
    )
    return Picture((*_understood(story, section, words), step), elements)


def _planned_by(selection: Selection, words: Words) -> str:
    """Which model chose and divided, or why none did; empty where none was to."""
    told = [words.planned_by(plain(selection.planned_by))] if selection.planned_by else []
    told += notes_markdown([selection.note] if selection.note is not None else [], words)
    return f"\n\n*{' '.join(told)}*" if told else ""


def _understood(story: Story, section: Section, words: Words) -> Iterator[Step]:
    """A question that was completed is shown as it was completed, without a click: nothing is rewritten in secret."""
    if story.selection is not None and story.selection.understood:
        name = words.understood(shortened(story.selection.understood, _LONGEST_NAME))
        yield _part(story, section, "understood", name, plain(story.selection.understood), detail="answer")


def _chosen(part: PartSelection, titles: Titles, words: Words, named: bool) -> str:
    chosen = [plain(title_of(a.agent, titles)) for a in part.agents if a.chosen]
    sentence = words.chosen(chosen) if chosen else words.no_agent_close
    for agent in part.agents:
        if agent.left_out:
            sentence += f" {words.left_out(plain(title_of(agent.agent, titles)), plain(words.reason(agent.left_out)))}"
    return f"- {words.quoted(plain(part.heading))}: {sentence}" if named else sentence


def _approval(story: Story, section: Section, titles: Titles, words: Words) -> Picture:
    """The plan as it is offered, to be changed and run; folded as soon as that is decided."""
    name, said = approval_words(story, titles, words)
    whole = _part(story, section, "approval", name, said, open=story.awaiting, detail="answer")
    step = replace(whole, ended=section.began, folds=not story.awaiting)
    card = Element(
        id=stable_id(story.run, "proposal"),
        thread=step.thread,
        step=step.id,
        name="Proposal",
        props=approval_props(story, titles),
    )
    return Picture((step,), (card,))


def _plan(story: Story, section: Section, titles: Titles, words: Words) -> Picture:
    agents = {step.plan.agent for step in story.steps}
    later = sum(1 for step in story.steps if step.plan.depends_on)
    told = words.planned(len(agents), len(story.steps), later)
    step = _part(story, section, "plan", words.plan, told, open=True)
    if len(story.steps) > LONGEST_LEFT_OPEN:
        step = replace(step, ended=story.ended, open=story.ended is None, folds=True)
    graph = Element(
        id=stable_id(story.run, "graph"),
        thread=step.thread,
        step=step.id,
        name="PlanGraph",
        props=plan_props(story, titles, words),
    )
    return Picture((step,), (graph,))


def _conflicts(story: Story, section: Section, words: Words) -> Picture:
    lines = []
    for conflict in story.conflicts:
        claims = "".join(f"\n  - {plain(claim)}" for claim in conflict.claims)
        lines.append(f"- {words.not_the_same(plain(conflict.subject))}{claims}\n  - {plain(conflict.settled)}")
    return Picture((_part(story, section, "conflicts", words.disagreements, "\n".join(lines)),))


def _answer(story: Story, section: Section, titles: Titles, words: Words, texts: Growing, models: Models) -> Picture:
    thread = story.task.conversation if story.task else ""
    step = Step(
        id=stable_id(story.run, "answer"),
        thread=thread,
        parent=stable_id(story.run, "run"),
        type="assistant_message",
        name=AUTHOR,
        output=answer_text(story, words) if story.result else in_words(texts.harmless("answer", story.answer), words),
        began=section.began,
        ended=section.ended,
        streaming=story.result is None,
        failed=story.result is not None and story.result.state in ("failed", "expired"),
    )
    elements = (*_sources(story, step), *_spent(story, step, words), *_again(story, step, titles, models, words))
    return Picture((step,), elements)


def _sources(story: Story, answer: Step) -> Iterator[Element]:
    if story.result is not None and story.result.citations:
        yield Element(
            id=stable_id(story.run, "sources"),
            thread=answer.thread,
            step=answer.id,
            name="Sources",
            props=sources_props(story.result),
        )


def _spent(story: Story, answer: Step, words: Words) -> Iterator[Element]:
    """A line, and one for each model where everything is to be seen."""
    if story.result is None or story.task is None:
        return
    whole = spent_props(story.task, story.result, words)
    rows = spent_rows(story.result, words)
    if whole:
        yield Element(id=stable_id(story.run, "spent"), thread=answer.thread, step=answer.id, name="Spent", props=whole)
    if rows:
        yield Element(
            id=stable_id(story.run, "spent", "each"),
            thread=answer.thread,
            step=answer.id,
            name="Spent",
            props={"rows": rows},
            detail="everything",
        )


def _again(story: Story, answer: Step, titles: Titles, models: Models, words: Words) -> Iterator[Element]:
    """Once it has ended, any agent can be asked the same, or a part of it, again."""
    if story.result is not None and story.selection is not None:
        yield Element(
            id=stable_id(story.run, "again"),
            thread=answer.thread,
            step=answer.id,
            name="Again",
            props=again_props(story, story.selection, titles, models, words),
        )
