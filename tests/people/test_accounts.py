"""The file of the accounts: private, whole, one change at a time, and never guessed at."""

import json
import os
import threading
from pathlib import Path

import pytest

from people import Accounts, AccountsUnusable, NameTaken, UnknownPerson


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    return Accounts(tmp_path / "data" / "people.json")


def test_there_are_none_at_first(accounts: Accounts) -> None:
    """And nothing is written by looking."""
    assert not accounts.exist
    assert accounts.all() == {}
    assert not accounts.file.parent.exists()


def test_only_the_owner_can_read_it(accounts: Accounts) -> None:
    """The lock beside it as well, and nothing else is left."""
    accounts.add("ben", "member", "hash")
    accounts.set_role("ben", "curator")
    assert {path.name: path.stat().st_mode & 0o777 for path in accounts.file.parent.iterdir()} == {
        "people.json": 0o600,
        "people.lock": 0o600,
    }


def test_another_process_sees_a_change_at_once(accounts: Accounts) -> None:
    """In an object of its own."""
    other = Accounts(accounts.file)
    assert other.find("ben") is None
    accounts.add("ben", "member", None)
    ben = other.find("ben")
    assert ben is not None
    accounts.set_role("ben", "operator")
    assert other.all()["ben"].role == "operator"
    assert other.all()["ben"].stamp == ben.stamp, "a role ends no session"
    accounts.remove("ben")
    assert other.all() == {}
    assert other.exist


def test_changes_do_not_undo_each_other(accounts: Accounts) -> None:
    """Many at the same time, as of many commands."""
    names = [f"person{number}" for number in range(16)]
    threads = [threading.Thread(target=Accounts(accounts.file).add, args=(name, "member", None)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(accounts.all()) == sorted(names)


def test_what_is_not_there_cannot_be_changed(accounts: Accounts) -> None:
    """Nor made twice."""
    accounts.add("ben", "member", None)
    with pytest.raises(NameTaken, match="an account called ben already"):
        accounts.add("ben", "operator", None)
    for change in (
        lambda: accounts.remove("ana"),
        lambda: accounts.set_role("ana", "member"),
        lambda: accounts.set_password("ana", "hash"),
    ):
        with pytest.raises(UnknownPerson, match="no account called ana"):
            change()


def damage() -> dict[str, bytes]:
    ben = {"name": "ben", "role": "member", "password": None, "stamp": "s", "since": "2026-01-01T00:00:00Z"}

    def of(*people: object, **more: object) -> bytes:
        return json.dumps({"version": 1, "people": people, **more}).encode()

    return {
        "empty": b"",
        "half": of(ben)[:-20],
        "no text": bytes(range(256)),
        "another version": of(ben, version=2),
        "a role that nobody knows": of({**ben, "role": "king"}),
        "twice": of(ben, ben),
        "a name that is none": of({**ben, "name": "../ben"}),
        "a name in another spelling": of({**ben, "name": "Ben"}),
        "no stamp": of({**ben, "stamp": ""}),
        "something more": of({**ben, "admin": True}),
    }


@pytest.mark.parametrize("content", damage().values(), ids=damage().keys())
def test_a_damaged_file_is_one_sentence_and_stays_as_it_is(accounts: Accounts, content: bytes) -> None:
    """Nobody is found in it, and no change is written over it."""
    accounts.file.parent.mkdir()
    accounts.file.write_bytes(content)
    for use in (accounts.all, lambda: accounts.find("ben"), lambda: accounts.add("ana", "operator", None)):
        with pytest.raises(AccountsUnusable, match=r"cannot be understood\): nobody is let in"):
            use()
    assert accounts.file.read_bytes() == content
    assert accounts.exist


def test_a_file_that_cannot_be_read_is_not_taken_for_none(accounts: Accounts) -> None:
    """A folder in its place, a link that leads nowhere."""
    accounts.file.mkdir(parents=True)
    with pytest.raises(AccountsUnusable, match="nobody is let in"):
        accounts.all()
    accounts.file.rmdir()
    accounts.file.symlink_to("elsewhere")
    assert accounts.exist
    with pytest.raises(AccountsUnusable, match="it leads nowhere"):
        accounts.add("ben", "member", None)


def test_a_change_that_cannot_be_written_changes_nothing(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk, for example; what was there is there."""
    accounts.add("ben", "member", None)
    before = accounts.file.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AccountsUnusable, match="cannot be changed: No space left on device"):
        accounts.add("ana", "member", None)
    assert accounts.file.read_bytes() == before
    assert sorted(path.name for path in accounts.file.parent.iterdir()) == ["people.json", "people.lock"]
