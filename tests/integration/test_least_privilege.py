"""Each kind of process with a user of its own in Redis: it does its work, and cannot do anything else."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import NoPermissionError, RedisError, ResponseError

from agents import AgentError, Question
from agents.answerers.scripted import ScriptedAnswerer
from orchestration import ConfigurationError, EngineUnavailable, Task, open_operations, open_runtime
from orchestration.durability import READS, reading_scripts
from orchestration.keys import GROUP, Keys
from orchestration.messages import Answer
from orchestration.rights import rights_of_observer, rights_of_web, rights_of_worker
from tests.integration.redis_server import RedisServer
from tests.integration.scrapes import scrape
from tests.orchestration.users import PASSWORD, user
from tests.orchestration.waiting import eventually
from tests.orchestration.worlds import SHORT_LEASE, Gate, events_until, kinds, registry, settings, world


@dataclass(frozen=True)
class Users:
    """The addresses that each kind of process connects with."""

    web: str
    gardener: str
    """A worker for the gardener alone."""
    observer: str


@pytest.fixture
def users(redis_url: str, keys: Keys) -> Iterator[Users]:
    """To none of them anything may have been refused when the test is over, unless the test asked for it itself."""
    with ExitStack() as stack:
        web = stack.enter_context(user(redis_url, keys, "web", rights_of_web(keys)))
        gardener = stack.enter_context(user(redis_url, keys, "worker", rights_of_worker(keys, ["garden"])))
        observer = stack.enter_context(user(redis_url, keys, "observer", rights_of_observer(keys)))
        yield Users(web, gardener, observer)


@pytest.fixture
def redis(redis_url: str) -> Iterator[Any]:
    """An administrator's view."""
    with Redis.from_url(redis_url, decode_responses=True) as client:
        yield client


async def test_a_council_of_processes_that_may_do_no_more_than_they_need(
    tmp_path: Path, keys: Keys, users: Users
) -> None:
    """A worker fails, is asked again, answers; the web process hands out and puts together."""
    tried = 0

    async def fail_first(question: Question) -> None:
        nonlocal tried
        tried += 1
        if tried == 1:
            raise AgentError("It does not work yet.")

    task = Task(question="@garden When do I prune roses?", conversation="thread")
    async with (
        world(tmp_path / "web", users.web, keys.prefix, workers=False) as orchestrator,
        world(
            tmp_path / "worker",
            users.gardener,
            keys.prefix,
            answerer=ScriptedAnswerer("In March.", before=fail_first),
            workers=["garden"],
            kind="worker",
        ) as worker,
    ):
        answered = await orchestrator.dispatch_task(task)
        assert (answered.state, tried) == ("answered", 2)
        assert await orchestrator.runs("local", "thread") == [task.id]
        assert (await scrape(orchestrator)).value("workers_alive", agent="garden") == 1
        read = await scrape(worker)
        assert read.value("steps_total", agent="garden", state="answered") == 1
        assert read.value("redis_up") == 1
        assert read.value("runs_in_flight") is None, "figures of everybody are not for a worker"


async def test_a_plan_is_approved_a_halt_is_seen_and_a_dead_workers_step_is_taken_over(
    tmp_path: Path, keys: Keys, users: Users, redis: Any
) -> None:
    """What happens less often needs no more rights."""
    gate = Gate()
    task = Task(question="@garden When do I prune roses?", approval=True)
    async with (
        world(tmp_path / "web", users.web, keys.prefix, workers=False, lease_seconds=SHORT_LEASE) as orchestrator,
        open_operations(settings(tmp_path, users.web), registry=registry(tmp_path), prefix=keys.prefix) as operator,
    ):
        await orchestrator.submit(task)
        await events_until(orchestrator.follow(task.id, person="local"), "proposed")
        await orchestrator.approve(task.id, person="local")
        await eventually(lambda: _length(redis, keys.tasks("garden")), "the step is sent")
        redis.xgroup_create(keys.tasks("garden"), GROUP, id="0", mkstream=True)
        redis.xreadgroup(GROUP, "dead", {keys.tasks("garden"): ">"})
        async with world(
            tmp_path / "worker",
            users.gardener,
            keys.prefix,
            answerer=gate.answerer(),
            workers=["garden"],
            kind="worker",
            lease_seconds=SHORT_LEASE,
        ):
            await gate.arrived.wait()
            assert await operator.halt("")
            assert await operator.until_still(30) == 0
            gate.opened.set()
            assert await operator.resume()
            told = await events_until(orchestrator.follow(task.id, person="local"), "answer")
            redis.xadd(keys.tasks("garden"), {"m": "?"})
            await eventually(operator.dead_letters.list, "the garbage is kept")
            for letter in await operator.dead_letters.list():
                await operator.dead_letters.drop(letter)
    assert isinstance(told[-1], Answer)
    assert told[-1].result.state == "answered"
    assert "returned" in kinds(told)


