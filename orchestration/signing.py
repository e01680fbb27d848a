"""Who wrote a message: HMAC-SHA256 under keys that only this installation's processes have.

What is signed is not the message alone but where it belongs as well, each part with its length in front, so that no two
different lists of parts are the same bytes. A signature is the id of its key, a dot and the code in base64. The first
key signs and all of them verify, so keys are changed without a break: the new one is added at the end everywhere, then
moved to the front, then the old one is removed.

Workers have the keys of steps and results. What orchestrators write for one another may have keys of its own, which no
worker has: then a worker in the wrong hands cannot change what somebody asked, or the plan.
"""

import binascii
import hmac
import os
import re
import stat
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from orchestration.errors import ConfigurationError, Forged, ForgedPart

SHORTEST_KEY = 16
"""Bytes; 32 are what `openssl rand -hex 32` makes."""
RESERVED = "orchestrators"
"""Stands behind a key that workers do not have."""
UNSIGNED = "it is not signed"
CHANGED = "its signature does not fit: it was changed, moved here from elsewhere, or signed with another key"

_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_SEALED = re.compile(rb'(\{"v":"[^"]*",)"signature":"([^"]*)",')
"""How a sealed result begins: the version, as in every message, then the signature."""
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")


class KeyRing:
    """Some keys by their ids, the one that signs first. An empty one signs nothing and takes everything."""

    def __init__(self, keys: Mapping[str, bytes] | None = None, reserved: Mapping[str, bytes] | None = None) -> None:
        """`reserved`: keys for what orchestrators write for one another."""
        self._keys = dict(keys or {})
        self._first = next(iter(self._keys), "")
        self.of_orchestrators: KeyRing = KeyRing(reserved) if reserved else self

    def __bool__(self) -> bool:
        return bool(self._keys)

    def sign(self, *parts: bytes) -> bytes:
        """A signature for these parts, in this order; empty without keys."""
        return self._signature(self._first, parts) if self._keys else b""

    def verify(self, signature: bytes, *parts: bytes) -> None:
        """Raises Forged where these parts were not signed with one of the keys."""
        if not self._keys:
            return
        if not signature:
            raise Forged(UNSIGNED)
        key = signature.partition(b".")[0].decode(errors="replace")
        if key not in self._keys:
            known = (
                f"with the key {key!r}, which is not known here" if _ID.fullmatch(key) else "by nobody who has a key"
            )
            raise Forged(f"it is signed {known}")
        if not hmac.compare_digest(self._signature(key, parts), signature):
            raise Forged(CHANGED)

    def _signature(self, key: str, parts: tuple[bytes, ...]) -> bytes:
        name = key.encode()
        whole = b"".join(len(part).to_bytes(8, "big") + part for part in (name, *parts))
        return name + b"." + b64encode(hmac.digest(self._keys[key], whole, "sha256"))


Journalled = Literal["task", "selection", "plan"]


class Signing:
    """What this installation signs, and for which place."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def __bool__(self) -> bool:
        return bool(self._ring)

    def sign_step(self, stream: str, message: bytes) -> bytes:
        """For a step on this stream and no other one; run, step, owner's fence and attempt are in the message."""
        return self._ring.sign(b"step", stream.encode(), message)

    def verify_step(self, stream: str, message: bytes, signature: bytes) -> None:
        """Before anything of the message is read; raises Forged."""
        self._ring.verify(signature, b"step", stream.encode(), message)

    def seal_result(self, run: str, fence: int, result: bytes) -> bytes:
        """A result with its signature in it, for this run and the claim under this fence; the step is in the result.
        What reads it as JSON finds one field more.
        """
        return _sealed(self._ring, result, b"result", run.encode(), str(fence).encode())

    def open_result(self, run: str, fence: int, sealed: bytes) -> bytes:
        """The result that was sealed; raises Forged where it was not, or for another run or claim."""
        return _opened(self._ring, sealed, b"result", run.encode(), str(fence).encode())

    def seal(self, part: Journalled, run: str, message: bytes) -> bytes:
        """A part of a run that orchestrators write down for one another, with its signature in it."""
        return _sealed(self._ring.of_orchestrators, message, part.encode(), run.encode())

    def open(self, part: Journalled, run: str, sealed: bytes) -> bytes:
        """The part that was sealed; raises ForgedPart where it was not, or for another run."""
        try:
            return _opened(self._ring.of_orchestrators, sealed, part.encode(), run.encode())
        except Forged as error:
            raise ForgedPart(part, str(error)) from error


def _sealed(ring: KeyRing, message: bytes, *place: bytes) -> bytes:
    signature = ring.sign(*place, message)
    if not signature:
        return message
    version, comma, rest = message.partition(b",")
    return b'%b%b"signature":"%b",%b' % (version, comma, signature, rest)


def _opened(ring: KeyRing, sealed: bytes, *place: bytes) -> bytes:
    found = _SEALED.match(sealed)
    message = found[1] + sealed[found.end() :] if found else sealed
    ring.verify(found[2] if found else b"", *place, message)
    return message


def read_key_ring(path: Path | None) -> KeyRing:
    """The keys of a file, one on a line: an id, the key in hex or base64, and `orchestrators` where it is theirs alone.
    Lines that begin with # say nothing.

    Raises ConfigurationError for a file that others may read, or in which a line is wrong; no key is repeated.
    """
    if path is None:
        return KeyRing()
    try:
        with path.open(encoding="utf-8") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise _unusable("others may read it; give it the mode 0600")
            lines = file.read().splitlines()
    except UnicodeDecodeError:
        raise _unusable("it is not text") from None
    except OSError as error:
        raise _unusable(f"the file cannot be read ({error.strerror})") from None
    common, reserved = dict[str, bytes](), dict[str, bytes]()
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) < 2 or words[2:] not in ([], [RESERVED]) or not _ID.fullmatch(words[0]):
            raise _unusable(f"line {number} is not an id (letters, digits, - and _) and a key")
        if words[0] in common or words[0] in reserved:
            raise _unusable(f"line {number} has the id of an earlier line")
        key = _decoded(words[1])
        if len(key) < SHORTEST_KEY:
            raise _unusable(f"the key of line {number} is not {SHORTEST_KEY} bytes or more in hex or base64")
        (reserved if words[2:] else common)[words[0]] = key
    if not common:
        raise _unusable("there is no key in it" if not reserved else "there is no key in it that workers have as well")
    return KeyRing(common, reserved)


def _decoded(text: str) -> bytes:
    """Empty for what is neither hex nor base64."""
    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    try:
        return b64decode(text, validate=True)
    except binascii.Error:
        return b""


def _unusable(why: str) -> ConfigurationError:
    return ConfigurationError(f"ROUNDTABLE_SIGNING_KEYS is not usable: {why}.")
