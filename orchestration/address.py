"""What REDIS_URL may say: one server, the Sentinels that know which of several is the master, or some of a cluster's.

    redis://[USER:PASSWORD@]HOST:PORT[/DB]      rediss:// with TLS, unix:///SOCKET for a socket
    redis+sentinel://[USER:PASSWORD@]HOST:PORT,HOST:PORT/SERVICE[/DB]      rediss+sentinel:// with TLS
    redis+cluster://[USER:PASSWORD@]HOST:PORT,HOST:PORT      rediss+cluster:// with TLS

What else is to be said follows as options of redis-py: `?ssl_ca_certs=FILE&ssl_certfile=FILE&ssl_keyfile=FILE`. No
sentence about an address repeats a part of it, because any part may belong to a password that was not written as
addresses want it.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio.connection import parse_url

PORT = 6379
SENTINEL_PORT = 26379
FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
"""Options that name a file."""
ESCAPED = "/, ? and # in a password are written %2F, %3F, %23"
"""How they have to be written."""

_OPTION = re.compile(r"[a-z_]+=.*", re.DOTALL)
_SENTINEL = ("redis+sentinel", "rediss+sentinel")
_CLUSTER = ("redis+cluster", "rediss+cluster")
_SCHEMES = ("redis", "rediss", "unix", *_SENTINEL, *_CLUSTER)

Node = tuple[str, int]
"""Host and port."""


@dataclass(frozen=True)
class SentinelAddress:
    """The Sentinels to ask, and for what."""

    sentinels: tuple[Node, ...]
    service: str
    master: Mapping[str, Any]
    """How a connection to the master is made: the arguments of redis-py's, without host and port."""
    asking: Mapping[str, Any]
    """The same for the Sentinels, which have a password of their own or none."""
    tls: bool


@dataclass(frozen=True)
class ClusterAddress:
    """Some servers of a cluster, which know the others; user, password and options are the same for all."""

    seeds: tuple[Node, ...]
    scheme: str
    who: str
    options: str

    def of(self, node: Node) -> str:
        """The address of one server."""
        host, port = node
        return f"{self.scheme}://{self.who}{f'[{host}]' if ':' in host else host}:{port}{self.options}"


def read_address(url: str) -> SentinelAddress | ClusterAddress | str:
    """The address as it is when it is one server's; raises ValueError, with one sentence, for one that is none."""
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in _SCHEMES:
        known = ", ".join(f"{one}://" for one in _SCHEMES)
        raise ValueError(f"it must specify one of the following schemes ({known})")
    _whole(url)
    if scheme in _SENTINEL:
        return _sentinel(url, tls=scheme.startswith("rediss"))
    if scheme in _CLUSTER:
        return _cluster(url, scheme.removesuffix("+cluster"))
    options = parse_url(url)
    _one_database(url, options)
    _nameable(options.get("host", ""))
    _readable(options)
    return url


def _whole(url: str) -> None:
    """A password with such a character in it would end where it stands, and its beginning be taken for a server."""
    if "#" in url or not all(_OPTION.fullmatch(one) for one in urlsplit(url).query.split("&") if one):
        raise ValueError(f"what follows a ? are options like name=value, and nothing follows a # ({ESCAPED})")


def _one_database(url: str, options: Mapping[str, Any]) -> None:
    """redis-py takes what is no number for the first database, and of two the one of the option."""
    parts = urlsplit(url)
    path = "" if parts.scheme == "unix" else parts.path.strip("/")
    if path and not path.isdecimal():
        raise ValueError("what stands behind the server is not the number of a database")
    if path and int(path) != options.get("db", 0):
        raise ValueError("it names two databases")


def _sentinel(url: str, *, tls: bool) -> SentinelAddress:
    parts = urlsplit(url)
    who, _, hosts = parts.netloc.rpartition("@")
    service, _, database = parts.path.strip("/").partition("/")
    nodes = _nodes(hosts if "@" not in parts.path else "", SENTINEL_PORT)
    if not service:
        raise ValueError(
            "it names no service; the address of Sentinels is redis+sentinel://HOST:PORT,HOST:PORT/SERVICE"
        )
    if database and not database.isdecimal():
        raise ValueError("what stands behind the service is not the number of a database")
    # redis-py knows how names and passwords are written, and what the options mean.
    options: dict[str, Any] = {**parse_url(f"redis://{who}@localhost/{database}?{parts.query}")}
    del options["host"]
    _readable(options)
    asking = {name: value for name, value in options.items() if name.startswith("ssl_")}
    for name in ("username", "password"):
        if given := options.pop(f"sentinel_{name}", None):
            asking[name] = given
    return SentinelAddress(nodes, service, options, asking, tls)


def _cluster(url: str, scheme: str) -> ClusterAddress:
    parts = urlsplit(url)
    who, at, hosts = parts.netloc.rpartition("@")
    nodes = _nodes(hosts if "@" not in parts.path else "", PORT)
    if parts.path.strip("/") not in ("", "0"):
        raise ValueError("a cluster has no numbered databases")
    address = ClusterAddress(nodes, scheme, who + at, f"?{parts.query}" if parts.query else "")
    _readable(parse_url(address.of(nodes[0])))
    return address


def _nodes(hosts: str, port: int) -> tuple[Node, ...]:
    found = []
    for one in hosts.split(","):
        node = urlsplit(f"//{one}")
        if not node.hostname:
            raise ValueError(f"a host is missing ({ESCAPED})")
        _nameable(node.hostname)
        found.append((node.hostname, node.port or port))
    return tuple(found)


def _nameable(host: str) -> None:
    """Else the system says so, in words for nobody, each time that it looks for it."""
    try:
        host.encode("idna")
    except UnicodeError:
        raise ValueError("its host is no name that a machine may have") from None


def _readable(options: Mapping[str, Any]) -> None:
    for name in FILES:
        if name in options and not os.access(options[name], os.R_OK):
            raise ValueError(f"the file of its option {name} cannot be read")