async def _length(redis: Any, stream: str) -> int:
    return int(redis.xlen(stream))


REFUSED_TO_A_SCRIPT = re.compile(
    "can't (?:run this command|access at least one of the keys)|no permissions to (?:run|access)", re.IGNORECASE
)


def refused(url: str, *command: str) -> bool:
    """Whether a user may not do that; what is allowed and fails otherwise is allowed."""
    with Redis.from_url(url) as client:
        redis: Any = client
        try:
            redis.execute_command(*command)
        except ResponseError as error:
            return isinstance(error, NoPermissionError) or REFUSED_TO_A_SCRIPT.search(str(error)) is not None
        return False


@pytest.fixture
def forbidden(users: Users, redis: Any) -> Iterator[None]:
    """A test tries what is not allowed: that is not to be found at its end."""
    yield
    redis.acl_log_reset()


OF_ANOTHER_AGENT = (
    ("XREADGROUP", "GROUP", GROUP, "me", "STREAMS", "{tasks}", ">"),
    ("XRANGE", "{tasks}", "-", "+"),
    ("XRANGE", "{background}", "-", "+"),
    ("XAUTOCLAIM", "{tasks}", GROUP, "me", "0", "0"),
    ("XADD", "{tasks}", "*", "m", "?"),
    ("XACK", "{tasks}", GROUP, "1-1"),
    ("XDEL", "{tasks}", "1-1"),
    ("XGROUP", "CREATE", "{tasks}", "mine", "0"),
    ("EVAL", "return redis.call('XRANGE', '{tasks}', '-', '+')", "0"),
    ("EVAL", "return 1", "1", "{tasks}"),
    ("XREVRANGE", "{dead}", "+", "-"),
    ("HGET", "{breaker}", "failures"),
    ("HSET", "{alarm}", "why", "nothing"),
    ("HGETALL", "{shelf}"),
    ("HGETALL", "{private}"),
    ("SMEMBERS", "{unwanted}"),
)
OF_EVERYBODY = (
    ("ZRANGEBYSCORE", "{active}", "-inf", "+inf"),
    ("ZRANGE", "{active}", "0", "-1"),
    ("ZRANGEBYSCORE", "{waiting}", "-inf", "+inf"),
    ("ZADD", "{active}", "0", "run"),
    ("ZRANGEBYSCORE", "{awaiting}", "-inf", "+inf"),
    ("LRANGE", "{conversation}", "0", "-1"),
    ("HGETALL", "{people}"),
    ("HGETALL", "{turns}"),
    ("XRANGE", "{ended}", "-", "+"),
    ("HGETALL", "{histories}"),
    ("SCAN", "0"),
    ("KEYS", "*"),
    ("RANDOMKEY",),
    ("DBSIZE",),
    ("MONITOR",),
    ("CLIENT", "LIST"),
    ("PSUBSCRIBE", "*"),
    ("SUBSCRIBE", "other"),
    ("EVAL", "return redis.call('KEYS', '*')", "0"),
    ("EVAL", "return redis.call('SCAN', '0')", "0"),
)
OF_THE_SERVER = (
    ("FLUSHALL",),
    ("FLUSHDB",),
    ("CONFIG", "GET", "*"),
    ("CONFIG", "SET", "dir", "/tmp"),
    ("SHUTDOWN",),
    ("SAVE",),
    ("REPLICAOF", "NO", "ONE"),
    ("ACL", "LIST"),
    ("ACL", "SETUSER", "me", "on"),
    ("SCRIPT", "FLUSH"),
    ("MODULE", "LIST"),
    ("SLOWLOG", "GET"),
    ("CLIENT", "KILL", "ID", "1"),
    ("SWAPDB", "0", "1"),
    ("MIGRATE", "h", "1", "k", "0", "1"),
)


def filled(command: tuple[str, ...], keys: Keys, agent: str) -> list[str]:
    """With the names of keys put in."""
    (shard,) = keys.shards
    names = {
        "tasks": keys.tasks(agent),
        "background": keys.tasks(agent, "background"),
        "dead": keys.dead(agent),
        "breaker": keys.breaker(agent),
        "alarm": keys.alarm(agent),
        "shelf": keys.shelf(agent, ""),
        "private": keys.shelf(agent, "ada"),
        "unwanted": keys.unwanted(agent),
        "active": shard.active,
        "waiting": shard.waiting,
        "awaiting": shard.awaiting,
        "people": shard.people,
        "turns": shard.turns,
        "ended": shard.ended,
        "histories": shard.histories,
        "some_run": keys.run("r"),
        "halted": shard.halted,
        "conversation": shard.conversation("ada", "thread"),
    }
    return [re.sub(r"\{(\w+)\}", lambda found: names[found[1]], word) for word in command]


