"""The chat as a browser meets it: over a real socket, from the question to the answer, whatever gets lost between."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from chat.errors import UnknownCitation
from chat.words import ENGLISH
from history import History
from orchestration.errors import EngineUnavailable, InvalidTask, Overloaded, UnknownRun
from orchestration.messages import Task
from tests.chat.browser_side import Site, Tab
from tests.chat.events import (
    OPERATIONS,
    QUESTION,
    SECURITY,
    answer,
    finished,
    planned,
    retrieved,
    selected,
    started,
    token,
)
from tests.chat.page import Page
from tests.chat.scripted import ScriptedOrchestrator
from tests.orchestration.waiting import in_time

OPERATIONS_NAME = "Operations: How do I back up the data folder?"


async def begin(site: Site, orchestrator: ScriptedOrchestrator) -> tuple[Tab, Task]:
    """A page with a run in it whose first agent is speaking."""
    tab = await site.tab()
    await tab.ask(QUESTION)
    task = await orchestrator.submitted.get()
    run = task.id
    await orchestrator.happens(
        selected("operations", "security", run=run), planned(run=run), started(OPERATIONS, run=run),
        retrieved(OPERATIONS, run=run), token(OPERATIONS, "Stop the ", run=run),
    )  # fmt: skip
    await tab.until(lambda page: page.step(OPERATIONS_NAME)["output"] == "Stop the ")
    return tab, task


async def end(orchestrator: ScriptedOrchestrator, task: Task) -> None:
    await orchestrator.happens(finished(OPERATIONS, run=task.id), finished(SECURITY, run=task.id), answer(run=task.id))


def ended(page: Page) -> bool:
    return page.step("on_message")["end"] is not None and not page.running


async def test_a_question_becomes_steps_and_an_answer(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """Message, live steps, answer; the page may stop it for as long as it runs."""
    tab, task = await begin(site, orchestrator)
    assert tab.page.running
    assert (task.person, task.mode, task.conversation) == ("local", "council", tab.thread)
    await end(orchestrator, task)
    await tab.until(ended)
    assert tab.page.names() == [
        "local", "on_message", "Answered in 3.0 s by 2 agents", "Selection", "Plan", OPERATIONS_NAME, "Found 1 passage",
        "Security: How do I keep the backup confidential?", "Found 1 passage", "Roundtable",
    ]  # fmt: skip
    assert tab.page.step("Roundtable")["output"] == f"Copy the folder [1](#cite-{task.id}-1)."


async def test_a_connection_that_comes_back_brings_what_it_missed(
    site: Site, orchestrator: ScriptedOrchestrator
) -> None:
    """Tokens, new steps and restarts of the gap are there, and it goes on live."""
    tab, task = await begin(site, orchestrator)
    await tab.lose()
    await orchestrator.happens(
        token(OPERATIONS, "server.", run=task.id), finished(OPERATIONS, run=task.id), started(SECURITY, run=task.id)
    )
    await tab.connect()
    await tab.until(lambda page: page.step("Security: How do I keep the backup confidential?"))
    assert tab.page.step(OPERATIONS_NAME)["output"] == "Stop the server, then copy the folder."
    assert tab.page.running
    await end(orchestrator, task)
    await tab.until(ended)


async def test_a_reload_shows_the_same_run_from_the_start(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """A new session on the thread's address: complete, live, and in the end the very same steps."""
    tab, task = await begin(site, orchestrator)
    second = await site.tab(thread=tab.thread)
    await second.until(lambda page: page.step(OPERATIONS_NAME)["output"] == "Stop the ")
    assert second.page.running
    await end(orchestrator, task)
    await second.until(ended)
    await tab.until(ended)
    assert list(second.page.steps) == list(tab.page.steps)
    assert second.page.step("Roundtable") == tab.page.step("Roundtable")
    assert second.page.elements == tab.page.elements


