"""Servers, addresses and neighbours that will not do: one sentence, the right exit code, and nothing is harmed."""

import asyncio
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr
from redis import ConnectionError as RedisConnectionError
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from orchestration import Settings, Task
from orchestration.connections import open_connections
from orchestration.embedded.binary import find_binary
from orchestration.embedded.datafolder import DataFolder
from orchestration.embedded.process import server_pid
from orchestration.errors import ConfigurationError
from orchestration.keys import Keys
from orchestration.messages import MAJOR, SCHEMA, Answer
from tests.cli.runs import Ran, ScriptedCouncil, Terminal, events
from tests.integration.redis_server import RedisServer
from tests.orchestration.waiting import PATIENCE_SECONDS
from tests.orchestration.worlds import events_until, world

Typed = Callable[..., Ran]


@pytest.fixture
def types(tmp_path: Path) -> Callable[[str | None], Typed]:
    """A terminal for commands that talk to the Redis of an address, or to the embedded one."""

    def at(url: str | None) -> Typed:
        settings = Settings(data=tmp_path / "data", redis_url=None if url is None else SecretStr(url))
        return Terminal(ScriptedCouncil(events()), settings).types

    return at


# ---------------------------------------------------------------------------------- the address


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "must specify one of the following schemes"),
        ("http://127.0.0.1:6379", "must specify one of the following schemes"),
        ("redis://127.0.0.1:99999", "Port out of range 0-65535"),
        ("redis://[::1", "Invalid IPv6 URL"),
        ("redis://a..b:1", "its host is no name"),
        ("redis+cluster://127.0.0.1:1,a..b:1", "its host is no name"),
        ("redis://127.0.0.1:1?ssl_ca_certs", "options like name=value"),
        ("redis+sentinel://127.0.0.1:1/council#first", "nothing follows a #"),
        ("redis://127.0.0.1:1?socket_timeout=soon", "Invalid value for 'socket_timeout'"),
        ("redis://127.0.0.1:1?colour=green", "it has an option that is not known"),
        ("redis+sentinel://127.0.0.1:1", "it names no service"),
        ("redis+sentinel://127.0.0.1:1,/council", "a host is missing"),
        ("redis+sentinel://127.0.0.1:1,127.0.0.1:99999/council", "Port out of range 0-65535"),
        ("redis+sentinel://127.0.0.1:1/council/first", "is not the number of a database"),
        ("redis://127.0.0.1:1/first", "is not the number of a database"),
        ("redis://127.0.0.1:1/0/1", "is not the number of a database"),
        ("redis://127.0.0.1:1/1?db=2", "it names two databases"),
        ("redis+cluster://127.0.0.1:1/3", "a cluster has no numbered databases"),
        ("redis+cluster://127.0.0.1:1,", "a host is missing"),
        ("redis+cluster://127.0.0.1:1?socket_timeout=soon", "Invalid value for 'socket_timeout'"),
        ("rediss://127.0.0.1:1?ssl_ca_certs=/nowhere/ca.pem", "the file of its option ssl_ca_certs cannot be read"),
    ],
)
def test_an_address_that_is_none(types: Callable[[str], Typed], url: str, said: str) -> None:
    """The setting is named, with what is wrong with it."""
    ran = types(url)("halt")
    assert (ran.code, ran.out) == (2, "")
    assert ran.complaint.startswith("roundtable: REDIS_URL is not usable: ")
    assert said in ran.complaint


@pytest.mark.parametrize(
    "url",
    [
        "redis://:half/other@127.0.0.1:1",
        "redis+sentinel://:half/other@127.0.0.1:1/council",
        "redis+cluster://:half/other@127.0.0.1:1",
        "redis://half#other@127.0.0.1:1",
        "redis://half?other@127.0.0.1:1",
        "redis://half?other@127.0.0.1:1?db=0",
    ],
)
def test_a_password_is_not_repeated(types: Callable[[str], Typed], url: str) -> None:
    """One that was not written as addresses want it is cut in two, and a half of it looks like a port."""
    ran = types(url)("halt")
    assert ran.code == 2
    assert "%2F" in ran.complaint
    assert not [part for part in ("half", "other") if part in ran.complaint]


