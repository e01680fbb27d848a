"""Conversations of the sidebar: come back to one, name it, find it, delete it; and nobody else's, at any door."""

import asyncio
from collections.abc import Collection

import httpx
import pytest

from chat import host
from chat.coming import Coming
from chat.german import GERMAN
from chat.words import ENGLISH
from history import History, HistoryFull
from orchestration.errors import EmptyQuestion, Overloaded, UnknownRun
from orchestration.messages import Task
from people import People, Session
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


def ended(page: Page) -> bool:
    return page.step("on_message")["end"] is not None and not page.running and "Roundtable" in page.names()


async def answered(site: Site, orchestrator: ScriptedOrchestrator, question: str = QUESTION) -> tuple[Tab, Task]:
    """A page that has watched a whole run."""
    tab = await site.tab()
    await tab.ask(question)
    task = await orchestrator.submitted.get()
    run = task.id
    await orchestrator.happens(
        selected("operations", "security", run=run), planned(run=run), started(OPERATIONS, run=run),
        retrieved(OPERATIONS, run=run), token(OPERATIONS, "Stop the ", run=run), finished(OPERATIONS, run=run),
        finished(SECURITY, run=run), answer(run=run),
    )  # fmt: skip
    await tab.until(ended)
    return tab, task


async def kept(history: History, orchestrator: ScriptedOrchestrator, task: Task) -> None:
    """As the keeper does; from then on nobody else knows the run."""
    await history.keep(orchestrator.log.events(task.id))
    orchestrator.forget(task.id)


async def listed(site: Site, search: str = "") -> list[str]:
    asked = {"pagination": {"first": 10}, "filter": {"search": search}}
    threads = (await site.http.post("/project/threads", json=asked)).json()["data"]
    return [thread["name"] for thread in threads]


def sign_in(site: Site, people: People, person: str) -> None:
    """As somebody with an account; pages that are opened from now on are theirs."""
    from api.page import ChainlitTokens

    account = people.accounts.find(person) or people.accounts.add(person, "member", "a hash")
    site.http.cookies.clear()
    site.http.cookies.set("access_token", ChainlitTokens().make(Session(account.name, account.stamp, "browser")))


async def test_a_kept_run_is_drawn_as_it_was_live(
    site: Site, orchestrator: ScriptedOrchestrator, history: History
) -> None:
    """The same steps in the same order, the plan, the citations, long after the run is gone from everywhere else."""
    tab, task = await answered(site, orchestrator)
    await kept(history, orchestrator, task)
    again = await site.tab(thread=tab.thread)
    resumed = await again.until_heard("resume_thread")
    assert isinstance(resumed, dict)
    assert resumed["name"] == QUESTION
    await again.until(lambda page: ended(page) and len(page.elements) == len(tab.page.elements))
    assert list(again.page.steps) == list(tab.page.steps)
    assert {id: step for id, step in again.page.steps.items() if step["type"] != "user_message"} == {
        id: step for id, step in tab.page.steps.items() if step["type"] != "user_message"
    }
    assert again.page.elements == tab.page.elements


async def test_a_citation_of_a_kept_run_still_opens(
    site: Site, orchestrator: ScriptedOrchestrator, history: History
) -> None:
    tab, task = await answered(site, orchestrator)
    await kept(history, orchestrator, task)
    again = await site.tab(thread=tab.thread)
    await again.until(ended)
    await site.act(again, "open_passage", run=task.id, number=1)
    await again.until(lambda page: page.sidebar == "1 · Backup")


async def test_a_conversation_is_found_by_what_was_said_and_renamed(
    site: Site, orchestrator: ScriptedOrchestrator, history: History
) -> None:
    """The new name survives later questions."""
    tab, task = await answered(site, orchestrator)
    await kept(history, orchestrator, task)
    assert len(await listed(site, "copy folder")) == 1
    renamed = await site.http.put("/project/thread", json={"threadId": tab.thread, "name": "  Mine  "})
    assert renamed.json() == {"success": True}
    await tab.ask("And how do I restore it?")
    later = await orchestrator.submitted.get()
    await orchestrator.happens(answer(run=later.id))
    assert await listed(site) == ["Mine"]
    assert await listed(site, "restore") == ["Mine"]
    nameless = await site.http.put("/project/thread", json={"threadId": tab.thread, "name": " \n"})
    assert (nameless.status_code, nameless.json()) == (422, {"detail": ENGLISH.nameless})


