"""`roundtable agents`: who can be asked, and how they are doing."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from cli.runtime import real_runtime
from knowledge import HashEmbedder, Upload, open_knowledge
from orchestration import Settings
from orchestration.batching import Batcher
from orchestration.connections import open_connections
from orchestration.durability import Durability
from orchestration.keys import GROUP, Keys
from orchestration.messages import MAJOR, SCHEMA, encode
from orchestration.presence import AgentWork, Presence
from tests.cli.runs import Terminal
from tests.orchestration.worlds import registry

WEB = Presence(
    id="a", kind="web", host="here", pid=41, version="0.1.0", slots=8, busy=3, orchestrates=True,
    work={"security": AgentWork(busy=1, answered=3, failed=1, median_seconds=0.25), "operations": AgentWork(busy=2)},
)  # fmt: skip
WORKER = Presence(id="b", kind="worker", host="there", pid=42, version="0.2.0", slots=4, work={"security": AgentWork()})


@pytest.fixture
def alive(redis_url: str, keys: Keys) -> None:
    """Two processes that have just given a sign of life."""

    async def beat(batcher: Batcher, presence: Presence) -> None:
        await batcher.script("beat", [keys.presence, keys.seen], [presence.id, encode(presence), 60_000])

    async def both() -> None:
        async with open_connections(redis_url) as connections:
            await asyncio.gather(*(beat(connections.batcher, each) for each in (WEB, WORKER)))

    asyncio.run(both())


@pytest.mark.usefixtures("alive")
def test_while_replicas_are_missing(operator: Terminal) -> None:
    """What is asked of writes does not hold up whoever looks, which may be because of just that."""
    asking = operator.settings.model_copy(update={"durability": Durability(replicas=1)})
    ran = replace(operator, settings=asking).types("agents")
    assert (ran.code, ran.err) == (0, "")
    assert lines(ran.out)["security"].split()[1] == "2"


def lines(text: str) -> dict[str, str]:
    """By their first word."""
    return {line.split()[0]: line for line in text.splitlines() if line.split()}


@pytest.mark.usefixtures("alive")
def test_every_agent_and_how_it_is_doing(operator: Terminal) -> None:
    """Processes, load, success and speed over all processes, aligned; then what the agent is for."""
    ran = operator.types("agents")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "AGENT       PROCESSES  BUSY  SUCCESS  MEDIAN  QUEUED  BREAKER",
        "operations          1   2/8        -       -       0  closed",
        "  Operations (10 documents): Knows all there is to know about operations.",
        "product             0   0/0        -       -       0  closed",
        "  Product (7 documents): Knows all there is to know about product.",
        "security            2  1/12      75%  0.25 s       0  closed",
        "  Security (8 documents): Knows all there is to know about security.",
    ]


@pytest.mark.usefixtures("alive")
def test_the_processes_are_listed_when_asked_for(operator: Terminal) -> None:
    """Which one to look at, or to stop."""
    *_, header, web, worker = operator.types("agents", "--processes").out.splitlines()
    assert header.split() == ["PROCESS", "HOST", "PID", "BUSY", "SEEN", "VERSION", "AGENTS"]
    assert web.split() == ["web", "here", "41", "3/8", "0", "s", "ago", "0.1.0", "security,operations"]
    assert worker.split() == ["worker", "there", "42", "0/4", "0", "s", "ago", "0.2.0", "security"]


def test_when_nobody_runs_that_is_said(operator: Terminal) -> None:
    """An empty table would look like a mistake."""
    assert operator.types("agents", "--processes").out.endswith("\nNo process is running.\n")


def test_an_agent_that_is_left_out_says_for_how_long(operator: Terminal, redis: Redis, keys: Keys) -> None:
    """Or that its rest is over and the next attempt decides."""
    seconds, _ = redis.time()
    for agent, until in (("security", seconds + 100), ("product", 0)):
        redis.hset(keys.breaker(agent), mapping={"failures": 5, "until": until * 1000})
        redis.expire(keys.breaker(agent), 100)
    told = lines(operator.types("agents").out)
    assert told["product"].endswith("  being tried again")
    left = told["security"].split("left out for another ")[1].split()
    assert 95 <= int(left[0]) <= 100
    breaker = {
        agent["name"]: agent["breaker"] for agent in json.loads(operator.types("agents", "--json").out)["agents"]
    }
    assert [breaker[name]["state"] for name in ("operations", "product", "security")] == ["closed", "half_open", "open"]


def test_steps_that_wait_are_counted_and_those_in_hand_are_not(operator: Terminal, redis: Redis, keys: Keys) -> None:
    """Of three messages one is being worked on, and one was left behind by a worker that is gone."""
    stream = keys.tasks("security")
    redis.xgroup_create(stream, GROUP, "0", mkstream=True)
    for _ in range(3):
        redis.xadd(stream, {"m": "?"})
    redis.xreadgroup(GROUP, "busy", {stream: ">"}, count=1)
    redis.xreadgroup(GROUP, "gone", {stream: ">"}, count=1)
    (lost,) = redis.xpending_range(stream, GROUP, "-", "+", 1, "gone")
    redis.xclaim(stream, GROUP, "gone", 0, [lost["message_id"]], idle=60_000)
    assert lines(operator.types("agents").out)["security"].split()[5] == "2"


def test_a_halt_is_said_first(operator: Terminal) -> None:
    """Whoever wonders why nothing moves looks here."""
    operator.types("halt", "--reason", "disk full")
    first = operator.types("agents").out.splitlines()[0]
    assert first.startswith("All agents have been stopped since ")
    assert first.endswith(" UTC (disk full); 'roundtable resume' lets them work again.")
    assert json.loads(operator.types("agents", "--json").out)["halted"]["reason"] == "disk full"


def test_what_other_versions_have_in_hand_is_said(operator: Terminal, redis: Redis, keys: Keys) -> None:
    """Who lets one version take another's place waits until nothing of the old one is left."""
    newer = f"{MAJOR}.{1 + int(SCHEMA.partition('.')[2])}"
    for run, schema in (("a", f"{MAJOR + 1}"), ("b", f"{MAJOR + 1}"), ("c", newer), ("d", f"{MAJOR}"), ("e", "odd")):
        redis.hset(keys.run(run), mapping={"state": "running", "schema": schema})
        redis.zadd(keys.shards[0].active, {run: 0})
    seconds, _ = redis.time()
    redis.hset(keys.presence, "there-41-ab", f'{{"v":"{MAJOR + 1}.3","kind":"choir"}}')
    redis.zadd(keys.seen, {"there-41-ab": seconds * 1000})
    assert operator.types("agents").out.startswith("AGENT"), "it takes more rights than the rest"
    told = operator.types("agents", "--versions").out.splitlines()
    assert told[0].startswith(f"Schema {newer} has 1 unfinished question and no process, so nothing happens until ")
    assert told[1] == f"Schema {MAJOR + 1} has 2 unfinished questions and 1 process: there-41-ab."
    assert json.loads(operator.types("agents", "--versions", "--json").out)["other_versions"] == [
        {"schema": newer, "unfinished": 1, "processes": []},
        {"schema": f"{MAJOR + 1}", "unfinished": 2, "processes": ["there-41-ab"]},
    ]


