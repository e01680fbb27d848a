"""The accounts: one small file in the data folder, for its owner's eyes only."""

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from people.errors import AccountsUnusable, InvalidName, NameTaken, UnknownPerson
from people.names import person_id
from people.roles import Role

FILE = "people.json"

_Seen = tuple[int, int, int]
"""What tells one version of the file from another: inode, time and size."""


class Account(BaseModel):
    """One person who may come in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    role: Role
    password: str | None = None
    """The hash; without one only a proxy can say that it is them."""
    stamp: str = Field(min_length=1)
    """Goes into each session; another one ends them all."""
    since: datetime

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        try:
            normalised = person_id(name)
        except InvalidName as error:
            raise ValueError(str(error)) from None
        if normalised != name:
            raise ValueError(f"it is spelled {normalised}")
        return name


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    people: tuple[Account, ...] = ()

    @field_validator("people")
    @classmethod
    def _each_once(cls, people: tuple[Account, ...]) -> tuple[Account, ...]:
        if len({account.name for account in people}) < len(people):
            raise ValueError("a name is there twice")
        return people


class Accounts:
    """Read anew whenever the file is another one, so that a running server knows at once what a command has changed.

    Everything raises AccountsUnusable while the file cannot be read: it is never taken for empty, nor replaced.
    """

    def __init__(self, file: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.file = file
        self._clock = clock
        self._seen: _Seen | None = None
        self._known: Mapping[str, Account] | AccountsUnusable = {}

    @property
    def exist(self) -> bool:
        """Whether there ever were any; whatever state the file is in now."""
        return os.path.lexists(self.file)

    def all(self) -> Mapping[str, Account]:
        """By name, in the order of the names."""
        self._look()
        if isinstance(self._known, AccountsUnusable):
            raise self._known.with_traceback(None)
        return self._known

    def find(self, person: str) -> Account | None:
        return self.all().get(person)

    def add(self, person: str, role: Role, password: str | None) -> Account:
        """`password` is a hash. Raises NameTaken."""
        account = Account(name=person, role=role, password=password, stamp=secrets.token_hex(8), since=self._clock())
        with self._changing() as people:
            if person in people:
                raise NameTaken(f"There is an account called {person} already.")
            people[person] = account
        return account

    def remove(self, person: str) -> Account:
        """Raises UnknownPerson."""
        with self._changing() as people:
            return people.pop(_known(people, person).name)

    def set_role(self, person: str, role: Role) -> None:
        """Raises UnknownPerson."""
        with self._changing() as people:
            people[person] = _known(people, person).model_copy(update={"role": role})

    def set_password(self, person: str, password: str) -> None:
        """Ends the person's sessions. Raises UnknownPerson."""
        with self._changing() as people:
            changes = {"password": password, "stamp": secrets.token_hex(8)}
            people[person] = _known(people, person).model_copy(update=changes)

    def _look(self) -> None:
        try:
            seen = _seen(os.stat(self.file))
        except FileNotFoundError:
            # Of a dangling link, too, nothing can be known.
            self._seen, self._known = None, self._unusable("it leads nowhere") if self.exist else {}
            return
        except OSError as error:
            self._seen, self._known = None, self._unusable(error.strerror or "it cannot be reached")
            return
        if seen != self._seen:
            self._seen, self._known = self._read()

    def _read(self) -> tuple[_Seen | None, Mapping[str, Account] | AccountsUnusable]:
        try:
            with self.file.open("rb") as opened:
                seen, content = _seen(os.fstat(opened.fileno())), opened.read()
        except OSError as error:
            return None, self._unusable(error.strerror or "it cannot be read")
        try:
            kept = _Kept.model_validate_json(content)
        except ValidationError:
            # Not what pydantic says: it quotes the file.
            return seen, self._unusable("what is in it cannot be understood")
        return seen, {account.name: account for account in sorted(kept.people, key=lambda account: account.name)}

    def _unusable(self, reason: str) -> AccountsUnusable:
        return AccountsUnusable(
            f"The accounts in {self.file} cannot be used ({reason}): nobody is let in until the file is put back from a"
            " backup, or taken away to begin without accounts."
        )

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Account]]:
        """The accounts, to be changed; written when nothing was raised. One at a time over all processes."""
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unwritable(error) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            people = dict(self.all())
            yield people
            self._write(_Kept(people=tuple(people[name] for name in sorted(people))))
        finally:
            os.close(lock)

    def _write(self, kept: _Kept) -> None:
        fresh = self.file.with_name(f"{self.file.name}.{secrets.token_hex(8)}")
        try:
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
                opened.write(kept.model_dump_json(indent=2) + "\n")
                opened.flush()
                os.fsync(opened.fileno())
            fresh.replace(self.file)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> AccountsUnusable:
        return AccountsUnusable(f"The accounts in {self.file} cannot be changed: {error.strerror}.")


def _seen(stat: os.stat_result) -> _Seen:
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _known(people: Mapping[str, Account], person: str) -> Account:
    if person not in people:
        raise UnknownPerson(f"There is no account called {person}.")
    return people[person]
