"""The sockets that the server listens on."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from cli.errors import PortTaken

BACKLOG = 2048


@contextmanager
def listening(port: int) -> Iterator[list[socket.socket]]:
    """Loopback sockets of both families, listening already: whoever comes while the server starts waits.

    Raises PortTaken with one sentence.
    """
    opened = [_listen(socket.AF_INET, "127.0.0.1", port)]
    try:
        # Without IPv6 on this machine browsers use 127.0.0.1.
        with suppress(OSError):
            opened.append(_listen(socket.AF_INET6, "::1", port))
        yield opened
    finally:
        for each in opened:
            each.close()


def _listen(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        # The port is free again at once after a stop; one that somebody listens on is refused nevertheless.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((address, port))
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        # "localhost" is ::1 first for most browsers: somebody else there would be who is reached.
        if error.errno == errno.EADDRINUSE:
            other = port + 1 if port < 65_535 else port - 1
            raise PortTaken(f"Port {port} is in use. Stop what uses it or set PORT={other}.") from None
        if error.errno == errno.EACCES:
            raise PortTaken(f"Port {port} needs more rights than this user has. Set PORT=8000.") from None
        raise
    return made