def test_an_address_where_nobody_is(types: Callable[[str], Typed]) -> None:
    """That is no mistake in the settings: it may be there in a moment."""
    ran = types("redis://127.0.0.1:1")("halt")
    assert ran.code == 1
    assert ran.complaint.startswith("roundtable: Redis does not answer: ")


# ---------------------------------------------------------------------------------- the server


@dataclass(frozen=True)
class Locked:
    """A server with a password."""

    socket: Path
    port: int


@pytest.fixture(scope="module")
def locked() -> Iterator[Locked]:
    """The bundled server, with the password "right", and a user "reader" who may not write."""
    with tempfile.TemporaryDirectory(prefix="rt-") as folder, socket.create_server(("127.0.0.1", 0)) as free:
        server = Locked(Path(folder) / "redis.sock", int(free.getsockname()[1]))
        free.close()
        binary = find_binary(None, lambda version: True).path
        command = [str(binary), "--bind", "127.0.0.1", "--port", str(server.port), "--unixsocket", str(server.socket)]
        process = subprocess.Popen(
            [*command, "--save", "", "--requirepass", "right"], stdout=subprocess.DEVNULL, cwd=folder
        )
        try:
            with Redis(unix_socket_path=str(server.socket), password="right") as client:
                while process.poll() is None:
                    try:
                        client.ping()
                        break
                    except RedisConnectionError:
                        continue
                client.execute_command("ACL", "SETUSER", "reader", "on", ">right", "~*", "&*", "+@all", "-@write")
            yield server
        finally:
            process.terminate()
            process.wait()


def refused(ran: Ran) -> None:
    """The settings are wrong, and trying again will not help."""
    assert (ran.code, ran.out) == (2, "")
    assert ran.complaint.startswith("roundtable: Redis refused the user name or password in REDIS_URL: ")
    assert not [part for part in ("secret", "right", "..") if part in ran.complaint]


@pytest.mark.parametrize("query", ["", "?password=secret", "?username=nobody&password=right"])
def test_a_wrong_password_on_a_socket(types: Callable[[str], Typed], locked: Locked, query: str) -> None:
    """None, another one, or another name."""
    refused(types(f"unix://{locked.socket}{query}")("halt"))


@pytest.mark.parametrize("who", ["", ":secret@", "nobody:right@"])
def test_a_wrong_password_over_tcp(types: Callable[[str], Typed], locked: Locked, who: str) -> None:
    """The same over a network."""
    refused(types(f"redis://{who}127.0.0.1:{locked.port}")("agents"))


def test_no_password(types: Callable[[str], Typed], locked: Locked) -> None:
    """What redis-py might do instead, which the server goes on about, is left out."""
    ran = types(f"redis://127.0.0.1:{locked.port}")("halt")
    assert ran.complaint.endswith("in REDIS_URL: there is none in it.")


@pytest.mark.parametrize(
    ("scheme", "said"),
    [
        ("redis+sentinel://", "Where REDIS_URL has to name Sentinels is none; for a server it begins with redis://."),
        ("redis+cluster://", "This Redis is no cluster; REDIS_URL has to begin with redis:// or rediss://."),
    ],
)
def test_a_server_alone(types: Callable[[str], Typed], locked: Locked, scheme: str, said: str) -> None:
    """Where the address wants Sentinels or a cluster."""
    who = "sentinel_password=right" if "sentinel" in scheme else ""
    place = f"127.0.0.1:{locked.port}" + ("/council" if who else "")
    ran = types(f"{scheme}:right@{place}?{who}")("halt")
    assert (ran.code, ran.complaint) == (2, f"roundtable: {said}")


def test_the_right_password(types: Callable[[str], Typed], locked: Locked) -> None:
    """The same server, so that the refusals above are about the password."""
    assert types(f"unix://{locked.socket}?password=right")("resume").code == 0
    assert types(f"redis://:right@127.0.0.1:{locked.port}")("resume").code == 0


