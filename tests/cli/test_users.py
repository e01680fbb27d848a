"""`roundtable users`: from the first account to the last, and what is refused."""

import asyncio
import getpass
import io
import json
import sys
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest

from cli.console import Console
from cli.main import main
from history import open_history
from knowledge import HashEmbedder, Knowledge, KnowledgeSettings, Upload, open_knowledge
from orchestration import Settings, Task
from people import Accounts
from people.accounts import FILE
from tests.cli.runs import Ran, Terminal
from tests.people.cheap import PASSWORD, cheap_passwords


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("people.passwords.Passwords", cheap_passwords)


@pytest.fixture
def accounts(terminal: Terminal) -> Accounts:
    return Accounts(terminal.settings.data / FILE)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program writes the password."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))


def test_an_account_is_made_looked_at_changed_and_removed(
    terminal: Terminal, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with a sentence that says what it means."""

    def types(*argv: str, password: str = PASSWORD) -> Ran:
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\r\nanother line\n"))
        return terminal.types("users", *argv)

    assert types("list").out == "There are no accounts.\n"
    assert types("add", "Ben", "--role", "curator").out == (
        "ben is a curator now.\nFrom now on everybody has to sign in, in a server that runs already too.\n"
    )
    assert types("add", "ana", "--role", "operator").out == "ana is an operator now.\n"
    ben = accounts.all()["ben"]
    assert cheap_passwords().fits(ben.password, PASSWORD)
    assert types("role", "BEN", "member").out == "ben is a member now.\n"
    assert accounts.all()["ben"].stamp == ben.stamp
    assert "sign in anew" in types("password", "ben", password="another long password").out
    assert accounts.all()["ben"].stamp != ben.stamp
    listed = types("list").out.splitlines()
    assert [line.split()[:2] for line in listed] == [["NAME", "ROLE"], ["ana", "operator"], ["ben", "member"]]
    people = json.loads(types("list", "--json").out)["people"]
    assert [(each["name"], each["role"], each["password"]) for each in people] == [
        ("ana", "operator", True), ("ben", "member", True)
    ]  # fmt: skip
    assert "stamp" not in people[0]
    assert types("remove", "ben").out.startswith("ben is no longer let in.\nWhat only ben could see is kept")
    assert "Nobody is let in now." in types("remove", "ana").out
    assert accounts.exist


@pytest.mark.usefixtures("given")
@pytest.mark.parametrize(
    ("argv", "code", "complaint"),
    [
        (["add", "a b"], 2, "A name begins with a letter"),
        (["add", "ben", "--role", "king"], 2, "'king' is no role; there are member, curator, operator"),
        (["add", "ana"], 1, "There is an account called ana already."),
        (["remove", "ben"], 1, "There is no account called ben."),
        (["password", "ben"], 1, "There is no account called ben."),
        (["role", "ben", "member"], 1, "There is no account called ben."),
        ([], 2, "required"),
    ],
)
def test_what_is_refused(terminal: Terminal, accounts: Accounts, argv: list[str], code: int, complaint: str) -> None:
    """One line, and nothing is changed."""
    accounts.add("ana", "member", None)
    before = accounts.file.read_bytes()
    ran = terminal.types("users", *argv)
    assert (ran.code, ran.out) == (code, "")
    assert complaint in ran.complaint
    assert accounts.file.read_bytes() == before


@pytest.mark.parametrize("password", ["", "eleven char\n"])
def test_a_short_password_is_refused(
    terminal: Terminal, accounts: Accounts, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    """Before there is an account."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(password))
    ran = terminal.types("users", "add", "ben")
    assert (ran.code, ran.complaint) == (2, "roundtable: A password has at least 12 characters.")
    assert not accounts.exist


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("again", [PASSWORD, "something else"])
def test_at_a_terminal_it_is_asked_for_twice(
    terminal: Terminal, accounts: Accounts, monkeypatch: pytest.MonkeyPatch, again: str
) -> None:
    """Without an echo; two that differ are none."""
    answers = iter([PASSWORD, again])
    monkeypatch.setattr(sys, "stdin", Tty())
    monkeypatch.setattr(getpass, "getpass", lambda prompt: next(answers))
    ran = terminal.types("users", "add", "ben")
    assert ran.code == (0 if again == PASSWORD else 2)
    assert accounts.exist == (again == PASSWORD)


def test_whom_a_proxy_signs_in_needs_no_password(terminal: Terminal, accounts: Accounts) -> None:
    """The account is for the role."""
    assert terminal.types("users", "add", "ana", "--role", "operator", "--no-password").code == 0
    assert accounts.all()["ana"].password is None


def test_damaged_accounts_are_one_line(terminal: Terminal, accounts: Accounts) -> None:
    """Whatever was to be done."""
    accounts.file.write_text("{")
    for argv in (["list"], ["add", "ben", "--no-password"], ["remove", "ben"]):
        ran = terminal.types("users", *argv)
        assert ran.code == 1
        assert "nobody is let in until the file is put back" in ran.complaint
    assert accounts.file.read_text() == "{"


def test_what_only_they_could_see_goes_where_that_is_wanted(terminal: Terminal, accounts: Accounts) -> None:
    """With all agents; the team's documents and other people's stay."""
    accounts.add("ben", "member", None)
    folder = terminal.settings.data / "knowledge"

    def opened(settings: Settings) -> AbstractAsyncContextManager[Knowledge]:
        return open_knowledge(folder, KnowledgeSettings(), HashEmbedder(), {})

    async def put() -> None:
        async with opened(terminal.settings) as knowledge:
            for agent, owner in (("security", "ben"), ("product", "ben"), ("security", ""), ("security", "ana")):
                file = terminal.settings.data / f"of {owner or 'everybody'}.md"
                file.write_text(f"# Notes\n\nThis is {owner}'s.\n")
                await knowledge.ingest(agent, [Upload(file)], person=owner)

    async def said() -> list[str]:
        async with open_history(terminal.settings.data) as history:
            pages = [await history.conversations(person, 10) for person in ("ben", "ana")]
            return [conversation.id for page in pages for conversation in page.conversations]

    async def ask() -> None:
        async with open_history(terminal.settings.data) as history:
            for person in ("ben", "ana"):
                await history.note(Task(question="What is a lease?", person=person, conversation=f"of {person}"))

    async def left() -> list[str]:
        async with opened(terminal.settings) as knowledge:
            agents = ("security", "product")
            return [
                d.source for person in ("ben", "ana") for agent in agents for d in knowledge.documents(agent, person)
            ]

    asyncio.run(put())
    asyncio.run(ask())
    out, err = io.StringIO(), io.StringIO()
    console, runtime = Console(out, err), replace(terminal.runtime(), open_shelves=opened)
    assert main(["users", "remove", "ben", "--with-everything"], console=console, runtime=runtime) == 0, err.getvalue()
    assert out.getvalue().splitlines()[1] == ("Removed: 2 documents, 1 conversation of ben.")
    assert asyncio.run(said()) == ["of ana"]
    assert asyncio.run(left()) == ["of everybody.md", "of ana.md", "of everybody.md"]


def test_serving_others_without_a_login_is_refused(terminal: Terminal) -> None:
    """Before anything listens; with exit code 2."""
    ran = terminal.types("serve", "--listen", "0.0.0.0")
    assert ran.code == 2
    assert ran.complaint.startswith("roundtable: Others could reach 0.0.0.0 and nobody has a password:")
    assert terminal.types("serve", "--listen", "everywhere").code == 2


def test_somebody_asks_under_their_one_name(terminal: Terminal) -> None:
    """As they are called when they sign in."""
    assert terminal.types("ask", "What is a lease?", "--as", "a b").code == 2
    assert terminal.types("ask", "What is a lease?", "--as", "Ana").code == 0
    assert [task.person for task in terminal.council.asked] == ["ana"]
