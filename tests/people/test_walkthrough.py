"""People, accounts and roles, from the first person to the third. Read this first."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from people import LOCAL, Accounts, People, Session, TooManyAttempts, Visitor
from tests.people.cheap import PASSWORD, cheap_passwords

HERE = "127.0.0.1"


def people_of(folder: Path, *, by_proxy: bool = False, alone: bool = True) -> People:
    return People(
        Accounts(folder / "people.json"),
        by_proxy=by_proxy,
        proxies=[ip_network("10.0.0.2")],
        alone=alone,
        passwords=cheap_passwords(),
    )


def test_one_person_at_their_own_machine_needs_no_login(tmp_path: Path) -> None:
    """And may do everything."""
    people = people_of(tmp_path)
    session = people.expected(Visitor(address=HERE))
    assert session is not None
    assert (people.login, session.person) == ("none", LOCAL)
    assert people.holds(session, Visitor(address=HERE))
    assert people.may(LOCAL, "change the team's documents")
    assert people.may(LOCAL, "watch the server")


async def test_with_the_first_account_everybody_signs_in(tmp_path: Path) -> None:
    """In a server that runs, too; the session of before does not hold any more."""
    people = people_of(tmp_path)
    before = people.expected(Visitor())
    assert before is not None
    people.accounts.add("ben", "member", cheap_passwords().hash(PASSWORD))
    assert people.login == "password"
    assert not people.holds(before, Visitor())
    assert people.expected(Visitor()) is None
    session = await people.sign_in("  BEN ", PASSWORD, HERE)
    assert session is not None
    assert session.person == "ben"
    assert people.holds(session, Visitor())


async def test_wrong_passwords_and_unknown_names_look_the_same(tmp_path: Path) -> None:
    """No, until it is too often; whoever comes from elsewhere is not kept out by that."""
    people = people_of(tmp_path)
    people.accounts.add("ben", "member", cheap_passwords().hash(PASSWORD))
    for name in ("ben", "nobody", "no name at all!"):
        for _ in range(5):
            assert await people.sign_in(name, "wrong, and long", HERE) is None
        with pytest.raises(TooManyAttempts, match=r"Try again in \d+ seconds\."):
            await people.sign_in(name, PASSWORD, HERE)
    assert await people.sign_in("ben", PASSWORD, "192.0.2.7")


@pytest.mark.parametrize("how", ["removed", "removed and made anew", "another password", "signed out"])
async def test_a_session_ends(tmp_path: Path, how: str) -> None:
    """At once, wherever it is looked at."""
    people, hash = people_of(tmp_path), cheap_passwords().hash(PASSWORD)
    people.accounts.add("ana", "member", hash)
    people.accounts.add("ben", "member", hash)
    session, others = await people.sign_in("ben", PASSWORD, HERE), await people.sign_in("ana", PASSWORD, HERE)
    assert session is not None
    assert others is not None
    match how:
        case "removed":
            people.accounts.remove("ben")
        case "removed and made anew":
            people.accounts.remove("ben")
            people.accounts.add("ben", "member", hash)
        case "another password":
            people.accounts.set_password("ben", cheap_passwords().hash("another long password"))
        case "signed out":
            people.end(session)
    assert not people.holds(session, Visitor())
    assert people.holds(others, Visitor())


def test_what_each_role_may_do(tmp_path: Path) -> None:
    """Another role counts at once."""
    people = people_of(tmp_path)
    people.accounts.add("ben", "member", None)

    def may() -> tuple[bool, bool]:
        return people.may("ben", "change the team's documents"), people.may("ben", "watch the server")

    assert may() == (False, False)
    people.accounts.set_role("ben", "curator")
    assert may() == (True, False)
    people.accounts.set_role("ben", "operator")
    assert may() == (True, True)
    assert not people.may("", "watch the server"), "nobody may nothing"
    assert not people.may("stranger", "watch the server")


def test_a_proxy_names_people(tmp_path: Path) -> None:
    """Who has no account is a member; the session is good for whom it names, and no password is."""
    people = people_of(tmp_path, by_proxy=True)
    people.accounts.add("ana", "curator", None)
    assert people.login == "proxy"
    assert people.expected(Visitor()) is None
    for name, role in (("ben", "member"), ("ana", "curator")):
        session = people.expected(Visitor(named=name))
        assert session is not None
        assert (session.person, people.role(name)) == (name, role)
        assert people.holds(session, Visitor(named=name))
        assert not people.holds(session, Visitor(named="carl"))
        assert not people.holds(session, Visitor())


async def test_a_proxy_and_passwords_do_not_mix(tmp_path: Path) -> None:
    """One way in at a time; and nobody is the local person just because they are called so."""
    people = people_of(tmp_path, by_proxy=True)
    people.accounts.add("ben", "operator", cheap_passwords().hash(PASSWORD))
    assert await people.sign_in("ben", PASSWORD, HERE) is None
    assert people.expected(Visitor(named=LOCAL)) is None
    assert not people.holds(Session(LOCAL), Visitor())


def test_beyond_this_machine_nobody_is_let_in_without_a_login(tmp_path: Path) -> None:
    """Even where there are no accounts."""
    people = people_of(tmp_path, alone=False)
    assert people.login == "password"
    assert people.expected(Visitor()) is None


def test_a_login_is_not_lost_with_the_accounts(tmp_path: Path) -> None:
    """Whoever takes the file away, or the last account, lets nobody in by that."""
    people = people_of(tmp_path)
    people.accounts.add("ben", "member", None)
    people.accounts.remove("ben")
    assert people.login == "password"
    people.accounts.file.unlink()
    assert people.login == "password"
    assert people_of(tmp_path).login == "none", "a new start"


@pytest.mark.parametrize("by_proxy", [False, True])
async def test_damaged_accounts_let_nobody_in(tmp_path: Path, by_proxy: bool, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever was in is out; the log says so once; when the file is back everything is as before."""
    people = people_of(tmp_path, by_proxy=by_proxy)
    people.accounts.add("ben", "operator", cheap_passwords().hash(PASSWORD))
    visitor = Visitor(named="ben") if by_proxy else Visitor()
    session = people.expected(visitor) or await people.sign_in("ben", PASSWORD, HERE)
    assert session is not None
    good = people.accounts.file.read_bytes()
    people.accounts.file.write_bytes(good[:-9])
    for _ in range(2):
        assert not people.holds(session, visitor)
    assert not people.may("ben", "watch the server")
    assert people.expected(visitor) is None
    assert caplog.text.count("cannot be understood") == 1
    people.accounts.file.write_bytes(good)
    assert people.holds(session, visitor)


@pytest.mark.parametrize(("address", "trusted"), [("10.0.0.2", True), ("10.0.0.3", False), ("", False), ("x", False)])
def test_which_proxies_are_believed(tmp_path: Path, address: str, trusted: bool) -> None:
    """Those that were named."""
    assert people_of(tmp_path).trusts(address) == trusted
