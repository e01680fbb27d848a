"""Who listens at the address of a Redis that did not answer: whether it wants TLS, or a certificate, or has neither.

A server that is spoken to in the wrong way says nothing that redis-py could tell: one without TLS waits for the rest of
what it takes for a command, one with it hangs up. So somebody knocks in both ways, without a name or a password.
"""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from redis.asyncio.connection import parse_url

from orchestration.address import PORT, ClusterAddress, Node, SentinelAddress

KNOCKING_SECONDS = 1.0
"""For each way."""
ALTOGETHER_SECONDS = 3.0
"""For all servers of the address."""
SPEAKS_TLS = "Redis speaks TLS at this address; REDIS_URL has to begin with rediss instead of redis."
SPEAKS_NO_TLS = "Redis speaks no TLS at this address; REDIS_URL has to begin with redis instead of rediss."
WANTS_A_CERTIFICATE = (
    "Redis wants to see a certificate: the options ssl_certfile and ssl_keyfile of REDIS_URL name the files of one and"
    " its key."
)
TAKES_ANOTHER_CERTIFICATE = (
    "Redis does not take the certificate that the option ssl_certfile of REDIS_URL names; it has to be signed by whom"
    " that server trusts, and not to be over."
)

_REFUSED_CERTIFICATE = ("CERTIFICATE", "UNKNOWN_CA", "DECRYPT_ERROR", "HANDSHAKE_FAILURE")
"""One of these is in what a server says before it hangs up on somebody whose certificate it does not want."""


async def misunderstood(address: SentinelAddress | ClusterAddress | str) -> str:
    """What is wrong with the address, in one sentence; empty where that cannot be seen from outside."""
    nodes, tls, options = _asked(address)
    with suppress(TimeoutError):
        async with asyncio.timeout(ALTOGETHER_SECONDS):
            for node in nodes:
                if tls:
                    said = SPEAKS_NO_TLS if await _answers_in_the_open(node) else await _refusal(node, options)
                else:
                    said = SPEAKS_TLS if await _greets(node) else ""
                if said:
                    return said
    return ""


def _asked(address: SentinelAddress | ClusterAddress | str) -> tuple[tuple[Node, ...], bool, Mapping[str, Any]]:
    """The servers that are asked first, whether with TLS, and the options."""
    if isinstance(address, SentinelAddress):
        return address.sentinels, address.tls, address.asking
    if isinstance(address, ClusterAddress):
        return address.seeds, address.scheme == "rediss", parse_url(address.of(address.seeds[0]))
    options = parse_url(address)
    if "path" in options:
        return (), False, options  # A socket, where nobody speaks TLS.
    return ((options.get("host", "localhost"), options.get("port", PORT)),), address.startswith("rediss"), options


async def _answers_in_the_open(node: Node) -> bool:
    try:
        return (await _heard(node, None, b"PING\r\n"))[:1] in (b"+", b"-")
    except OSError:
        return False


async def _greets(node: Node) -> bool:
    """Whether it answers a greeting of TLS, if only to say that it wants another one."""
    try:
        await _heard(node, certificate_of({}), b"")
    except ssl.SSLError as error:
        return "ALERT" in str(error)
    except OSError:
        return False
    return True


async def _refusal(node: Node, options: Mapping[str, Any]) -> str:
    """What it has against who knocks with the certificate of these options, or without one."""
    try:
        await _heard(node, certificate_of(options), b"")
    except ssl.SSLError as error:
        if "ALERT" in str(error) and any(reason in str(error) for reason in _REFUSED_CERTIFICATE):
            return TAKES_ANOTHER_CERTIFICATE if options.get("ssl_certfile") else WANTS_A_CERTIFICATE
    except OSError:
        pass
    return ""


async def _heard(node: Node, context: ssl.SSLContext | None, word: bytes) -> bytes:
    """What comes back for this word; nothing where nothing comes in time. Raises OSError, of which SSLError is one."""
    host, port = node
    async with asyncio.timeout(KNOCKING_SECONDS):
        reader, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        writer.write(word)
        async with asyncio.timeout(KNOCKING_SECONDS):
            return await reader.read(64)
    except TimeoutError:
        return b""
    finally:
        writer.transport.abort()


def certificate_of(options: Mapping[str, Any]) -> ssl.SSLContext:
    """Shows the certificate of these options, if there is one. Whoever it is may answer: nothing is said to them.

    Raises SSLError for a key that does not open.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if certificate := options.get("ssl_certfile"):
        # Without any password OpenSSL would ask for one at the terminal.
        context.load_cert_chain(certificate, options.get("ssl_keyfile"), options.get("ssl_password") or "")
    return context
