"""Passwords as argon2id hashes; a check takes as long for a name that nobody has."""

import secrets
import unicodedata
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from people.errors import InvalidPassword

LEAST_CHARACTERS = 12
MOST_CHARACTERS = 1_000


class Passwords:
    """Blocking: one hash takes some tens of milliseconds and 64 MiB."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()

    def hash(self, password: str) -> str:
        """Raises InvalidPassword."""
        if len(password) < LEAST_CHARACTERS:
            raise InvalidPassword(f"A password has at least {LEAST_CHARACTERS} characters.")
        if len(password) > MOST_CHARACTERS:
            raise InvalidPassword(f"A password has at most {MOST_CHARACTERS:,} characters.")
        return self._hasher.hash(_composed(password))

    def fits(self, hash: str | None, password: str) -> bool:
        """Whether it is the password; None is the hash of somebody who has none, and costs the same."""
        nobodys = self._nobodys  # made the first time, whoever that is for
        try:
            self._hasher.verify(hash or nobodys, _composed(password[: MOST_CHARACTERS + 1]))
        except (VerificationError, InvalidHashError):
            return False
        return hash is not None

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash(secrets.token_urlsafe())


def _composed(password: str) -> str:
    """Two keyboards may send one letter as different characters."""
    return unicodedata.normalize("NFC", password)
