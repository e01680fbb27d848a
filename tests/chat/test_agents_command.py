"""The command /agents: who there is, what they know and how they are doing; nothing of it is kept."""

from collections.abc import Callable

import pytest

from agents import load_catalog
from agents.models import Models
from agents.models.scripted import ScriptedModel
from chat.commands.agents import Shelf, card, state, table
from chat.words import ENGLISH
from orchestration.breaker import Breaker
from orchestration.errors import EngineUnavailable
from orchestration.presence import AgentHealth
from tests.chat.browser_side import Site
from tests.chat.scripted import ScriptedOrchestrator

SECURITY = AgentHealth(
    "security", workers=2, slots=8, free=5, busy=3, answered=9, failed=1, median_seconds=0.042,
)  # fmt: skip


def test_a_card_says_what_an_agent_knows_and_how_it_is_doing() -> None:
    """Its name after an @, its documents, how fast it usually is, what it knows, questions for it."""
    agent = load_catalog()["security"]
    head, about, example = card(agent, Shelf(7, own=2), SECURITY, 1, ENGLISH, Models()).split("\n")
    assert head == "**Security** · `@security` · at work · 7 documents (2 only for you) · usually 42 ms"
    assert about.startswith("Knows how to keep a self-hosted assistant safe")
    assert example == "For example: “Could another user see my answer?”"
    unknown = card(agent, Shelf(0, own=0), None, 1, ENGLISH, Models())
    assert unknown.startswith("**Security** · `@security` · no document\n")
    own = Models({"a:b_c": ScriptedModel("Yes.", "a:b_c")}, agents={"security": "a:b_c"})
    assert card(agent, Shelf(7, own=0), None, 1, ENGLISH, own).startswith(
        "**Security** · `@security` · 7 documents · a\\:b\\_c\n"
    )


def test_a_line_says_how_an_agent_works() -> None:
    """Processes, load, success rate, median time: for whoever runs the server."""
    head, rule, line = table([SECURITY], load_catalog(), ENGLISH).splitlines()
    assert head == "| Agent | Processes | Load | Success | Time |"
    assert set(rule) == set("|-:")
    assert line == "| Security | 2 | 3/8 | 90% | 42 ms |"


@pytest.mark.parametrize(
    ("health", "said"),
    [
        (AgentHealth("security", workers=1, slots=4, free=4), "ready"),
        (AgentHealth("security"), "nobody runs it"),
        (AgentHealth("security", workers=1, breaker=Breaker(5, 23.8)), "left out for another 24 s"),
        (AgentHealth("security", workers=1, breaker=Breaker(5, 0.0)), "on trial after failures"),
    ],
)
def test_the_state_is_what_decides_whether_it_is_asked(health: AgentHealth, said: str) -> None:
    """The breaker first: a rest is why an agent is missing in an answer."""
    assert state(health, ENGLISH) == said


@pytest.fixture(params=["typed", "chosen"])
def command(request: pytest.FixtureRequest) -> Callable[[], dict[str, str]]:
    """Typed and sent, or chosen from the list of commands, which leaves the text empty."""
    return lambda: {"question": "/agents"} if request.param == "typed" else {"question": "", "command": "agents"}


async def test_the_command_is_answered_and_not_kept(
    site: Site, orchestrator: ScriptedOrchestrator, command: Callable[[], dict[str, str]]
) -> None:
    """It is no question: no run, no conversation, nothing in the history."""
    orchestrator.agents = {"security": SECURITY}
    tab = await site.tab()
    assert await tab.until_heard("set_commands")
    await tab.ask(**command())
    await tab.until(lambda page: "`@security` · at work ·" in str(page.step("Roundtable")["output"]))
    assert orchestrator.submitted.empty()
    assert "first_interaction" not in [event for event, _ in tab.heard]
    listed = await site.http.post("/project/threads", json={"pagination": {"first": 5}, "filter": {}})
    assert listed.json()["data"] == []


async def test_it_says_when_all_is_halted_and_when_redis_is_away(
    site: Site, orchestrator: ScriptedOrchestrator
) -> None:
    """The two moments at which somebody asks; what the agents know is told all the same."""
    orchestrator.agents, orchestrator.halted = {"security": SECURITY}, "All agents have been stopped since 10:00 UTC."
    tab = await site.tab()
    await tab.ask("/agents")
    await tab.until(lambda page: str(page.step("Roundtable")["output"]).startswith("All agents have been stopped"))
    orchestrator.agents = EngineUnavailable("Redis does not answer.")
    await tab.ask("/agents")
    away = f"{ENGLISH.trouble(EngineUnavailable())} The single agent answers meanwhile.\n\n"
    await tab.until(lambda page: str(page.step("Roundtable")["output"]).startswith(away))
    assert "**Security** · `@security` · no document" in str(tab.page.step("Roundtable")["output"])


async def test_one_agent_is_told_of_with_all_its_questions(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """By its name, with or without an @; a name that nobody has gets a sentence."""
    tab = await site.tab()
    for name in ("security", "@Security"):
        await tab.ask(f"/agents {name}")
        await tab.until(lambda page: "“How do I keep a backup confidential?”" in str(page.step("Roundtable")["output"]))
        assert "**Operations**" not in str(tab.page.step("Roundtable")["output"])
    await tab.ask("/agents nobody")
    await tab.until(lambda page: "nobody" in str(page.step("Roundtable")["output"]))
