"""The sockets that the servers listen on."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address, IPv6Address

from cli.errors import PortTaken

BACKLOG = 2048

_LOOPBACK_4 = IPv4Address("127.0.0.1")
_LOOPBACK_6 = IPv6Address("::1")


Address = IPv4Address | IPv6Address


@contextmanager
def listening(port: int, address: Address | None = None) -> Iterator[list[socket.socket]]:
    """The address's socket, or loopback's of both families, listening already: whoever comes while the server starts
    waits.

    Raises PortTaken with one sentence.
    """
    if address is not None:
        with _listen(address, port, "PORT", "ROUNDTABLE_LISTEN") as made:
            yield [made]
        return
    opened = [_listen(_LOOPBACK_4, port, "PORT")]
    try:
        # Without IPv6 on this machine browsers use 127.0.0.1.
        with suppress(OSError):
            opened.append(_listen(_LOOPBACK_6, port, "PORT"))
        yield opened
    finally:
        for each in opened:
            each.close()


@contextmanager
def listening_for_metrics(address: Address, port: int) -> Iterator[list[socket.socket]]:
    """The socket of a process's metrics. Raises PortTaken with one sentence."""
    with _listen(address, port, "ROUNDTABLE_METRICS_PORT", "ROUNDTABLE_METRICS_HOST") as opened:
        yield [opened]


def _listen(address: Address, port: int, setting: str, where: str = "") -> socket.socket:
    """`setting` has the port, `where` the address, if it is one that somebody chose."""
    made = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    try:
        # The port is free again at once after a stop; one that somebody listens on is refused nevertheless.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if address.version == 6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((str(address), port))
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        # "localhost" is ::1 first for most browsers: somebody else there would be who is reached.
        if error.errno == errno.EADDRINUSE:
            other = port + 1 if port < 65_535 else port - 1
            raise PortTaken(f"Port {port} is in use. Stop what uses it or set {setting}={other}.") from None
        if error.errno == errno.EACCES:
            other = 8000 if setting == "PORT" else 9000
            raise PortTaken(f"Port {port} needs more rights than this user has. Set {setting}={other}.") from None
        if error.errno == errno.EADDRNOTAVAIL and where:
            raise PortTaken(f"This machine has no address {address}. Set {where}=127.0.0.1.") from None
        raise
    return made
