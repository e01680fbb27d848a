"""Which host names this server answers to."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address

from orchestration.errors import ConfigurationError

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_AUTHORITY = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9_][a-z0-9_.-]*)(?::(?P<port>[0-9]{1,5}))?", re.ASCII)
_DEFAULT_PORTS = (80, 443)


class Door:
    """Knows the names and ports that a Host or Origin header may carry.

    Loopback names go with the port that is served. A further name goes with that port and, because a reverse proxy
    usually stands before it, with the default ports; `name:port` goes with exactly that port. Anything else is
    another site's page: a name that somebody pointed at this machine (DNS rebinding), or another server's port.
    """

    def __init__(self, port: int, hosts: Iterable[str] = ()) -> None:
        """Raises ConfigurationError for a host that is not `name` or `name:port`."""
        self._ports: dict[str, set[int | None]] = {name: _with_default(port) for name in LOOPBACK}
        for host in hosts:
            parsed = _parse(host)
            if parsed is None:
                raise ConfigurationError(f"ROUNDTABLE_HOSTS is not usable: {host!r} is not a host name.")
            name, own = parsed
            ports = _with_default(own) if own is not None else {port, *_DEFAULT_PORTS, None}
            self._ports.setdefault(name, set()).update(ports)

    def admits_host(self, authority: str) -> bool:
        """Whether a Host header, `name` or `name:port`, means this server."""
        parsed = _parse(authority)
        return parsed is not None and parsed[1] in self._ports.get(parsed[0], ())

    def admits_origin(self, origin: str) -> bool:
        """Whether an Origin header names a page of this server; `null` (a sandboxed page, a file) never does."""
        scheme, _, authority = origin.partition("://")
        return scheme in ("http", "https") and self.admits_host(authority)


def named(address: IPv4Address | IPv6Address) -> tuple[str, ...]:
    """An address as it stands in a URL; "all addresses" is none that anybody could ask for."""
    if address.is_unspecified:
        return ()
    return (f"[{address}]" if address.version == 6 else str(address),)


def _parse(authority: str) -> tuple[str, int | None] | None:
    match = _AUTHORITY.fullmatch(authority.lower())
    if match is None:
        return None
    return match["name"], int(match["port"]) if match["port"] else None


def _with_default(port: int) -> set[int | None]:
    # Browsers leave a default port out.
    return {port, None} if port in _DEFAULT_PORTS else {port}
