"""One agent is asked again, and a question that follows up takes along what was said; over a real socket."""

from collections.abc import Mapping
from typing import Any, cast

from chat.errors import AskedTwice
from chat.words import ENGLISH
from orchestration.errors import EngineUnavailable, Overloaded
from orchestration.messages import Task
from tests.chat.browser_side import Site, Tab
from tests.chat.events import BACKUP, QUESTION, SECRET, answer, finished, planned, selected
from tests.chat.events import OPERATIONS as OPERATIONS_STEP
from tests.chat.events import SECURITY as SECURITY_STEP
from tests.chat.scripted import ScriptedOrchestrator


async def answered(site: Site, orchestrator: ScriptedOrchestrator) -> tuple[Tab, Task]:
    """A page on which two agents have answered a question of two parts."""
    tab = await site.tab()
    await tab.ask(QUESTION)
    task = await orchestrator.submitted.get()
    run = task.id
    await orchestrator.happens(
        selected("operations", "security", run=run), planned(run=run), finished(OPERATIONS_STEP, run=run),
        finished(SECURITY_STEP, run=run), answer(run=run),
    )  # fmt: skip
    await tab.until(lambda page: not page.running and page.props("Again"))
    return tab, task


async def test_a_later_question_takes_along_what_was_said(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """Of this conversation only: what begins anew has nothing to follow up on."""
    tab, first = await answered(site, orchestrator)
    assert first.context == ()
    await tab.ask("And for the second one?")
    task = await orchestrator.submitted.get()
    assert [turn.parts for turn in task.context] == [(BACKUP, SECRET)]
    assert task.question == "And for the second one?"

    elsewhere = await site.tab()
    await elsewhere.ask("And for the second one?")
    assert (await orchestrator.submitted.get()).context == ()


async def test_a_question_is_asked_when_what_was_said_cannot_be_read(
    site: Site, orchestrator: ScriptedOrchestrator
) -> None:
    """As it stands: nobody waits for a log that does not answer."""
    tab, _ = await answered(site, orchestrator)
    orchestrator.unreadable = EngineUnavailable("Redis does not answer.")
    await tab.ask("And for the second one?")
    assert (await orchestrator.submitted.get()).context == ()


async def test_under_an_answer_every_agent_can_be_asked(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """For each part of the question: who answered it, alone, and everybody else."""
    tab, task = await answered(site, orchestrator)
    again = cast(Mapping[str, Any], tab.page.props("Again"))
    assert again["run"] == task.id
    first, second = again["parts"]
    assert (first["heading"], first["answered"]) == (BACKUP, [{"agent": "operations", "title": "Operations"}])
    assert {other["title"] for other in first["others"]} == {"Architecture", "Knowledge", "Product", "Security"}
    assert (second["heading"], second["alone"]) == (SECRET, True)


async def test_one_agent_is_asked_a_part_again(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """It is a question of its own, says whom it asks, and shows in every window of the conversation."""
    tab, first = await answered(site, orchestrator)
    other = await site.tab(thread=tab.thread)
    await other.until(lambda page: page.step("Roundtable")["output"])

    assert await site.act(tab, "ask_agent", run=first.id, part=1, agent="operations") is True
    task = await orchestrator.submitted.get()
    assert task.question == f"@operations {SECRET}"
    assert (task.conversation, task.mode, task.undivided, task.context) == (first.conversation, "council", True, ())
    for window in (tab, other):
        await window.until(lambda page: page.step("local")["output"] == f"@operations {SECRET}" and page.running)


async def test_the_same_agent_is_not_asked_the_same_twice(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """While it is at it, from whichever window; afterwards it is."""
    tab, first = await answered(site, orchestrator)
    await site.act(tab, "ask_agent", run=first.id, part=1, agent="operations")
    task = await orchestrator.submitted.get()
    await tab.until(lambda page: page.running)

    assert await site.act(tab, "ask_agent", run=first.id, part=1, agent="operations") is False
    assert orchestrator.submitted.empty()
    await tab.until(lambda page: page.toasts == [ENGLISH.trouble(AskedTwice("Operations"))])

    await orchestrator.happens(answer(run=task.id))
    await tab.until(lambda page: not page.running)
    assert await site.act(tab, "ask_agent", run=first.id, part=1, agent="operations") is True


async def test_a_refused_part_is_asked_again_as_a_part(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """Nobody typed it, so the page gets the question with the refusal; asked anew it is complete as it was."""
    tab, first = await answered(site, orchestrator)
    orchestrator.refusal = Overloaded("Roundtable is full.", None)
    await site.act(tab, "ask_agent", run=first.id, part=1, agent="operations")
    await tab.until(lambda page: page.props("Offer")["label"] == "Ask again")
    assert tab.page.step("local")["output"] == f"@operations {SECRET}"

    await site.act(tab, "ask_again", **cast(Mapping[str, Any], tab.page.props("Offer")["payload"]))
    task = await orchestrator.submitted.get()
    assert (task.question, task.undivided, task.context) == (f"@operations {SECRET}", True, ())


async def test_what_cannot_be_asked_again_is_said(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """A run that is not there or another person's, a part that it does not have, an agent that nobody knows."""
    tab, first = await answered(site, orchestrator)
    foreign = Task(question="What is secret?", person="ben", conversation=first.conversation)
    await orchestrator.submit(foreign)
    await orchestrator.happens(selected("operations", "security", run=foreign.id), answer(run=foreign.id))
    await orchestrator.submitted.get()
    for run, part, agent in (
        ("elsewhere", 0, "operations"),
        (foreign.id, 0, "operations"),
        (first.id, 7, "operations"),
        (first.id, -1, "operations"),
        (first.id, 0, "nobody"),
    ):
        assert await site.act(tab, "ask_agent", run=run, part=part, agent=agent) is False
    assert orchestrator.submitted.empty()
