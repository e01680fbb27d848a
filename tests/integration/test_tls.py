"""A Redis across a network: TLS with certificates on both sides, and a user with rights of its own."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from ssl import SSLError

import pytest

from orchestration import Task
from orchestration.connections import open_connections
from orchestration.doorstep import SPEAKS_NO_TLS, SPEAKS_TLS, certificate_of
from orchestration.errors import ConfigurationError, EngineUnavailable
from orchestration.hub import EventHub
from orchestration.keys import Keys
from orchestration.messages import Token, encode
from tests.integration.redis_server import RedisServer
from tests.integration.tls import Authority, behind_tls, until_all_are_closed
from tests.orchestration.waiting import PATIENCE_SECONDS
from tests.orchestration.worlds import world

Address = Callable[..., str]


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """With a user who may do everything, and one who may not run scripts or look at the server."""
    with tempfile.TemporaryDirectory(prefix="rt-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        server.ask("ACL", "SETUSER", "council", "on", ">secret", "~*", "&*", "+@all")
        server.ask("ACL", "SETUSER", "guest", "on", ">secret", "~*", "&*", "+@all", "-info")
        yield server
        server.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
async def nothing_stays_open() -> AsyncIterator[None]:
    yield
    await until_all_are_closed()


@asynccontextmanager
async def secured(
    server: RedisServer, authority: Authority, shown: tuple[Path, Path] | None = None
) -> AsyncIterator[Address]:
    """Gives addresses of the server; `user`, which files are named, and what the server shows, is up to the test."""
    certificate, key = authority.certificate("client")
    files = {"ssl_ca_certs": authority.file, "ssl_certfile": certificate, "ssl_keyfile": key}

    async with behind_tls(authority, server.url.removeprefix("unix://"), shown) as port:

        def address(user: str = "council", **other: Path | None) -> str:
            named = {name: path for name, path in {**files, **other}.items() if path is not None}
            return f"rediss://{user}:secret@127.0.0.1:{port}?" + "&".join(f"{n}={p}" for n, p in named.items())

        yield address


async def test_a_council_over_tls(server: RedisServer, authority: Authority, tmp_path: Path) -> None:
    """Everything it says and hears is encrypted, and both sides have shown who they are."""
    async with secured(server, authority) as address, world(tmp_path, address()) as orchestrator:
        result = await orchestrator.dispatch_task(Task(question="@garden @kitchen When, and how long?"))
        assert result.state == "answered"


async def test_events_are_followed_over_tls(server: RedisServer, authority: Authority) -> None:
    """The connection that waits is a separate one."""
    keys = Keys("tls")
    async with secured(server, authority) as address, open_connections(address()) as connections:
        hub = EventHub(connections, keys)
        reading = asyncio.create_task(hub.run())
        async with hub.watch("one", fresh=True) as queue, asyncio.timeout(PATIENCE_SECONDS):
            event = encode(Token(run="one", channel="answer", text="heard"))
            await connections.batcher("XADD", keys.events("one"), "*", "e", event)
            assert (await queue.get()).event.run == "one"
        await hub.leave()
        reading.cancel()


async def refused(url: str, kind: type[Exception]) -> str:
    """What is said of an address that will not do; never the password."""
    with pytest.raises(kind) as caught:
        async with open_connections(url):
            pass
    assert "secret" not in str(caught.value)
    return str(caught.value)


async def test_an_authority_that_is_not_named(server: RedisServer, authority: Authority) -> None:
    """Whoever signed the server's certificate is nobody that this machine trusts."""
    async with secured(server, authority) as address:
        said = await refused(address(ssl_ca_certs=None), ConfigurationError)
    assert said.startswith("The certificate of Redis is not trusted: the option ssl_ca_certs of REDIS_URL has to name")
    assert "_ssl.c" not in said


async def test_files_that_cannot_be_read(server: RedisServer, authority: Authority) -> None:
    """That is a mistake in the settings, and not a server that is away."""
    async with secured(server, authority) as address:
        said = await refused(address(ssl_keyfile=Path("/nowhere/key.pem")), ConfigurationError)
    assert said == "REDIS_URL is not usable: the file of its option ssl_keyfile cannot be read."


async def test_a_certificate_that_is_over(server: RedisServer, authority: Authority) -> None:
    """Another authority would not help."""
    over = authority.certificate("server", over=True)
    async with secured(server, authority, over) as address:
        said = await refused(address(), ConfigurationError)
    assert said == "The certificate of Redis is out of date, or this machine's clock is wrong."


async def test_a_client_without_a_certificate(server: RedisServer, authority: Authority) -> None:
    """This server hangs up without a word."""
    async with secured(server, authority) as address:
        said = await refused(address(ssl_certfile=None, ssl_keyfile=None), EngineUnavailable)
    assert said.startswith("Redis does not answer: ")


async def test_a_key_with_a_password(authority: Authority) -> None:
    """Nobody is asked for it at a terminal, before which everything would stand still."""
    certificate, key = authority.certificate("locked", password=b"geheim")
    with pytest.raises(SSLError):
        certificate_of({"ssl_certfile": certificate, "ssl_keyfile": key})
    certificate_of({"ssl_certfile": certificate, "ssl_keyfile": key, "ssl_password": "geheim"})


async def test_an_address_without_tls(
    server: RedisServer, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the server speaks it; the password was said to nobody."""
    monkeypatch.setattr("orchestration.doorstep.KNOCKING_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr("orchestration.doorstep.ALTOGETHER_SECONDS", PATIENCE_SECONDS)
    async with secured(server, authority) as address:
        said = await refused(address().partition("?")[0].replace("rediss", "redis"), ConfigurationError)
    assert said == SPEAKS_TLS


async def test_a_user_who_lacks_a_right(server: RedisServer, authority: Authority) -> None:
    """What is missing is said in Redis's own words."""
    async with secured(server, authority) as address:
        said = await refused(address(user="guest"), ConfigurationError)
    assert said.startswith("The user in REDIS_URL lacks a right on Redis that this needs")
    assert "'info'" in said


async def test_a_server_that_speaks_no_tls() -> None:
    """It answers something else than a greeting."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"-ERR unknown command\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as plain:
        said = await refused(f"rediss://127.0.0.1:{plain.sockets[0].getsockname()[1]}", ConfigurationError)
    assert said == SPEAKS_NO_TLS


@pytest.mark.parametrize("scheme", ["rediss", "rediss+cluster"])
async def test_a_server_that_waits_for_the_rest(scheme: str) -> None:
    """Redis itself takes a greeting of TLS for the beginning of a command, and says nothing."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.readline() == b"PING\r\n":
            writer.write(b"-NOAUTH Authentication required.\r\n")
        await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as plain:
        said = await refused(f"{scheme}://:secret@127.0.0.1:{plain.sockets[0].getsockname()[1]}", ConfigurationError)
    assert said == SPEAKS_NO_TLS


async def test_somebody_who_is_no_redis() -> None:
    """A web server, for example."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as other:
        said = await refused(f"redis://127.0.0.1:{other.sockets[0].getsockname()[1]}", ConfigurationError)
    assert said == "Who answers where REDIS_URL leads is no Redis."
