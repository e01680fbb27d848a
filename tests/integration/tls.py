"""TLS as a test needs it: an authority, certificates, a server that has it, and who unwraps it before one without."""

import asyncio
import shutil
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from tests.orchestration.waiting import eventually


class Authority:
    """Signs certificates; `file` is its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = generate_private_key(SECP256R1())
        self._name = _named("authority")
        self.file = folder / "authority.pem"
        own = _about(self._name, self._name, self._key).add_extension(x509.BasicConstraints(True, None), critical=True)
        self.file.write_bytes(own.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))

    def certificate(self, name: str, *, over: bool = False, password: bytes = b"") -> tuple[Path, Path]:
        """A certificate for somebody at 127.0.0.1, and its key, which a `password` opens; `over`: it was good until an
        hour ago.
        """
        key = generate_private_key(SECP256R1())
        address = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
        signed = _about(_named(name), self._name, key, until=-1 if over else 1).add_extension(address, critical=False)
        certificate, secret = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        certificate.write_bytes(signed.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))
        lock = BestAvailableEncryption(password) if password else NoEncryption()
        secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
        return certificate, secret

    def of_a_server(self) -> tuple[str, ...]:
        """Options for one that speaks TLS itself, with its replicas and the others of its cluster too."""
        certificate, key = self.certificate("server")
        files = {"cert": certificate, "key": key, "ca-cert": self.file}
        named = [part for name, path in files.items() for part in (f"--tls-{name}-file", str(path))]
        return (*named, "--tls-replication", "yes", "--tls-cluster", "yes")

    def of_a_client(self) -> str:
        """The same for an address."""
        certificate, key = self.certificate("client")
        return f"ssl_ca_certs={self.file}&ssl_certfile={certificate}&ssl_keyfile={key}"


def program_with_tls() -> Path | None:
    """A server of this machine's that was built with it; those in packages of Python's were not."""
    path = shutil.which("redis-server") or shutil.which("valkey-server")
    return Path(path) if path and b"libssl.so" in Path(path).read_bytes() else None


async def until_all_are_closed() -> None:
    """Who closes TLS says goodbye and waits for the other side, which a loop that ends meanwhile never hears."""
    transports: Mapping[int, Any] = asyncio.get_running_loop()._transports  # type: ignore[attr-defined]

    async def closed() -> bool:
        return all(transport._sock is None for transport in transports.values())

    await eventually(closed, "all connections are closed")


@asynccontextmanager
async def behind_tls(authority: Authority, socket: str, shown: tuple[Path, Path] | None = None) -> AsyncIterator[int]:
    """A port that speaks TLS with whoever has a certificate of the authority's, and passes it on to a socket. It shows
    a certificate of the same authority's, or this one.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.file))
    context.load_cert_chain(*(shown or authority.certificate("server")))
    context.verify_mode = ssl.CERT_REQUIRED

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_unix_connection(socket)
        await asyncio.gather(_pass_on(reader, inner_writer), _pass_on(inner_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while some := await reader.read(65_536):
            writer.write(some)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _about(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, *, until: int = 1
) -> x509.CertificateBuilder:
    """Good from two hours ago, for so many hours from now."""
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - timedelta(hours=2)).not_valid_after(now + timedelta(hours=until))
