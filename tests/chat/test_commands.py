"""Commands: what one is, what is typed wrong, and those that say what can be done and what is going on."""

import pytest

from agents import load_catalog
from chat.commands import COMMANDS
from chat.commands.status import everybodys, knowledge, who_answers
from chat.commands.typed import Mistyped, Typed, command_of
from chat.german import GERMAN
from chat.words import ENGLISH
from knowledge import KnowledgeStatus
from orchestration.alarms import Alarm
from orchestration.breaker import Breaker
from orchestration.errors import EngineUnavailable
from orchestration.keys import OF_RUNS
from orchestration.load import Load
from orchestration.presence import AgentHealth, Presence
from tests.chat.browser_side import Site, Tab
from tests.chat.events import QUESTION, answer, proposed, selected
from tests.chat.scripted import ScriptedOrchestrator

NAMES = {name: name for name in COMMANDS}


@pytest.mark.parametrize(
    ("text", "command", "words"),
    [
        ("/status", "status", ""),
        ("/Status ", "status", ""),
        ("/single  What is a lease?", "single", "What is a lease?"),
        ("/plan\nWhat is\na lease?", "plan", "What is\na lease?"),
    ],
)
def test_a_command_is_the_first_word_after_a_slash(text: str, command: str, words: str) -> None:
    """However it is written; the rest belongs to it."""
    assert command_of(None, text, NAMES) == Typed(command, words)
    assert command_of("single", words, NAMES) == Typed("single", words)


@pytest.mark.parametrize(
    "text",
    [
        "/etc/hosts what is this?",
        "/home is full, what now?",
        "/tmp/a.log",
        "What is /status?",
        "/ what?",
        "",
        "/état ?",
    ],
)
def test_a_question_may_begin_with_a_path(text: str) -> None:
    """It is asked as it stands."""
    assert command_of(None, text, NAMES) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/stauts", "There is no command `/stauts`, so nothing was done. Did you mean `/status`?"),
        ("/hlep me please", "There is no command `/hlep`, so nothing was done. Did you mean `/help`?"),
        ("/agent security", "There is no command `/agent`, so nothing was done. Did you mean `/agents`?"),
        (
            "/weather",
            "There is no command `/weather`, so nothing was done. `/help` lists them; a question needs a word more.",
        ),
    ],
)
def test_what_is_typed_wrong_gets_the_nearest(text: str, said: str) -> None:
    """One sentence, and no question is asked by mistake."""
    typed = command_of(None, text, NAMES)
    assert isinstance(typed, Mistyped)
    assert ENGLISH.mistyped(typed.typed, typed.near) == said


async def told(tab: Tab, text: str) -> str:
    """What is said to a message."""
    before = len(tab.page.steps)
    await tab.ask(text)
    await tab.until(lambda page: len(page.steps) > before + 1 and page.step("Roundtable")["output"])
    return str(tab.page.step("Roundtable")["output"])


