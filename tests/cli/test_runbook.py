"""The runbook is true: each of its commands is run, in order, in an installation of its own, and does what it says.

A command that goes on until it is stopped is waited for until it says what it says in the runbook. Names in capitals
are filled in as a person would: PID and ID are in the list that came before, an address is that of a Redis server.
"""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

import pytest
from redis import Redis

from orchestration.embedded.datafolder import DataFolder
from orchestration.embedded.process import server_pid
from orchestration.keys import Keys
from orchestration.messages import PlanStep, StepMessage, encode
from tests.integration.processes import kill

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs" / "runbooks" / "multi-agent-operations.md").read_text()
GOES_ON = re.compile(r"\broundtable (serve|worker)\b")
ELSEWHERE = "redis://:PASSWORD@HOST:6379/0"
SECONDS = 180


@dataclass(frozen=True)
class Line:
    """A command of the runbook, and what is shown below it; `...` stands for anything."""

    command: str
    shown: tuple[str, ...]

    def check(self, out: str) -> None:
        """Everything that is shown was said, in this order; other figures are no lie."""
        rest = iter(out.splitlines())
        for text in self.shown:
            pattern = ".*".join(re.sub(r"\d+", r"\\d+", re.escape(part.strip())) for part in text.split("..."))
            assert any(re.search(pattern, line) for line in rest), f"{self.command}: {text!r} is not in\n{out}"


def commands() -> Iterator[Line]:
    """As they stand in the runbook's blocks."""
    for block in re.findall(r"^```(?:console|sh)\n(.*?)^```", RUNBOOK, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = part.splitlines()
            yield Line(command, tuple(shown))


@dataclass
class Installation:
    """A data folder, the commands on the path, and what was started and not stopped yet."""

    folder: Path
    port: int
    another_redis: str
    environ: Mapping[str, str]
    closing: ExitStack
    running: list[subprocess.Popen[str]] = field(default_factory=list)
    listed: Mapping[str, str] = field(default_factory=dict)

    def play(self, line: Line) -> None:
        """Run one command as the runbook has it, and compare."""
        command = line.command.replace(ELSEWHERE, self.another_redis)
        for name, value in self.listed.items():
            command = re.sub(rf"\b{name}\b", value, command)
        if GOES_ON.search(command):
            self._start(line, command)
        else:
            self._run(line, command)
        if command.startswith("kill "):
            self._ended(int(command.split()[-1]))

    def _run(self, line: Line, command: str) -> None:
        done = subprocess.run(
            ["sh", "-c", command],
            env=self.environ,
            cwd=self.folder,
            capture_output=True,
            text=True,
            input="a password of the tests\n",
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        line.check(done.stdout)
        if "--json" in command:
            json.loads(done.stdout)
        elif "--processes" in command:
            self.listed = {"PID": done.stdout.splitlines()[-1].split()[2]}
        elif "dead-letters list" in command:
            self.listed = {"ID": done.stdout.splitlines()[1].split()[0]}

    def _start(self, line: Line, command: str) -> None:
        words = shlex.split(command)
        assigned = dict(word.split("=", 1) for word in words if "=" in word)
        if "REDIS_URL" in assigned:
            # It is on another machine, and goes on there while this one's data folder is put back from a copy.
            assigned["ROUNDTABLE_DATA"] = str(self.folder / "elsewhere")
        process = subprocess.Popen(
            [word for word in words if "=" not in word],
            env={**self.environ, **assigned},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=self.closing.enter_context((self.folder / "errors.log").open("a")),
            text=True,
        )
        self.closing.callback(self._put_down, process)
        self.running.append(process)
        assert process.stdout is not None
        line.check(process.stdout.readline())

    def _ended(self, pid: int) -> None:
        (process,) = [one for one in self.running if one.pid == pid]
        assert process.wait(SECONDS) == 0
        self.running.remove(process)

    @staticmethod
    def _put_down(process: subprocess.Popen[str]) -> None:
        process.kill()
        process.communicate()

    def stop(self) -> None:
        """Whatever still runs ends in good order."""
        for process in reversed(self.running):
            process.terminate()
            assert process.wait(SECONDS) == 0
        self.running.clear()

    def lose_two_messages(self) -> None:
        """Messages that no worker can use, which become dead letters: a step of a run that is gone, and garbage."""
        keys = Keys()
        where = DataFolder(self.folder / "data").whereabouts()
        assert where is not None
        step = PlanStep(id="s1", agent="security", question="How do I secure the Redis server?")
        with Redis(unix_socket_path=str(where.socket)) as redis:
            for agent, message in (("security", encode(StepMessage(run="gone", person="local", step=step))),
                                   ("product", b"?")):  # fmt: skip
                redis.xadd(keys.tasks(agent), {"m": message})
                assert redis.xread({keys.dead(agent): "0"}, block=1000 * SECONDS)

    def measured(self) -> str:
        """What Prometheus is given."""
        with urlopen(f"http://localhost:{self.port}/metrics", timeout=SECONDS) as response:
            return str(response.read().decode())


def end_servers(folder: Path) -> None:
    """The embedded servers that a command which was killed has left, should the test have failed."""
    for data in folder.glob("data*"):
        while pid := server_pid(DataFolder(data)):
            kill(pid)


@pytest.fixture
def installation(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """With a free port, a session folder for the socket, and none of the settings of whoever runs the tests."""
    with ExitStack() as closing:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = int(free.getsockname()[1])
        program = tmp_path / "bin" / "roundtable"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m tests.cli.installation "$@"\n')
        program.chmod(0o700)
        session = Path("/tmp") / f"rt-{os.getpid()}-{port}"
        session.mkdir(mode=0o700)
        closing.callback(shutil.rmtree, session)
        closing.callback(end_servers, tmp_path)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ROUNDTABLE", "CHAINLIT"))}
        kept.pop("REDIS_URL", None)
        environ = {
            **kept,
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "ROUNDTABLE_DATA": str(tmp_path / "data"),
            "PORT": str(port),
            "XDG_RUNTIME_DIR": str(session),
        }
        yield Installation(tmp_path, port, redis_url, environ, closing)


@pytest.mark.timeout(900)
def test_every_command_of_the_runbook_does_what_it_says(installation: Installation) -> None:
    """From the first start to the return to the single agent; and every alarm is about something that is measured."""
    measured = ""
    for line in commands():
        if line.command == "roundtable dead-letters list":
            installation.lose_two_messages()
        if line.command.startswith("roundtable users add ana"):
            # The figures are for operators afterwards.
            measured = installation.measured()
        installation.play(line)
    alarms = set(re.findall(r"\broundtable_\w+", RUNBOOK))
    assert alarms
    assert not [name for name in alarms if not re.search(rf"^{name}[ {{]", measured, re.MULTILINE)]
    installation.stop()