async def test_stop_from_another_window_stops_the_run_in_all(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """No message of Chainlit's own, no step left running, in either window."""
    tab, task = await begin(site, orchestrator)
    second = await site.tab(thread=tab.thread)
    await second.until(lambda page: page.step(OPERATIONS_NAME))
    await second.stop()
    for page in (tab, second):
        await page.until(ended)
        assert page.page.step("Roundtable")["output"] == "Stopped. No agent had answered yet."
        assert page.page.step(OPERATIONS_NAME)["output"] == "Stop the \n\n*Stopped.*"
        assert not any("manually" in str(step["output"]) for step in page.page.steps.values())
    assert orchestrator.log.ended(task.id)


async def test_stop_reaches_a_question_that_is_just_being_taken_in(
    site: Site, orchestrator: ScriptedOrchestrator, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page has its Stop button from when the question was sent; on a slow disk it is not known anywhere then."""
    noting, goes_on, note = asyncio.Event(), asyncio.Event(), history.note

    async def on_a_slow_disk(task: Task) -> None:
        noting.set()
        await goes_on.wait()
        await note(task)

    monkeypatch.setattr(history, "note", on_a_slow_disk)
    tab = await site.tab()
    await tab.ask(QUESTION)
    await noting.wait()
    await tab.until(lambda page: page.running)
    await tab.stop()
    await tab.set()  # The server has heard what was said before.
    goes_on.set()
    await tab.until(lambda page: page.step("Roundtable")["output"] == "Stopped. No agent had answered yet.")
    await tab.until(ended)
    task = await orchestrator.submitted.get()
    assert orchestrator.log.ended(task.id)


async def test_the_stop_button_goes_when_another_run_has_answered(
    site: Site, orchestrator: ScriptedOrchestrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was handed in when Redis went away is being taken in until Redis is back; nobody waits for that any more."""
    back, submit = asyncio.Event(), orchestrator.submit

    async def taking_in(task: Task) -> str:
        await submit(task)
        if not task.replaces:
            await back.wait()
        return task.id

    monkeypatch.setattr(orchestrator, "submit", taking_in)
    tab = await site.tab()
    await tab.ask(QUESTION)
    task = await orchestrator.submitted.get()
    await tab.until(lambda page: page.running and page.step("Choosing agents"))
    assert await site.act(tab, "answer_alone", run=task.id)
    alone = await orchestrator.submitted.get()
    await orchestrator.happens(answer(run=alone.id))
    await tab.until(lambda page: page.step("Roundtable")["end"] and not page.running)
    back.set()


async def test_the_stop_button_stays_while_a_question_is_being_taken_in(
    site: Site, orchestrator: ScriptedOrchestrator, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that is being opened is told that nothing is running, and its person may have asked already."""
    goes_on, note = asyncio.Event(), history.note

    async def on_a_slow_disk(task: Task) -> None:
        await goes_on.wait()
        await note(task)

    monkeypatch.setattr(history, "note", on_a_slow_disk)
    tab = await site.tab()
    await tab.ask(QUESTION)
    await tab.until_heard("first_interaction")
    await tab.lose()
    before = len(tab.heard)
    await tab.connect()
    await tab.until(lambda page: page.running and "task_end" in [event for event, _ in tab.heard[before:]])
    orchestrator.refusal = InvalidTask("A question may have 4000 characters at most.")
    goes_on.set()
    await tab.until(lambda page: page.step("Roundtable")["output"] and not page.running)


async def test_a_question_shows_in_every_window_of_its_thread(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """The second question is asked in the second window and appears in the first."""
    tab, task = await begin(site, orchestrator)
    await end(orchestrator, task)
    await tab.until(ended)
    second = await site.tab(thread=tab.thread)
    await second.until(ended)
    await second.ask("And how do I restore it?")
    asked = await orchestrator.submitted.get()
    assert asked.conversation == tab.thread
    await tab.until(lambda page: "And how do I restore it?" in [s["output"] for s in page.steps.values()])
    assert tab.page.running
    await orchestrator.happens(answer("nothing_found", run=asked.id))
    await tab.until(ended)
    await second.until(ended)


async def test_the_single_agent_profile_asks_one_agent(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """The profile of the page is the mode of the task, and history remembers it."""
    tab = await site.tab(profile="Single%20agent")
    await tab.ask(QUESTION)
    task = await orchestrator.submitted.get()
    assert task.mode == "single"
    await orchestrator.happens(answer(run=task.id))
    await tab.until(ended)
    again = await site.tab(thread=tab.thread)
    resumed = await again.until_heard("resume_thread")
    assert isinstance(resumed, dict)
    assert resumed["metadata"]["chat_profile"] == "Single agent"


@pytest.mark.parametrize(
    "refusal", [InvalidTask("A question may have 4000 characters at most."), EngineUnavailable("Redis is away.")]
)
async def test_a_question_that_cannot_be_taken_in_gets_one_sentence(
    site: Site, orchestrator: ScriptedOrchestrator, refusal: Exception
) -> None:
    """In the person's words, and the page is free for the next question."""
    tab = await site.tab()
    orchestrator.refusal = refusal
    await tab.ask(QUESTION)
    await tab.until(lambda page: page.step("Roundtable")["output"] == ENGLISH.trouble(refusal) and not page.running)


async def test_a_question_without_a_place_can_be_asked_again(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """The same text, in the place of the same message; the refusal goes."""
    tab = await site.tab()
    orchestrator.refusal = Overloaded("Roundtable is full. Please ask again in about 8 s.", 8.0)
    message = await tab.ask(QUESTION)
    await tab.until(lambda page: page.props("Offer")["label"] == "Ask again" and not page.running)
    assert str(tab.page.step("Roundtable")["output"]).endswith("was not taken in. Please ask again in about 8 s.")
    await accept(site, tab)
    task = await orchestrator.submitted.get()
    assert (task.question, task.message, task.conversation) == (QUESTION, message, tab.thread)
    await orchestrator.happens(answer("nothing_found", "Nothing.", run=task.id))
    await tab.until(lambda page: page.step("Roundtable")["output"] == "Nothing.")
    assert tab.page.names() == ["local", "on_message", "Nothing found in 3.0 s", "Roundtable"]
    assert not tab.page.elements


async def accept(site: Site, tab: Tab) -> None:
    """Press the button that is offered."""
    props = tab.page.props("Offer")
    action = {"name": props["action"], "payload": props["payload"]}
    response = await site.http.post("/project/action", json={"sessionId": tab.session, "action": action})
    assert response.json()["response"]


async def test_an_outage_is_told_and_over_by_itself(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """In every window, in the run that stands still; a run that has ended says nothing."""
    async with looking(orchestrator):
        tab, task = await begin(site, orchestrator)
        second = await site.tab(thread=tab.thread)
        orchestrator.redis.goes_away()
        for each in (tab, second):
            await each.until(lambda page: page.step("Roundtable")["output"] == ENGLISH.redis_away)
        orchestrator.redis.is_back()
        for each in (tab, second):
            await each.until(lambda page: "Roundtable" not in page.names())
        await end(orchestrator, task)
        await tab.until(ended)
        orchestrator.redis.goes_away()
        await orchestrator.outage.begins()
        assert ENGLISH.redis_away not in [step["output"] for step in tab.page.steps.values()]


async def test_the_single_agent_takes_the_place_of_a_run_that_stands_still(
    site: Site, orchestrator: ScriptedOrchestrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A click in one window: in both, the question stays, what had been said goes, and the other run is there."""
    monkeypatch.setattr("chat.follower.OFFER_SECONDS", 0.0)
    async with looking(orchestrator):
        tab, task = await begin(site, orchestrator)
        second = await site.tab(thread=tab.thread)
        orchestrator.redis.goes_away()
        for each in (tab, second):
            await each.until(lambda page: page.props("Offer")["payload"] == {"run": task.id})
        await accept(site, tab)
        alone = await orchestrator.submitted.get()
        assert (alone.replaces, alone.mode) == (task.id, "single")
        await orchestrator.happens(token(OPERATIONS, "too late", run=task.id), answer(run=alone.id))
        again = await site.tab(thread=tab.thread)
        said = f"Copy the folder [1](#cite-{alone.id}-1)."
        for each in (tab, second, again):
            await each.until(lambda page: page.step("Roundtable")["output"] == said)
            await each.until(ended)
            assert each.page.names() == ["local", "on_message", "Answered in 3.0 s by the single agent", "Roundtable"]
        assert list(again.page.steps) == list(tab.page.steps) == list(second.page.steps)


@contextlib.asynccontextmanager
async def looking(orchestrator: ScriptedOrchestrator) -> AsyncIterator[None]:
    """Somebody looks whether Redis is away."""
    look = asyncio.create_task(orchestrator.outage.run())
    try:
        yield
    finally:
        look.cancel()


async def test_a_bug_is_told_without_its_traceback(
    site: Site, orchestrator: ScriptedOrchestrator, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the traceback, the chat a sentence."""
    tab = await site.tab()
    orchestrator.refusal = ZeroDivisionError("secret detail")
    await tab.ask(QUESTION)
    await tab.until(lambda page: "Something went wrong" in str(page.step("Roundtable")["output"]))
    assert "secret detail" not in str(tab.page.steps)
    await tab.until(lambda page: page.props("Offer")["label"] == "Ask again")
    assert "ZeroDivisionError" in caplog.text


async def test_before_the_server_is_ready_it_says_so(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """A page that is faster than the start gets an answer, too."""
    from chat import host

    await host.uninstall()
    tab = await site.tab()
    await tab.ask(QUESTION)
    await tab.until(lambda page: "still starting" in str(page.step("Roundtable")["output"]))


async def test_a_citation_opens_its_passage_at_the_side(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """The passage with its quote; a number that is not there is told in the corner of the page."""
    tab, task = await begin(site, orchestrator)
    await end(orchestrator, task)
    await tab.until(ended)
    await click(site, tab, task.id, 1)
    await tab.until(lambda page: page.sidebar == "1 · Backup")
    assert tab.page.props("Passage")["text"] == "Stop the server, then copy the folder."
    assert tab.page.props("Passage")["quote"] == "copy the folder"
    await click(site, tab, task.id, 7)
    await tab.until(lambda page: page.toasts == [ENGLISH.trouble(UnknownCitation())])


async def test_another_runs_citation_is_unknown(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """A guessed run looks like one that does not exist."""
    tab = await site.tab()
    await click(site, tab, "guessed", 1)
    await tab.until(lambda page: page.toasts == [ENGLISH.trouble(UnknownRun())])


async def click(site: Site, tab: Tab, run: str, number: int) -> None:
    action = {"name": "open_passage", "payload": {"run": run, "number": number}}
    response = await site.http.post("/project/action", json={"sessionId": tab.session, "action": action})
    response.raise_for_status()


async def test_history_lists_threads_newest_first(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """By their first question, page by page, and found by a word of it."""
    for question in ("How do I back up?", "Who sees my answer?"):
        tab = await site.tab()
        await tab.ask(question)
        task = await orchestrator.submitted.get()
        await orchestrator.happens(answer(run=task.id))
        await tab.until(ended)
    assert await listed(site) == ["Who sees my answer?", "How do I back up?"]
    assert await listed(site, search="BACK UP") == ["How do I back up?"]
    page = (await site.http.post("/project/threads", json={"pagination": {"first": 1}, "filter": {}})).json()
    assert page["pageInfo"]["hasNextPage"]
    rest = {"pagination": {"first": 5, "cursor": page["pageInfo"]["endCursor"]}, "filter": {}}
    names = [t["name"] for t in (await site.http.post("/project/threads", json=rest)).json()["data"]]
    assert names == ["How do I back up?"]


async def listed(site: Site, search: str = "") -> list[str]:
    asked = {"pagination": {"first": 10}, "filter": {"search": search}}
    threads = (await site.http.post("/project/threads", json=asked)).json()["data"]
    return [thread["name"] for thread in threads]


async def test_a_thread_without_runs_is_not_found(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """An address that somebody made up."""
    tab = await site.tab(thread="5b1b1c9a-0000-4000-8000-000000000000")
    assert await tab.until_heard("resume_thread_error") == "Thread not found."


async def test_a_session_that_is_gone_leaves_nothing_behind(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """The run goes on by itself; the window's viewer does not."""
    from chat import host

    tab, task = await begin(site, orchestrator)
    (viewer,) = host.current().viewers.on(tab.thread, "local")
    await tab.leave()
    async with in_time("whoever waits is released"):
        await viewer.idle()
    assert host.current().viewers.on(tab.thread, "local") == ()
    assert not orchestrator.log.ended(task.id)


async def test_without_signing_in_there_is_no_socket(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """The cookie comes from /auth/header, which the page calls by itself."""
    import socketio

    site.http.cookies.clear()
    with pytest.raises(socketio.exceptions.ConnectionError):
        await site.tab()


async def test_the_page_offers_two_profiles_and_six_questions(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """With and without a profile, each starter with an icon."""
    settings = (await site.http.get("/project/settings?language=en-US")).json()
    assert [p["name"] for p in settings["chatProfiles"]] == ["Council", "Single agent"]
    assert all(len(p["starters"]) == 6 for p in settings["chatProfiles"])
    assert len(settings["starters"]) == 6
    assert settings["threadResumable"]
    assert settings["dataPersistence"]