def test_a_user_without_the_rights(types: Callable[[str], Typed], locked: Locked) -> None:
    """Redis says which, and trying again will not help."""
    ran = types(f"redis://reader:right@127.0.0.1:{locked.port}")("halt")
    assert (ran.code, ran.out) == (2, "")
    assert ran.complaint.startswith("roundtable: The user in REDIS_URL lacks a right on Redis that this needs")
    assert "'set'" in ran.complaint


@asynccontextmanager
async def old_server(version: str, known: frozenset[bytes]) -> AsyncIterator[str]:
    """A server that tells its version and knows few commands; it answers as Redis of that age did."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            words = [(await _word(reader)) for _ in range(int(line[1:]))]
            if words[0].upper() == b"INFO":
                about = f"# Server\r\nredis_version:{version}\r\n".encode()
                writer.write(b"$%d\r\n%s\r\n" % (len(about), about))
            elif words[0].upper() in known:
                writer.write(b"%1\r\n$5\r\nproto\r\n:3\r\n" if words[0].upper() == b"HELLO" else b"+OK\r\n")
            else:
                writer.write(b"-ERR unknown command `%s`, with args beginning with: \r\n" % words[0])
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _word(reader: asyncio.StreamReader) -> bytes:
    length = int((await reader.readline())[1:])
    return (await reader.readexactly(length + 2))[:-2]


@pytest.mark.parametrize(
    ("version", "known", "said"),
    [
        ("5.0.7", frozenset[bytes](), "This Redis is older than 6.0; Roundtable needs 6.2 or newer."),
        ("6.0.20", frozenset({b"HELLO", b"CLIENT"}), "Redis 6.0.20 is too old; Roundtable needs 6.2 or newer."),
    ],
)
async def test_a_server_that_is_too_old(
    types: Callable[[str], Typed], version: str, known: frozenset[bytes], said: str
) -> None:
    """It lacks commands that are used here; which version would do is said."""
    async with old_server(version, known) as url:
        ran = await asyncio.to_thread(types(url), "halt")
    assert (ran.code, ran.complaint) == (2, f"roundtable: {said}")


# ---------------------------------------------------------------------------------- the disk


@pytest.fixture
def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder on a disk that is full: what is written there first goes to the system's own full device."""
    with tempfile.TemporaryDirectory(prefix="rt-") as session:
        monkeypatch.setenv("XDG_RUNTIME_DIR", session)
        folder = tmp_path / "data" / "redis"
        folder.mkdir(parents=True)
        (folder / "running.draft").symlink_to("/dev/full")
        yield folder


def test_a_full_disk(types: Callable[[None], Typed], full: Path) -> None:
    """The embedded server is not even started, and the folder is named."""
    ran = types(None)("halt")
    assert (ran.code, ran.out) == (2, "")
    assert ran.complaint == f"roundtable: The data folder {full} cannot be used: No space left on device."
    assert server_pid(DataFolder(full.parent)) is None


# ---------------------------------------------------------------------------------- another version of the program


@pytest_asyncio.fixture
async def redis(redis_url: str) -> AsyncIterator[Any]:
    """What another program reads and writes."""
    async with AsyncRedis.from_url(redis_url) as client:
        yield client


async def everything(redis: Any, keys: Keys, names: list[str]) -> Mapping[str, bytes]:
    """What is stored under these names."""
    return {name: await redis.dump(name) for name in names}


async def test_what_a_newer_program_wrote_is_left_alone(tmp_path: Path, redis_url: str, keys: Keys, redis: Any) -> None:
    """Its runs are not adopted, no fence moves, and its messages stay on streams that this one does not read."""
    newer = f"{MAJOR + 1}.0"
    about = {"state": "running", "until": 0, "schema": MAJOR + 1, "fence": 7, "accepted": 1, "deadline": 2}
    await redis.hset(keys.run("newer"), mapping={**about, "task": f'{{"v":"{newer}","id":"newer"}}'})
    await redis.zadd(keys.shards[0].active, {"newer": 0})
    stream = keys.tasks("garden").removesuffix(str(MAJOR)) + str(MAJOR + 1)
    await redis.xadd(stream, {"m": f'{{"v":"{newer}","run":"newer"}}'})
    await redis.xgroup_create(stream, "workers", id="0")
    names = [keys.run("newer"), stream]
    before = await everything(redis, keys, names)

    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        result = await orchestrator.dispatch_task(Task(question="@garden Still there?"))

    assert result.state == "answered"
    assert await everything(redis, keys, names) == before
    assert await redis.zscore(keys.shards[0].active, "newer") == 0, "nobody here holds it"
    assert await redis.xlen(keys.dead("garden")) == 0
    await redis.delete(*names, keys.shards[0].active)


