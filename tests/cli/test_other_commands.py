"""`ingest`, `worker` and `serve`, as far as they go without a running product."""

import gc
import json
import os
import signal
import socket
from ipaddress import ip_address

import pytest

from cli.console import Console
from cli.errors import PortTaken
from cli.main import main
from cli.sockets import listening
from tests.cli.runs import Terminal


def test_files_are_taken_in_one_by_one(terminal: Terminal) -> None:
    """A line for each, and a failure when one was not taken."""
    terminal.council.rejected = ("empty.md",)
    ran = terminal.types("ingest", "--agent", "security", "a.md", "empty.md")
    assert ran.code == 1
    assert ran.out == "added: a.md (2 passages)\nrejected: empty.md (It is empty.)\n"
    assert ran.complaint == "roundtable: 1 of 2 files could not be taken in."


def test_ingest_as_json(terminal: Terminal) -> None:
    """All were taken: 0."""
    ran = terminal.types("ingest", "--agent", "security", "a.md", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["files"][0]["status"] == "added"


@pytest.mark.parametrize("argv", [["ingest", "--agent", "bogus", "a.md"], ["worker", "--agents", "security,bogus"]])
def test_an_unknown_agent_is_wrong_usage(terminal: Terminal, argv: list[str]) -> None:
    """Before anything is opened."""
    ran = terminal.types(*argv)
    assert ran.code == 2
    assert "There is no agent called 'bogus'" in ran.complaint


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_runs_until_it_is_asked_to_stop(terminal: Terminal, number: signal.Signals) -> None:
    """And then ends cleanly. What it had loaded by then was never looked through for garbage again."""
    runtime = terminal.runtime()

    class Err:
        """Asks the worker to stop as soon as it says that it works."""

        def write(self, text: str) -> int:
            if text.startswith("Working for security"):
                os.kill(os.getpid(), number)
            return len(text)

        def flush(self) -> None: ...

    console = Console(Err(), Err())  # type: ignore[arg-type]
    try:
        assert main(["worker", "--agents", "security"], console=console, runtime=runtime) == 0
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()


def test_a_port_in_use_is_one_line_with_the_way_out(terminal: Terminal) -> None:
    """Found before anything heavy is loaded."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = terminal.types("serve", "--port", str(port))
    assert ran.code == 2
    assert ran.complaint == f"roundtable: Port {port} is in use. Stop what uses it or set PORT={port + 1}."


def test_a_port_in_use_on_ipv6_alone_counts_too() -> None:
    """A browser tries ::1 first for localhost: it would reach the other server."""
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken), listening(port):
            pass


def test_visitors_wait_while_the_server_starts() -> None:
    """The sockets listen already, on loopback only, and are given back."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with listening(port) as sockets:
        addresses = {each.getsockname()[0] for each in sockets}
        socket.create_connection(("127.0.0.1", port)).close()
    assert addresses <= {"127.0.0.1", "::1"}
    socket.create_server(("127.0.0.1", port)).close()


def test_it_can_be_one_address() -> None:
    """And no other; one that this machine does not have is one line with the way out."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with listening(port, ip_address("127.0.0.2")) as sockets:
        assert [each.getsockname() for each in sockets] == [("127.0.0.2", port)]
    with (
        pytest.raises(PortTaken, match=r"no address 192\.0\.2\.1\. Set ROUNDTABLE_LISTEN=127\.0\.0\.1\."),
        listening(port, ip_address("192.0.2.1")),
    ):
        pass