@pytest.mark.usefixtures("forbidden")
def test_a_worker_reaches_nothing_of_another_agent(keys: Keys, users: Users) -> None:
    """Its stream, its dead letters, its documents: neither to read, nor to write, nor to take, nor from a script."""
    for command in OF_ANOTHER_AGENT:
        assert refused(users.gardener, *filled(command, keys, "kitchen")), command
        assert refused(users.gardener, *filled(command, keys, "gardener")), f"{command}, of an agent named alike"


@pytest.mark.usefixtures("forbidden")
def test_a_worker_finds_no_runs_and_no_history(keys: Keys, users: Users) -> None:
    """Neither which runs there are, nor conversations, nor what ended, nor the names of keys."""
    for command in (*OF_EVERYBODY, *OF_THE_SERVER):
        assert refused(users.gardener, *filled(command, keys, "kitchen")), command


@pytest.mark.usefixtures("forbidden")
def test_nobody_may_do_what_belongs_to_the_server_or_to_others(keys: Keys, users: Users) -> None:
    """Nor touch keys that are not Roundtable's, or of another installation."""
    for command in (*OF_THE_SERVER, ("KEYS", "*"), ("MONITOR",), ("GET", "other"), ("SET", f"{keys.prefix}2:x", "1")):
        for url in (users.web, users.observer):
            assert refused(url, *command), command


@pytest.mark.usefixtures("forbidden")
def test_an_observer_reads_figures_and_nothing_else(keys: Keys, users: Users) -> None:
    """No message, no question, no answer; and nothing that changes anything, from a script either."""
    reads = (("XRANGE", "{tasks}", "-", "+"), ("XREVRANGE", "{dead}", "+", "-"), ("HGETALL", "{shelf}"),
             ("XRANGE", "{ended}", "-", "+"), ("LRANGE", "{conversation}", "0", "-1"))  # fmt: skip
    writes = (("XADD", "{tasks}", "*", "m", "?"), ("ZADD", "{active}", "0", "r"), ("DEL", "{dead}"),
              ("EVAL", "return redis.call('DEL', '{dead}')", "0"), ("PUBLISH", keys.hints, ""))  # fmt: skip
    for command in (*reads, *writes, ("HGET", "{some_run}", "task"), ("SET", "{halted}", "1"), ("SCAN", "0")):
        assert refused(users.observer, *filled(command, keys, "garden")), command


async def test_an_operators_figures_with_an_observers_rights(tmp_path: Path, keys: Keys, users: Users) -> None:
    """What `roundtable agents` shows."""
    async with (
        world(tmp_path / "web", users.web, keys.prefix),
        open_operations(
            settings(tmp_path, users.observer), registry=registry(tmp_path), prefix=keys.prefix
        ) as observer,
    ):
        assert (await observer.health())["garden"].workers == 1
        assert (await observer.backlogs())["garden"].queued == 0
        assert [process.kind for process in await observer.processes()] == ["web"]
        assert (await observer.halted(), dict(await observer.alarms())) == (None, {})
        assert await observer.clock() > 0


@pytest.mark.usefixtures("forbidden")
async def test_a_worker_before_the_first_chat(tmp_path: Path, keys: Keys, users: Users) -> None:
    """It has all the rights that a worker needs, and nobody has written down yet how questions are divided."""
    with pytest.raises(ConfigurationError, match="start the chat first"):
        async with world(tmp_path, users.gardener, keys.prefix, workers=["garden"], kind="worker"):
            pass


@pytest.mark.usefixtures("forbidden")
async def test_a_worker_with_the_user_of_another_one_does_not_start(
    tmp_path: Path, keys: Keys, users: Users, redis: Any
) -> None:
    """It would seem to be there, and try for ever to read what it may not."""
    redis.set(keys.layout, 1)
    with pytest.raises(ConfigurationError, match="lacks a right on Redis"):
        async with world(tmp_path, users.gardener, keys.prefix, workers=["kitchen"], kind="worker"):
            pass
    async with open_operations(
        settings(tmp_path, users.web), registry=registry(tmp_path), prefix=keys.prefix
    ) as operator:
        assert await operator.processes() == []


@pytest.mark.usefixtures("forbidden")
async def test_who_may_not_ask_is_told_so(tmp_path: Path, keys: Keys, users: Users) -> None:
    """Not that Redis were away, which would end by itself."""
    async with (
        world(tmp_path / "web", users.web, keys.prefix),
        open_runtime(
            settings(tmp_path, users.observer), registry=registry(tmp_path), kind="ask", join=True, prefix=keys.prefix
        ) as observer,
    ):
        with pytest.raises(EngineUnavailable, match="lacks a right on Redis"):
            await observer.submit(Task(question="@garden When do I prune roses?"))
        with pytest.raises(ConfigurationError, match=r"lacks a right on Redis.*\): .*(?i:no permissions) to "):
            async with open_operations(
                settings(tmp_path, users.observer), registry=registry(tmp_path), prefix=keys.prefix
            ) as looking:
                await looking.other_versions()


