"""The plan that a person is asked about: drawn from events, decided on its card, and the switch that asks for it."""

from collections.abc import Sequence

import pytest

from chat.commands import COMMANDS
from chat.picture import draw
from chat.preferences import ASK_FIRST, DETAIL
from chat.story import Story, tell
from chat.wire import Element, Picture, Step
from chat.words import ENGLISH
from orchestration.editing import EditedStep, PlanEdit
from orchestration.errors import EmptyPlan, UnknownRun
from orchestration.messages import AnyEvent, PlanStep, Recorded
from tests.chat.browser_side import Site, Tab
from tests.chat.events import (
    OPERATIONS,
    QUESTION,
    RUN,
    SECRET,
    SECURITY,
    TITLES,
    accepted,
    answer,
    approved,
    begun,
    finished,
    planned,
    proposed,
    selected,
    started,
    waiting,
)
from tests.chat.page import Page
from tests.chat.scripted import ScriptedOrchestrator

OFFERED = (accepted(), selected("operations", "security"), proposed())


def shown(events: Sequence[AnyEvent]) -> Picture:
    story = Story(RUN)
    for number, event in enumerate(events):
        story = tell(story, Recorded(id=f"{number + 1}-0", at=100.0 + number, event=event))
    return draw(story, TITLES)


def step(picture: Picture, name: str) -> Step:
    return next(step for step in picture.steps if step.name == name)


def card(picture: Picture) -> Element:
    return next(element for element in picture.elements if element.name == "Proposal")


def test_while_it_waits_the_card_is_open_and_nothing_seems_busy() -> None:
    """The person sees each step, in the order of the plan, and nothing on the page is without an end."""
    picture = shown(OFFERED)
    assert step(picture, "Your turn: the plan").open
    assert all(step.ended is not None for step in picture.steps)
    props = card(picture).props
    assert props["state"] == "awaiting"
    assert props["steps"] == [
        {"agent": "operations", "title": "Operations", "question": OPERATIONS.question, "after": []},
        {"agent": "security", "title": "Security", "question": SECRET, "after": [1]},
    ]


def test_as_soon_as_it_is_approved_it_is_folded() -> None:
    """The run is at work again; a wait for a place is told in its own place."""
    picture = shown((*OFFERED, approved(), selected("operations", "security"), planned(), waiting(2)))
    assert step(picture, "on_message").ended is None
    whole = step(picture, "Plan, approved")
    assert (whole.open, whole.folds, whole.output) == (False, True, "You let it run as it was.")
    assert card(picture).props["state"] == "approved"
    assert step(picture, "Waiting: 2 questions are ahead of yours").ended is None
    later = shown((*OFFERED, approved(), planned(), waiting(2), begun(), started(OPERATIONS)))
    assert step(later, "Operations is at work").ended is None


def test_what_the_person_changed_is_told() -> None:
    """Who was added or taken out, what somebody is asked instead, another order."""
    now = (
        PlanStep(id="s1", agent="security", question=SECRET),
        PlanStep(id="s2", agent="operations", question="How do I *restore* it?", part=1),
        PlanStep(id="s3", agent="product", question=SECRET, depends_on=("s1",)),
    )
    picture = shown((*OFFERED, approved(edited=True), planned(*now)))
    said = step(picture, "Plan, approved with changes").output
    assert f"Operations is asked “How do I \\*restore\\* it?” instead of “{OPERATIONS.question}”" in said
    assert f"Product was added: “{SECRET}”" in said
    assert "Which step waits for which is different" in said
    graph = next(element for element in picture.elements if element.name == "PlanGraph")
    nodes = graph.props["nodes"]
    assert isinstance(nodes, list)
    assert [node.get("number") for node in nodes] == [None, 1, 2, 3, None]


def test_a_plan_that_was_not_run_says_so() -> None:
    """Cancelled, stopped or expired: nothing can be pressed any more."""
    picture = shown((*OFFERED, answer(state="cancelled")))
    assert step(picture, "Plan, not run").folds
    assert card(picture).props["state"] == "over"


async def offered(site: Site, orchestrator: ScriptedOrchestrator, question: str = QUESTION) -> tuple[Tab, str]:
    """A page with a plan on it, asked for with the switch."""
    tab = await site.tab()
    await tab.until_heard("chat_settings")
    await tab.set(**{ASK_FIRST: True})
    await tab.ask(question)
    task = await orchestrator.submitted.get()
    assert task.approval
    await orchestrator.happens(selected("operations", "security", run=task.id), proposed(run=task.id))
    await tab.until(is_asked)
    return tab, task.id