async def test_deleting_stops_what_goes_on_and_empties_other_windows(
    site: Site, orchestrator: ScriptedOrchestrator, history: History
) -> None:
    """What ends afterwards does not bring it back."""
    tab, task = await answered(site, orchestrator)
    await kept(history, orchestrator, task)
    await tab.ask("And how do I restore it?")
    later = await orchestrator.submitted.get()
    other = await site.tab(thread=tab.thread)
    await other.until(lambda page: len(page.steps) > 9)
    deleted = await site.http.request("DELETE", "/project/thread", json={"threadId": tab.thread})
    assert deleted.json() == {"success": True}
    for window in (tab, other):
        await window.until(lambda page: ENGLISH.conversation_deleted in page.toasts and not page.running)
        assert [step["output"] for step in window.page.steps.values() if step["type"] != "user_message"] == []
    assert await listed(site) == []
    assert later.id not in orchestrator.log
    back = await site.tab(thread=tab.thread)
    assert await back.until_heard("resume_thread_error") == "Thread not found."


async def test_deleting_stops_what_is_just_being_taken_in(
    site: Site, orchestrator: ScriptedOrchestrator, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows of it yet; it would go on unseen."""
    tab, task = await answered(site, orchestrator)
    await kept(history, orchestrator, task)
    noting, waiting, goes_on = asyncio.Event(), asyncio.Event(), asyncio.Event()
    note, arrived = history.note, Coming.arrived

    async def on_a_slow_disk(task: Task) -> None:
        noting.set()
        await goes_on.wait()
        await note(task)

    async def noticed(self: Coming, thread: str, person: str) -> None:
        waiting.set()
        await arrived(self, thread, person)

    monkeypatch.setattr(history, "note", on_a_slow_disk)
    monkeypatch.setattr(Coming, "arrived", noticed)
    await tab.ask("And how do I restore it?")
    await noting.wait()
    deleting = asyncio.create_task(site.http.request("DELETE", "/project/thread", json={"threadId": tab.thread}))
    seen = asyncio.create_task(waiting.wait())
    await asyncio.wait([deleting, seen], return_when=asyncio.FIRST_COMPLETED)
    goes_on.set()
    assert (await deleting).json() == {"success": True}
    later = await orchestrator.submitted.get()
    assert later.id not in orchestrator.log
    assert await listed(site) == []


async def test_a_question_in_a_deleted_conversation_begins_anew(
    site: Site, orchestrator: ScriptedOrchestrator, history: History
) -> None:
    """A window that is still open can ask on; what was there before stays gone."""
    tab, task = await answered(site, orchestrator)
    await kept(history, orchestrator, task)
    await site.http.request("DELETE", "/project/thread", json={"threadId": tab.thread})
    await tab.until(lambda page: ENGLISH.conversation_deleted in page.toasts)
    await tab.ask("What else?")
    later = await orchestrator.submitted.get()
    await orchestrator.happens(answer(run=later.id))
    assert await listed(site) == ["What else?"]
    again = await site.tab(thread=tab.thread)
    await again.until(ended)
    assert [s["output"] for s in again.page.steps.values() if s["type"] == "user_message"] == ["What else?"]


async def test_a_refused_question_survives_a_reload(
    site: Site, orchestrator: ScriptedOrchestrator, history: History
) -> None:
    """With its reason and its button; once it was asked again it is a question like any other."""
    tab = await site.tab()
    orchestrator.refusal = Overloaded("Roundtable is full. Please ask again in about 8 s.", 8.0)
    await tab.ask(QUESTION)
    await tab.until(lambda page: page.props("Offer")["label"] == "Ask again" and not page.running)
    again = await site.tab(thread=tab.thread)
    await again.until(lambda page: page.props("Offer")["label"] == "Ask again")
    assert [step["output"] for step in again.page.steps.values()] == [
        QUESTION, ENGLISH.trouble(Overloaded("", 8.0))
    ]  # fmt: skip
    await site.act(again, "ask_again", message=again.page.step("local")["id"], question=QUESTION)
    task = await orchestrator.submitted.get()
    await orchestrator.happens(answer(run=task.id))
    third = await site.tab(thread=tab.thread)
    await third.until(lambda page: ended(page) and page.step("Roundtable")["end"])
    assert third.page.names() == ["local", "on_message", "Answered in 3.0 s by 2 agents", "Roundtable"]
    assert not [element for element in third.page.elements.values() if element["name"] == "Offer"]


async def test_a_page_that_was_opened_while_a_question_was_taken_in_shows_that_it_was_refused(
    site: Site, orchestrator: ScriptedOrchestrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It found the question neither among the runs nor among the refusals; asked again, it is refused nowhere."""
    goes_on, submit = asyncio.Event(), orchestrator.submit
    orchestrator.refusal = Overloaded("Roundtable is full. Please ask again in about 8 s.", 8.0)

    async def slow(task: Task) -> str:
        await goes_on.wait()
        return await submit(task)

    monkeypatch.setattr(orchestrator, "submit", slow)
    tab = await site.tab()
    await tab.ask(QUESTION)
    await tab.until_heard("first_interaction")
    again = await site.tab(thread=tab.thread)
    await again.until_heard("chat_settings")
    for viewer in host.current().viewers.on(tab.thread, "local"):
        await viewer.opened()
    goes_on.set()
    for each in (tab, again):
        await each.until(lambda page: page.props("Offer")["label"] == "Ask again" and not page.running)
    assert [step["output"] for step in again.page.steps.values()] == [
        QUESTION, ENGLISH.trouble(Overloaded("", 8.0))
    ]  # fmt: skip
    await site.act(tab, "ask_again", message=again.page.step("local")["id"], question=QUESTION)
    task = await orchestrator.submitted.get()
    await orchestrator.happens(answer(run=task.id))
    for each in (tab, again):
        await each.until(lambda page: ended(page) and page.step("Roundtable")["end"])
        assert each.page.names() == ["local", "on_message", "Answered in 3.0 s by 2 agents", "Roundtable"]
        assert not [element for element in each.page.elements.values() if element["name"] == "Offer"]


async def test_a_refusal_does_not_come_back_with_a_page_that_was_being_opened(
    site: Site, orchestrator: ScriptedOrchestrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had read of the refusal, and then the question was asked again."""
    tab = await site.tab()
    orchestrator.refusal = Overloaded("Roundtable is full. Please ask again in about 8 s.", 8.0)
    message = await tab.ask(QUESTION)
    await tab.until(lambda page: page.props("Offer")["label"] == "Ask again" and not page.running)
    opening, goes_on, runs = asyncio.Event(), asyncio.Event(), orchestrator.runs

    async def slow(person: str, conversation: str, beside: Collection[str] = ()) -> list[str]:
        found = await runs(person, conversation, beside)
        opening.set()
        await goes_on.wait()
        return found

    monkeypatch.setattr(orchestrator, "runs", slow)
    again = await site.tab(thread=tab.thread)
    await opening.wait()
    monkeypatch.setattr(orchestrator, "runs", runs)
    asking = asyncio.create_task(site.act(tab, "ask_again", message=message, question=QUESTION))
    task = await orchestrator.submitted.get()
    await orchestrator.happens(answer(run=task.id))
    goes_on.set()
    await asking
    for each in (tab, again):
        await each.until(lambda page: ended(page) and page.step("Roundtable")["end"])
        assert each.page.names() == ["local", "on_message", "Answered in 3.0 s by 2 agents", "Roundtable"]


async def test_refusals_and_runs_stand_in_their_order(
    site: Site, orchestrator: ScriptedOrchestrator, history: History
) -> None:
    tab, task = await answered(site, orchestrator)
    await kept(history, orchestrator, task)
    orchestrator.refusal = EmptyQuestion()
    await tab.ask("And who may see it?")
    await tab.until(lambda page: not page.running and "empty" in str(page.step("Roundtable")["output"]))
    _, later = await asked_and_answered(tab, orchestrator, "And how do I restore it?")
    await kept(history, orchestrator, later)
    again = await site.tab(thread=tab.thread)
    await again.until(lambda page: len([s for s in page.steps.values() if s["type"] == "user_message"]) == 3)
    questions = [s["output"] for s in again.page.steps.values() if s["type"] == "user_message"]
    assert questions == [QUESTION, "And who may see it?", "And how do I restore it?"]


async def asked_and_answered(tab: Tab, orchestrator: ScriptedOrchestrator, question: str) -> tuple[str, Task]:
    message = await tab.ask(question)
    task = await orchestrator.submitted.get()
    await orchestrator.happens(answer(run=task.id))
    await tab.until(lambda page: not page.running and page.step("on_message")["end"] is not None)
    return message, task


async def test_a_thumb_is_kept_and_shown_again(
    site: Site, orchestrator: ScriptedOrchestrator, history: History
) -> None:
    """It belongs to the run around the answer, and can be taken back."""
    tab, task = await answered(site, orchestrator)
    await kept(history, orchestrator, task)
    run = tab.page.step("on_message")
    thumb = {"forId": run["id"], "threadId": tab.thread, "value": 0, "comment": "Which folder?"}
    given = await site.http.put("/feedback", json={"feedback": thumb, "sessionId": tab.session})
    assert given.status_code == 200
    again = await site.tab(thread=tab.thread)
    await again.until(ended)
    assert again.page.step("on_message")["feedback"] == {
        "id": given.json()["feedbackId"], "forId": run["id"], "value": 0, "comment": "Which folder?"
    }  # fmt: skip
    taken = {"feedbackId": given.json()["feedbackId"]}
    assert (await site.http.request("DELETE", "/feedback", json=taken)).status_code == 200
    assert await history.feedback("local", task.id) is None


async def test_a_thumb_that_cannot_be_kept_is_refused(
    site: Site, orchestrator: ScriptedOrchestrator, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a sentence of the reader's language; the page shows the thumb as not given."""
    tab, task = await answered(site, orchestrator)
    await kept(history, orchestrator, task)

    async def full(*_: object, **__: object) -> bool:
        raise HistoryFull("disk full")

    monkeypatch.setattr(history, "give_feedback", full)
    monkeypatch.setattr(history, "take_back_feedback", full)
    thumb = {"forId": tab.page.step("on_message")["id"], "threadId": tab.thread, "value": 1}
    for words in (ENGLISH, GERMAN):
        site.http.headers["accept-language"] = words.code
        for one in (
            await site.http.put("/feedback", json={"feedback": thumb, "sessionId": tab.session}),
            await site.http.request("DELETE", "/feedback", json={"feedbackId": task.id}),
        ):
            assert (one.status_code, one.json()) == (503, {"detail": words.trouble(HistoryFull())})


async def test_somebody_elses_conversation_does_not_exist_at_any_door(
    site: Site, orchestrator: ScriptedOrchestrator, history: History, people: People
) -> None:
    """Not to list, read, rename, delete, find, resume, rate or open; whoever knows its address gets "not found"."""
    tab, task = await answered(site, orchestrator)
    await kept(history, orchestrator, task)
    await history.give_feedback("local", task.id, good=True)
    run, name = tab.page.step("on_message")["id"], await listed(site)
    sign_in(site, people, "bob")
    assert await listed(site) == []
    assert await listed(site, "back") == []
    thread = f"/project/thread/{tab.thread}"
    thumb = {"forId": run, "threadId": tab.thread, "value": 0, "comment": "Bob was here."}
    refused: list[httpx.Response] = [
        await site.http.get(thread),
        await site.http.get(f"{thread}/element/{next(iter(tab.page.elements))}"),
        await site.http.put("/project/thread", json={"threadId": tab.thread, "name": "Bob's"}),
        await site.http.request("DELETE", "/project/thread", json={"threadId": tab.thread}),
    ]
    assert [(one.status_code, one.json()) for one in refused] == [(404, {"detail": "Thread not found"})] * 4
    for one in (
        await site.http.put("/feedback", json={"feedback": thumb, "sessionId": tab.session}),
        await site.http.request("DELETE", "/feedback", json={"feedbackId": task.id}),
    ):
        assert one.status_code == 404
    bobs = await site.tab(thread=tab.thread)
    assert await bobs.until_heard("resume_thread_error") == "Thread not found."
    await site.act(bobs, "open_passage", run=task.id, number=1)
    await bobs.until(lambda page: page.toasts == [ENGLISH.trouble(UnknownRun())])
    assert bobs.page.steps == {}
    given = await history.feedback("local", task.id)
    assert given is not None
    assert given.good
    sign_in(site, people, "local")
    assert await listed(site) == name


async def test_two_people_with_the_same_address_have_a_conversation_each(
    site: Site, orchestrator: ScriptedOrchestrator, history: History, people: People
) -> None:
    """Who asks at somebody else's address asks in a conversation of their own."""
    tab, task = await answered(site, orchestrator)
    await kept(history, orchestrator, task)
    sign_in(site, people, "bob")
    bobs = await site.tab(thread=tab.thread)
    await bobs.ask("What is here?")
    asked = await orchestrator.submitted.get()
    assert asked.person == "bob"
    await orchestrator.happens(answer(run=asked.id))
    assert await listed(site) == ["What is here?"]
    deleted = await site.http.request("DELETE", "/project/thread", json={"threadId": tab.thread})
    assert deleted.status_code == 200
    sign_in(site, people, "local")
    assert len(await listed(site)) == 1


@pytest.mark.parametrize("cursor", ["nonsense", "1e999/", "/", "nan/x"])
async def test_a_made_up_cursor_is_the_first_page_or_none(site: Site, cursor: str) -> None:
    asked = {"pagination": {"first": 10, "cursor": cursor}, "filter": {}}
    assert (await site.http.post("/project/threads", json=asked)).json()["data"] == []
