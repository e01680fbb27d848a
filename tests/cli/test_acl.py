"""`roundtable acl`: users for Redis, as lines of its ACL file."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from orchestration.durability import Durability
from tests.cli.runs import Terminal


def test_a_worker_gets_its_own_agents_and_no_others(terminal: Terminal, tmp_path: Path) -> None:
    """One line, with a hash in place of the password; nothing else is on standard output."""
    password = tmp_path / "password"
    password.write_text("geheim\nsecond line\n")
    ran = terminal.types("acl", "worker", "--agents", "security,operations", "--password-file", str(password))
    assert (ran.code, ran.err, ran.out.count("\n")) == (0, "", 1)
    words = ran.out.split()
    assert words[:4] == ["user", "roundtable-worker", "on", f"#{sha256(b'geheim').hexdigest()}"]
    agents = {word.partition("{agent:")[2].partition("}")[0] for word in words if "{agent:" in word}
    assert agents == {"security", "operations"}
    assert "-@all" in words
    assert not {"+@all", "~*", "&*", "allkeys", "+scan", "+keys", "nopass"} & set(words)


def test_runs_of_all_shards_are_a_workers_to_know(terminal: Terminal) -> None:
    """As many as the settings say."""
    run = terminal.settings.run.model_copy(update={"shards": 2})
    divided = replace(terminal, settings=terminal.settings.model_copy(update={"run": run}))
    words = divided.types("acl", "worker", "--agents", "security").out.split()
    assert {"~roundtable:{run:0}:run:*", "~roundtable:{run:1}:run:*", "~roundtable:{run:1}:halted"} <= set(words)
    assert not [word for word in words if word.endswith((":active", ":waiting", ":ended"))]


def test_without_a_password_its_place_is_marked(terminal: Terminal) -> None:
    """In a way that Redis refuses, and it is said."""
    ran = terminal.types("acl", "web", "--user", "chat", "--prefix", "team")
    assert ran.out.startswith("user chat on #SHA256-OF-THE-PASSWORD resetkeys ~team:* resetchannels &team:hints -@all ")
    assert "--password-file" in ran.err


def test_what_is_waited_for_is_allowed(terminal: Terminal) -> None:
    """Where the settings ask for replicas or the disk; older servers refuse a file in which WAITAOF stands."""
    waits = {"+wait", "+waitaof"}
    for durability, expected in (
        (Durability(), set()),
        (Durability(replicas=1), {"+wait"}),
        (Durability(disk=True), {"+waitaof"}),
        (Durability(disk=True, replicas=1), waits),
    ):
        settings = terminal.settings.model_copy(update={"durability": durability})
        assert set(replace(terminal, settings=settings).types("acl", "web").out.split()) & waits == expected


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["worker"], "A worker needs --agents"),
        (["web", "--agents", "security"], "nobody else does"),
        (["worker", "--agents", "nobody"], "nobody"),
        (["boss"], "invalid choice"),
        (["web", "--prefix", "a*"], "The prefix of the keys has letters"),
        (["web", "--prefix", "a b"], "The prefix of the keys has letters"),
        (["observer", "--user", "me on nopass"], "The name of a user has letters"),
        (["web", "--password-file", "/nowhere"], "cannot be read from /nowhere"),
        (["web", "--password-file", "/dev/null"], "There is no password in the first line of /dev/null"),
    ],
)
def test_wrong_usage_is_one_line(terminal: Terminal, argv: list[str], said: str) -> None:
    """And nothing that could be put into a file."""
    ran = terminal.types("acl", *argv)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.complaint