@pytest.mark.usefixtures("alive")
def test_that_no_other_version_has_anything_is_said_as_well(operator: Terminal) -> None:
    """It is what somebody waits for."""
    first = operator.types("agents", "--versions").out.splitlines()[0]
    assert first == "No other version of the program has anything in hand."
    assert json.loads(operator.types("agents", "--versions", "--json").out)["other_versions"] == []


@pytest.mark.usefixtures("alive")
def test_json_is_one_document_with_everything(operator: Terminal) -> None:
    """Figures as numbers, null where there is none."""
    ran = operator.types("agents", "--json")
    assert (ran.code, ran.err) == (0, "")
    told = json.loads(ran.out)
    listed = {agent["name"]: agent for agent in told["agents"]}
    assert listed["security"] == {
        "name": "security",
        "title": "Security",
        "description": "Knows all there is to know about security.",
        "documents": 8,
        "workers": 2,
        "busy": 1,
        "slots": 12,
        "success_rate": 0.75,
        "median_seconds": 0.25,
        "queued": 0,
        "breaker": {"state": "closed", "failures": 0, "seconds": 0.0},
        "forged": None,
    }
    assert (listed["product"]["success_rate"], listed["product"]["median_seconds"]) == (None, None)
    assert (told["halted"], told["other_versions"]) == (None, None)
    assert [process["pid"] for process in told["processes"]] == [41, 42]


def test_agents_are_listed_without_redis(terminal: Terminal) -> None:
    """The catalog is in files; only how they are doing is not known then."""
    ran = terminal.without_redis().types("agents", "--json")
    assert ran.code == 0
    assert ran.complaint == "Redis does not answer. How the agents are doing is not known."
    told = json.loads(ran.out)
    assert (told["agents"][0]["workers"], told["agents"][0]["breaker"], told["processes"]) == (None, None, None)
    assert terminal.without_redis().types("agents", "--processes").out.splitlines()[:2] == ["AGENT", "operations"]


async def test_documents_are_counted_as_the_local_person_sees_them(tmp_path: Path) -> None:
    """Those that are stored, those that the next start brings, and not those that were taken out of the catalog."""
    settings, agent = Settings(data=tmp_path), registry(tmp_path)["garden"]
    count = real_runtime().documents
    assert count(settings, agent) == 1
    seeds = {agent.name: agent.seeds()}
    async with open_knowledge(tmp_path / "knowledge", settings.knowledge, HashEmbedder(), seeds) as knowledge:
        await knowledge.wait_ready()
        for name, person in (("ours.md", ""), ("mine.md", "local"), ("hers.md", "ana")):
            (tmp_path / name).write_text(f"# {name}\n\nHedges of {name}.\n")
            await knowledge.ingest("garden", [Upload(tmp_path / name)], person=person)
        assert count(settings, agent) == 3
        await knowledge.remove("garden", next(d.id for d in knowledge.documents("garden") if d.seed), person="")
    assert count(settings, agent) == 2
