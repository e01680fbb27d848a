"""Sentinels and a cluster across a network: everything between them and with them is TLS, and users have passwords.

This needs a server that speaks TLS itself, for who tells where the others are has to tell of their TLS ports.
"""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from orchestration import Task
from orchestration.connections import TROUBLE, open_connections
from orchestration.doorstep import SPEAKS_TLS, TAKES_ANOTHER_CERTIFICATE, WANTS_A_CERTIFICATE
from orchestration.errors import ConfigurationError
from tests.integration.redis_cluster import RedisCluster
from tests.integration.replicated import Replicated
from tests.integration.tls import Authority, program_with_tls, until_all_are_closed
from tests.orchestration.waiting import PATIENCE_SECONDS, eventually
from tests.orchestration.worlds import world

PROGRAM = program_with_tls()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no server with TLS is installed here")

BOTH = "@garden @kitchen When do I prune roses, and how long do I bake rye bread?"
COUNCIL = ("council", "on", ">secret", "~*", "&*", "+@all")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def group(authority: Authority) -> Iterator[Replicated]:
    with tempfile.TemporaryDirectory(prefix="rt-") as folder:
        group = Replicated(Path(folder), program=PROGRAM, certificates=authority.of_a_server())
        try:
            group.start()
            for server in group.servers:
                server.ask("ACL", "SETUSER", *COUNCIL)
            yield group
        finally:
            group.close()


@pytest.fixture(scope="module")
def cluster(authority: Authority) -> Iterator[RedisCluster]:
    with tempfile.TemporaryDirectory(prefix="rt-") as folder:
        cluster = RedisCluster(Path(folder), program=PROGRAM, certificates=authority.of_a_server())
        try:
            cluster.start()
            for server in cluster.servers:
                server.ask("ACL", "SETUSER", *COUNCIL)
            yield cluster
        finally:
            cluster.close()


@pytest.fixture(autouse=True)
def patience_at_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every server here answers, if only when the machine has time."""
    monkeypatch.setattr("orchestration.doorstep.KNOCKING_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr("orchestration.doorstep.ALTOGETHER_SECONDS", PATIENCE_SECONDS)


@pytest.fixture(autouse=True)
async def nothing_stays_open() -> AsyncIterator[None]:
    yield
    await until_all_are_closed()


@pytest.fixture(params=["cluster", "group"])
def plain(request: pytest.FixtureRequest) -> str:
    """The address of either, for somebody who shows nothing and asks for nothing."""
    servers: RedisCluster | Replicated = request.getfixturevalue(request.param)
    scheme, _, rest = servers.url.partition("://")
    return f"{scheme.replace('redis', 'rediss')}://council:secret@{rest}"


def showing(address: str, options: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{options}"


async def refused(url: str, kind: type[Exception]) -> str:
    """What is said of an address that will not do; never the password."""
    with pytest.raises(kind) as caught:
        async with open_connections(url):
            pass
    assert "secret" not in str(caught.value)
    return str(caught.value)


async def test_a_council_over_tls(plain: str, authority: Authority, tmp_path: Path) -> None:
    """Commands, blocking reads and hints find every server, and each is sure with whom it speaks."""
    url = showing(plain, authority.of_a_client())
    async with world(tmp_path, url, shards=6) as orchestrator:
        result = await orchestrator.dispatch_task(Task(question=BOTH))
    assert result.state == "answered"
    assert {step.agent for step in result.steps if step.state == "answered"} == {"garden", "kitchen"}


async def test_another_authority(plain: str, authority: Authority, tmp_path: Path) -> None:
    """Whoever signed the servers' certificates is nobody whom this machine trusts."""
    other = Authority(tmp_path)
    options = authority.of_a_client().replace(f"ssl_ca_certs={authority.file}", f"ssl_ca_certs={other.file}")
    said = await refused(showing(plain, options), ConfigurationError)
    assert said.startswith("The certificate of Redis is not trusted: the option ssl_ca_certs of REDIS_URL has to name")


async def test_a_host_that_is_not_in_the_certificate(plain: str, authority: Authority) -> None:
    """Somebody else may have a certificate of the same authority, and answer in its place."""
    url = showing(plain.replace("127.0.0.1", "localhost"), authority.of_a_client())
    said = await refused(url, ConfigurationError)
    assert said.startswith("The certificate of Redis is not one for the host that REDIS_URL names")
    assert "localhost" not in said


async def test_a_client_without_a_certificate(plain: str, authority: Authority) -> None:
    """The servers hang up; somebody who listens hears why."""
    said = await refused(showing(plain, f"ssl_ca_certs={authority.file}"), ConfigurationError)
    assert said == WANTS_A_CERTIFICATE


async def test_a_client_with_a_certificate_of_somebody_else(plain: str, authority: Authority, tmp_path: Path) -> None:
    """It may be a good one, for other servers."""
    certificate, key = Authority(tmp_path).certificate("client")
    options = f"ssl_ca_certs={authority.file}&ssl_certfile={certificate}&ssl_keyfile={key}"
    assert await refused(showing(plain, options), ConfigurationError) == TAKES_ANOTHER_CERTIFICATE


async def test_a_wrong_password(plain: str, authority: Authority) -> None:
    """A certificate opens the door, and says nothing of what one may do."""
    url = showing(plain.replace(":secret@", ":secrets@"), authority.of_a_client())
    said = await refused(url, ConfigurationError)
    assert said.startswith("Redis refused the user name or password in REDIS_URL: ")


async def test_an_address_without_tls(plain: str) -> None:
    """Where everything else speaks it: nothing is said in the open, the password least of all."""
    assert await refused(plain.replace("rediss", "redis"), ConfigurationError) == SPEAKS_TLS


async def test_another_master_over_tls(group: Replicated, authority: Authority) -> None:
    """After a failover what is written goes to the new one, which has a certificate as well."""
    url = showing(group.url.replace("redis+", "rediss+").replace("://", "://council:secret@"), authority.of_a_client())

    async def written() -> bool:
        try:
            await connections.batcher("SET", "after", "1")
        except TROUBLE:
            return False
        return group.master is not before

    async with open_connections(url) as connections:
        await connections.batcher("SET", "before", "1")
        before = group.master
        before.kill()
        await eventually(written, "the new master is written to")
        assert await connections.batcher("GET", "after") == b"1"
        assert group.master.ask("GET", "after") == b"1"
