"""Whoever reads what a command says may leave, or was never there: it goes on, or says in a line what is wrong."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import TextIO

import pytest

from cli.console import Console
from cli.main import main
from tests.cli.runs import QUESTION, Terminal


@pytest.fixture
def unread() -> Iterator[TextIO]:
    """A pipe of which the other end was closed."""
    other, mine = os.pipe()
    os.close(other)
    with open(mine, "w") as stream:
        yield stream


@pytest.fixture
def full() -> Iterator[TextIO]:
    """A disk on which no room is left."""
    with open("/dev/full", "w") as stream:
        yield stream


def test_an_answer_needs_nobody_who_reads_how_it_came_about(terminal: Terminal, unread: TextIO, full: TextIO) -> None:
    """The question goes on, and Python has nothing left to complain about at its exit."""
    for err in (unread, full):
        out = StringIO()
        assert main(["ask", QUESTION], console=Console(out, err), runtime=terminal.runtime()) == 0
        assert out.getvalue().startswith("With a password. [1]")
        err.flush()
    assert terminal.council.cancelled == []


@pytest.mark.parametrize("option", [(), ("--json",)])
def test_whoever_has_seen_enough_of_an_answer_is_told_nothing(
    terminal: Terminal, unread: TextIO, option: tuple[str, ...]
) -> None:
    """`roundtable ask ... | head -1`: no line, no traceback, and not the code of an answer that was told."""
    err = StringIO()
    assert main(["ask", QUESTION, *option], console=Console(unread, err), runtime=terminal.runtime()) == 1
    assert "roundtable:" not in err.getvalue()
    unread.flush()


@pytest.mark.parametrize("option", [(), ("--json",)])
def test_an_answer_that_cannot_be_written_is_one_line(
    terminal: Terminal, full: TextIO, option: tuple[str, ...]
) -> None:
    """A program must not take half a document for the whole."""
    err = StringIO()
    assert main(["ask", QUESTION, *option], console=Console(full, err), runtime=terminal.runtime()) == 1
    assert err.getvalue().splitlines()[-1] == f"roundtable: Standard output takes nothing: {os.strerror(errno.ENOSPC)}."
    full.flush()


def test_an_answer_that_never_comes_is_one_line(terminal: Terminal) -> None:
    """Though it ends a group of tasks."""
    terminal.council.script = [TimeoutError()]
    ran = terminal.types("ask", QUESTION, "--json")
    assert (ran.code, ran.out) == (1, "")
    assert ran.complaint.startswith("roundtable: There was no answer in time.")


def closed(descriptors: str, program: str) -> subprocess.CompletedProcess[str]:
    """Run a program for which some of 0, 1 and 2 were closed before it began."""
    shell = f'exec "$@" {descriptors}'
    root = Path(__file__).parents[2]
    command = ["sh", "-c", shell, "sh", sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, cwd=root, check=False)


def test_a_complaint_does_not_go_where_the_result_belongs() -> None:
    """`2>&-`: whoever reads standard output would take it for the answer."""
    ran = closed("2>&-", "import sys; from cli.main import main; sys.exit(main(['bogus']))")
    assert (ran.returncode, ran.stdout) == (2, "")
    ran = closed(">&-", "import sys; from cli.main import main; sys.exit(main(['bogus']))")
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)


def test_no_file_takes_the_place_of_a_closed_stream() -> None:
    """What a library writes to standard error would go into it."""
    ran = closed("<&- 2>&-", "import os; from cli.console import system_console as c; c(); print(os.open('.', 0))")
    assert int(ran.stdout) > 2