def is_asked(page: Page) -> bool:
    return page.props("Proposal")["state"] == "awaiting" and not page.running


async def test_the_plan_is_run_from_its_card(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """The page is free meanwhile; what is pressed in one window is seen in the other, and both are at work then."""
    tab, run = await offered(site, orchestrator)
    second = await site.tab(thread=tab.thread)
    await second.until(is_asked)
    steps = [{"agent": "security", "question": "What?", "after": []}]
    assert await site.act(tab, "approve_plan", run=run, steps=steps) == {"refused": ""}
    edit = PlanEdit(steps=(EditedStep(agent="security", question="What?"),))
    assert orchestrator.approved == [(run, edit)]
    only = SECURITY.model_copy(update={"depends_on": (), "question": "What?"})
    await orchestrator.happens(approved(edited=True, run=run), planned(only, run=run), started(only, run=run))
    for page in (tab, second):
        await page.until(lambda page: page.props("Proposal")["state"] == "approved" and page.running)
    await orchestrator.happens(finished(only, run=run), answer(run=run))
    for page in (tab, second):
        await page.until(lambda page: page.step("on_message")["end"] is not None and not page.running)


@pytest.mark.parametrize("steps", [None, "all", [{"agent": 1}], [{"agent": "security", "question": "?", "after": "x"}]])
async def test_what_is_no_plan_is_refused(site: Site, orchestrator: ScriptedOrchestrator, steps: object) -> None:
    """Pages may send anything."""
    tab, run = await offered(site, orchestrator)
    said = await site.act(tab, "approve_plan", run=run, steps=steps)
    assert said == {"refused": ENGLISH.plan_unreadable}
    assert not orchestrator.approved


async def test_a_refusal_is_for_the_card_to_show(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """What cannot run, and a run that is not there."""
    tab, run = await offered(site, orchestrator)
    orchestrator.refusal = EmptyPlan()
    assert await site.act(tab, "approve_plan", run=run, steps=[]) == {"refused": ENGLISH.trouble(EmptyPlan())}
    assert await site.act(tab, "approve_plan", run="other", steps=[]) == {"refused": ENGLISH.trouble(UnknownRun())}
    assert await site.act(tab, "cancel_plan", run="other") == {"refused": ENGLISH.trouble(UnknownRun())}
    assert await site.act(tab, "cancel_plan", run=run) == {"refused": ""}
    await tab.until(lambda page: page.props("Proposal")["state"] == "over" and not page.running)


async def test_the_switch_stays_as_it_was_set(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """In the person's next windows, in whichever conversation."""
    tab, _ = await offered(site, orchestrator)
    for thread in ("", tab.thread):
        heard = await (await site.tab(thread=thread)).until_heard("chat_settings")
        assert isinstance(heard, list)
        assert [(one["id"], one["initial"]) for one in heard] == [(ASK_FIRST, True), (DETAIL, "everything")]


async def test_a_plan_for_one_question_turns_no_switch_on(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """Whoever comes back to it and changes another setting there would keep a choice that they never made."""
    await orchestrator.happens(accepted(approval=True))
    heard = await (await site.tab(thread=accepted().task.conversation)).until_heard("chat_settings")
    assert isinstance(heard, list)
    assert heard[0]["initial"] is False


@pytest.mark.parametrize(("typed", "command"), [(f"/plan {QUESTION}", None), (QUESTION, "plan")])
async def test_a_plan_for_one_question(
    site: Site, orchestrator: ScriptedOrchestrator, typed: str, command: str | None
) -> None:
    """Typed or chosen from the list; the next question is answered at once."""
    tab = await site.tab()
    commands = await tab.until_heard("set_commands")
    assert isinstance(commands, list)
    assert COMMANDS["plan"].offer.json(ENGLISH) in commands
    for text, chosen, wanted in ((typed, command, True), (QUESTION, None, False)):
        await tab.ask(text, command=chosen)
        task = await orchestrator.submitted.get()
        assert (task.question, task.approval) == (QUESTION, wanted)
        await orchestrator.happens(answer(run=task.id))