async def test_a_newer_message_on_our_stream_is_kept_for_a_newer_program(
    tmp_path: Path, redis_url: str, keys: Keys, redis: Any
) -> None:
    """It should not be there; it is not taken for garbage, and the reason says what to do with it."""
    async with world(tmp_path, redis_url, keys.prefix):
        await redis.xadd(keys.tasks("garden"), {"m": f'{{"v":"{MAJOR + 1}.0","run":"newer"}}'})
        ((_, [(_, letter)]),) = await redis.xread({keys.dead("garden"): "0"}, block=int(1000 * PATIENCE_SECONDS))
    assert letter[b"reason"].startswith(b"written by another version of the program: ")
    assert letter[b"m"].startswith(b'{"v":"2.0"')


async def test_a_newer_minor_version_is_read(tmp_path: Path, redis_url: str, keys: Keys, redis: Any) -> None:
    """Programs of one major version share their runs: what is new in a message is ignored."""
    other = partial(world, tmp_path, redis_url, keys.prefix)
    async with other(workers=False) as orchestrator:
        run = await orchestrator.submit(Task(question="@garden Who answers?"))
        await events_until(orchestrator.follow(run, person="local"), "planned")
        ((_, [(entry, fields)]),) = await redis.xread({keys.tasks("garden"): "0"}, block=int(1000 * PATIENCE_SECONDS))
        head = f'{{"v":"{SCHEMA}",'.encode()
        assert fields[b"m"].startswith(head)
        newer = f'{{"v":"{MAJOR}.99","mood":"sunny",'.encode()
        await redis.xdel(keys.tasks("garden"), entry)
        await redis.xadd(keys.tasks("garden"), {b"m": fields[b"m"].replace(head, newer), b"hop": b"1"})
        async with other(workers=["garden"]):
            end = [recorded.event async for recorded in orchestrator.follow(run, person="local")][-1]
    assert isinstance(end, Answer)
    assert end.result.state == "answered"
    assert await redis.xlen(keys.dead("garden")) == 0


async def test_a_run_of_a_newer_minor_version_is_adopted(
    tmp_path: Path, redis_url: str, keys: Keys, redis: Any
) -> None:
    """Its owner is gone, and this program can read it."""
    task = Task(question="@garden Who goes on?")
    async with world(tmp_path, redis_url, keys.prefix, workers=False) as orchestrator:
        await orchestrator.submit(task)
        await events_until(orchestrator.follow(task.id, person="local"), "planned")
    for name in ("task", "selection", "plan"):
        stored = await redis.hget(keys.run(task.id), name)
        newer = stored.replace(f'{{"v":"{SCHEMA}",'.encode(), f'{{"v":"{MAJOR}.99","mood":"sunny",'.encode())
        assert newer != stored
        await redis.hset(keys.run(task.id), name, newer)
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        end = [recorded.event async for recorded in orchestrator.follow(task.id, person="local")][-1]
    assert isinstance(end, Answer)
    assert end.result.state == "answered"


async def test_a_server_that_may_throw_runs_away_is_refused() -> None:
    """An unfinished run must not be evicted to make room; a limit without that policy is fine."""
    with tempfile.TemporaryDirectory(prefix="rt-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            with Redis.from_url(server.url) as client:
                client.config_set("maxmemory", "100mb")
                async with open_connections(server.url):
                    pass
                client.config_set("maxmemory-policy", "allkeys-lru")
            with pytest.raises(ConfigurationError, match="noeviction"):
                async with open_connections(server.url):
                    pass
        finally:
            server.close()