async def test_hints_do_not_tell_which_run_it_was(tmp_path: Path, redis_url: str, keys: Keys, redis: Any) -> None:
    """Workers of all agents listen to them, and whoever knows a run's id may read the run."""
    with redis.pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe(keys.hints)
        listener.get_message(timeout=5)
        async with world(tmp_path, redis_url, keys.prefix, workers=False) as orchestrator:
            asked = Task(question="@garden When?", approval=True)
            await orchestrator.submit(asked)
            await events_until(orchestrator.follow(asked.id, person="local"), "proposed")
            await orchestrator.approve(asked.id, person="local")
            await orchestrator.cancel(asked.id, person="local")
        heard = []
        while (message := listener.get_message(timeout=0.1)) is not None:
            heard.append(message["data"])
    assert len(heard) >= 2
    assert set(heard) == {""}


def test_a_server_takes_the_lines_as_its_acl_file(keys: Keys) -> None:
    """The password is there as a hash only; a line without one is refused, so that nobody is let in by mistake."""
    rights = {"web": rights_of_web(keys), "me": rights_of_worker(keys, ["garden"]), "it": rights_of_observer(keys)}
    with TemporaryDirectory(prefix="rt-") as name, ExitStack() as stack:
        folder = Path(name)
        with_hashes, without = folder / "users.acl", folder / "without.acl"
        with_hashes.write_text("".join(f"{one.rule(user, PASSWORD)}\n" for user, one in rights.items()))
        without.write_text(rights["web"].rule("web", None) + "\n")
        assert PASSWORD not in with_hashes.read_text()
        server = RedisServer(folder, "--aclfile", str(with_hashes))
        stack.callback(server.close)
        server.start()
        for one in rights:
            with Redis.from_url(server.url.replace("unix://", f"unix://{one}:{PASSWORD}@")) as client:
                assert client.info()["redis_version"]
            wrong = Redis.from_url(server.url.replace("unix://", f"unix://{one}:other@"))
            with wrong as client, pytest.raises(RedisError, match="invalid username-password"):
                client.info()
        server.close()
        with pytest.raises(AssertionError, match="did not start"):
            RedisServer(folder, "--aclfile", str(without)).start()


COMMAND = re.compile(r"call\('([A-Z]+)'(?:, '([A-Z]+)')?")
SENT = re.compile(r"(?:batcher|_run)\(\s*\"([A-Z]+)\"(?:, \"([A-Z]+)\")?")
SUBCOMMANDS = {"XGROUP", "XINFO", "CLIENT"}
OF_A_WORKER = {
    "claim", "append", "renew", "release", "absolve", "commit", "acknowledge", "again", "keep", "bury", "alarm", "reap",
    "leave", "beat", "list", "upload", "shelve", "unshelve", "reshelve", "unwant", "refound",
}  # fmt: skip
"""Scripts that it runs: for its steps, its streams, its signs of life, and its documents."""


def commands(pattern: re.Pattern[str], text: str) -> set[str]:
    """As an ACL names them."""
    found = pattern.findall(text)
    return {(f"{name}|{more}" if name in SUBCOMMANDS else name).lower() for name, more in found}


def test_no_command_is_used_that_whoever_uses_it_may_not() -> None:
    """A new command fails here before somebody with rights of their own finds it missing."""
    web, worker = set(rights_of_web(Keys()).commands), set(rights_of_worker(Keys(), ["garden"]).commands)
    package = files("orchestration")
    for script in (package / "scripts").iterdir():
        used = commands(COMMAND, script.read_text())
        assert used <= web, f"{script.name}: {used - web}"
        assert used <= worker or script.name.removesuffix(".lua") not in OF_A_WORKER, f"{script.name}: {used - worker}"
    sent = {m.name: commands(SENT, m.read_text()) for m in package.iterdir() if m.name.endswith(".py")}
    assert sent["brake.py"] >= {"get", "set", "del", "publish"}
    for module, used in sent.items():
        assert used <= web, f"{module}: {used - web}"


def test_no_command_is_known_to_read_that_nobody_uses() -> None:
    """Not where a batch is looked through for what has to be waited for, and not in a script that only reads."""
    texts = [module.read_text() for module in files("orchestration").iterdir() if module.name.endswith(".py")]
    sent = {command.lower() for text in texts for command in re.findall(r'\(\s*"([A-Z]+)"', text)}
    called = {command for text in reading_scripts() for command in commands(COMMAND, text)}
    assert called
    assert not READS - {command.upper() for command in sent | called}