async def test_help_names_every_command(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """A new one is in it by itself; nothing of it is kept."""
    tab = await site.tab()
    said = await told(tab, "/help")
    assert [name for name in COMMANDS if f"- `/{name}" not in said] == []
    assert "`/single QUESTION`" in said
    assert "Did you mean `/status`?" in await told(tab, "/stauts")
    listed = await site.http.post("/project/threads", json={"pagination": {"first": 5}, "filter": {}})
    assert listed.json()["data"] == []
    assert orchestrator.submitted.empty()


@pytest.mark.parametrize("profile", ["Council", "Single%20agent"])
async def test_one_question_to_the_single_agent(site: Site, orchestrator: ScriptedOrchestrator, profile: str) -> None:
    """The next one goes where the profile says, and so does the conversation when it is opened again."""
    tab = await site.tab(profile=profile)
    usual = "council" if profile == "Council" else "single"
    for text, mode in ((f"/single {QUESTION}", "single"), (QUESTION, usual)):
        await tab.ask(text)
        task = await orchestrator.submitted.get()
        assert (task.question, task.mode) == (QUESTION, mode)
        await orchestrator.happens(answer(run=task.id))
        again = await site.tab(thread=task.conversation)
        resumed = await again.until_heard("resume_thread")
        assert isinstance(resumed, dict)
        assert resumed["metadata"]["chat_profile"] == profile.replace("%20", " ")


async def test_a_question_that_has_time(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """It lets others go first; the next one does not."""
    tab = await site.tab()
    for text, priority in ((f"/background {QUESTION}", "background"), (QUESTION, "interactive")):
        await tab.ask(text)
        task = await orchestrator.submitted.get()
        assert (task.question, task.mode, task.priority) == (QUESTION, "council", priority)
        await orchestrator.happens(answer(run=task.id))


async def test_a_command_needs_what_it_takes(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """A question for those that ask, and no files for the others: they would be lost without a word."""
    tab = await site.tab()
    assert await told(tab, "/single") == "Write the question behind it: `/single QUESTION`."
    file = await site.upload(tab, "keys.md", "# Keys\n\nKeys are rotated.")
    await tab.ask("/status", files=[file])
    await tab.until(lambda page: "`/status` takes no files" in str(page.step("Roundtable")["output"]))
    assert orchestrator.submitted.empty()


async def test_status_tells_of_ones_own_questions(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """In whatever conversation: at work, or waiting for an approval; with where each is."""
    tab = await site.tab()
    orchestrator.agents = {name: AgentHealth(name, workers=1) for name in load_catalog()}
    orchestrator.everybody = Load(at_work=3, waiting=0, awaiting_approval=1, dead_letters=(0, 2))
    assert "Your questions: nothing goes on, and nothing waits for you." in await told(tab, "/status")
    await tab.ask(QUESTION)
    task = await orchestrator.submitted.get()
    other = await site.tab()
    said = await told(other, "/status")
    assert f"](/thread/{task.conversation})” is being answered" in said
    assert "**Nobody is missing.** 5 agents can be asked." in said
    assert "Of all people: 3 questions at work, none waiting for a place, 1 waiting for approval." in said
    await orchestrator.happens(selected("operations", run=task.id), proposed(run=task.id))
    assert "waits for your approval" in await told(other, "/status")
    orchestrator.agents = EngineUnavailable("Redis does not answer.")
    said = await told(other, "/status")
    assert "**The agents cannot be reached.** The single agent answers until they are back" in said
    assert "is kept; how far it is will be known when the agents can be reached" in said


def test_who_answers_names_those_who_cannot() -> None:
    """Left out after failures, or run by nobody; and why nobody at all does."""
    catalog = load_catalog()
    ready, resting = AgentHealth("security", workers=1), AgentHealth("product", workers=1, breaker=Breaker(5, 9.0))
    some = who_answers("", {"security": ready, "product": resting}, catalog, ENGLISH)
    assert some == "**1 of 2 agents can be asked.** Product cannot; `/agents` says why."
    assert who_answers("", {"product": resting}, catalog, ENGLISH).startswith("**No agent can be asked:**")
    assert who_answers("All agents were stopped.", {}, catalog, ENGLISH) == "**Halted.** All agents were stopped."


def test_knowledge_says_how_far_it_is() -> None:
    """While it is being read, too."""
    assert knowledge(KnowledgeStatus(state="ready"), (7, 2), ENGLISH) == "Knowledge: 7 documents, 2 only for you."
    reading = knowledge(KnowledgeStatus(state="indexing", done=1, total=9), (0, 0), ENGLISH)
    assert reading == "Knowledge: no document so far. Reading the demo knowledge: 1 of 9 passages."
    assert "could not be read" in knowledge(KnowledgeStatus(state="failed"), (1, 0), ENGLISH)


TWO = (
    Presence(id="a", kind="web", host="here", pid=1, slots=8, busy=2),
    Presence(id="b", kind="worker", host="there", pid=2, slots=2, busy=1),
)


def test_an_operator_hears_of_messages_that_nobody_could_use() -> None:
    """And of nothing where there is nothing."""
    assert everybodys(Load(), TWO, ENGLISH).endswith("Processes: 2, with 3 of 10 steps at a time in hand.")
    assert everybodys(Load(), (), GERMAN).endswith("Prozesse: 0, von 0 Schritten zugleich keiner in Arbeit.")
    assert "3 messages could be used by no worker" in everybodys(Load(dead_letters=(1, 2)), TWO, ENGLISH)


def test_an_operator_hears_of_forged_messages() -> None:
    """Before everything else that is left over, in words that stand out; of how many, in both languages."""
    alarms = {OF_RUNS: Alarm(1, 0.0, "it is not signed"), "garden": Alarm(2, 0.0, "it is not signed")}
    assert "**Somebody tries to pass off messages" in everybodys(Load(alarms=alarms), TWO, ENGLISH)
    assert "3 messages without a valid signature were refused" in everybodys(Load(alarms=alarms), TWO, ENGLISH)
    assert "3 Nachrichten ohne gültige Unterschrift wurden" in everybodys(Load(alarms=alarms), TWO, GERMAN)
