"""Roundtable beside other libraries: turns, figures and what is said about them, with a toy in a library's place."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.measure import Cpu
from benchmarks.peers import __main__ as peers
from benchmarks.peers.environments import COMPLETE, interpreter, run_command, versions
from benchmarks.peers.figures import Figures, figures, table, verdicts
from benchmarks.peers.session import Block, session
from benchmarks.peers.systems import OURS, SYSTEMS, System


class Toy(System):
    """An adapter beside this test."""

    @property
    def module(self) -> str:
        return f"tests.benchmarks.{self.adapter}"


TOY = Toy("toy", "toy_peer", "nothing to choose")


def block(p50_ms: float, *, count: int = 100, cpu: float = 0.1, concurrency: int = 8, workers: int = 1) -> Block:
    return Block(concurrency, workers, count, p50_ms, 2 * p50_ms, 1.0, Cpu(cpu / 2, cpu / 4, cpu / 4))


def of(system: str, concurrency: int, *, p50_ms: float = 1.0, count: int = 100, cpu: float = 0.1) -> Figures:
    return figures(system, [block(p50_ms, count=count, cpu=cpu, concurrency=concurrency)])


async def test_a_turn_has_a_server_workers_and_a_client_of_its_own() -> None:
    """A block for each number of tasks at once, from two workers, with everybody's processor time."""
    one, many = await session(TOY, sys.executable, (1, 4), workers=2, seconds=0.02)
    assert (one.concurrency, many.concurrency, many.workers) == (1, 4, 2)
    assert many.count >= 4
    assert many.elapsed >= 0.02
    assert many.cpu.driver > 0 and many.cpu_us > 0


async def test_everybody_has_a_turn_in_every_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one begins each round; the figures stand in the order in which the systems were given."""
    turns: list[str] = []

    async def turn(system: System, python: str, at_once: Sequence[int], *, workers: int, seconds: float) -> list[Block]:
        turns.append(f"{system.name} with {workers}")
        return [block(1.0, concurrency=lanes, workers=workers) for lanes in at_once]

    monkeypatch.setattr(peers, "session", turn)
    other = Toy("other", "toy_peer", "")
    pythons: dict[System, str] = {TOY: sys.executable, other: sys.executable}
    found = await peers.measure(pythons, rounds=2, seconds=0.01, at_once=[1, 8], workers=[1])
    assert turns == ["toy with 1", "other with 1", "other with 1", "toy with 1"]
    rows = [(each.system, each.concurrency, each.turns) for each in found]
    assert rows == [("toy", 1, 2), ("other", 1, 2), ("toy", 8, 2), ("other", 8, 2)]


async def test_a_client_that_breaks_is_no_figure() -> None:
    """An adapter that is not there ends the measurement with an error."""
    with pytest.raises(RuntimeError, match="ended"):
        await session(Toy("gone", "no_such_peer", ""), sys.executable, (1,), workers=0, seconds=0.01)


def test_the_median_of_all_turns_is_told_with_their_spread() -> None:
    """One turn that was disturbed moves the highest value and not the median."""
    found = figures("toy", [block(2.0), block(1.0), block(50.0)])
    assert (found.turns, found.p50_ms.median, found.p50_ms.lowest, found.p50_ms.highest) == (3, 2.0, 1.0, 50.0)
    assert str(found.p50_ms) == "2.0 (1.0–50.0)"
    assert (found.cpu_us.median, found.client_us, found.worker_us, found.server_us) == (1000, 500, 250, 250)


def test_ours_is_compared_with_the_best_peer_of_each_kind() -> None:
    """A third of the least processor time, less than the least p50, more than the most tasks a second."""
    found = [
        of(OURS, 8, p50_ms=5.0, cpu=0.1), of("a", 8, p50_ms=6.0, cpu=0.29), of("b", 8, p50_ms=9.0, cpu=0.2),
        of(OURS, 64, count=300, cpu=0.1), of("a", 64, count=299, cpu=0.4), of("b", 64, count=100, cpu=0.4),
    ]  # fmt: skip
    said = {each.what: (each.peer, each.met) for each in verdicts(found)}
    assert said == {
        "processor time for each task, 8 at once": ("b", False),
        "p50, 8 at once": ("a", True),
        "processor time for each task, 64 at once": ("a", True),
        "tasks a second, 64 at once": ("a", True),
    }


def test_nothing_is_said_without_somebody_to_compare_with() -> None:
    """Ours alone, or two others, are figures and no verdict."""
    assert verdicts([of(OURS, 8)]) == []
    assert verdicts([of("a", 8), of("b", 8)]) == []


def test_the_table_has_a_row_for_each_system() -> None:
    """With the spread of the turns behind each median."""
    [row] = table([of("toy", 8)]).splitlines()[2:]
    assert row == "| toy | 1 | 8 | 1.0 (1.0–1.0) | 2.0 (2.0–2.0) | 100 (100–100) | 1000 (1000–1000) | 500 + 250 + 250 |"


def test_an_environment_is_made_once(tmp_path: Path) -> None:
    """With exactly what its file says; and anew where it was left half made or the file has changed."""
    packages, cache, said = tmp_path / "toy.txt", tmp_path / "cache", list[str]()
    packages.write_text("toy==1.0")
    ran: list[tuple[str, ...]] = []

    def run(*command: str) -> None:
        ran.append(command)
        if "venv" in command:
            Path(command[-1]).mkdir(parents=True)

    python = Path(interpreter(packages, cache, said.append, run))
    assert interpreter(packages, cache, said.append, run) == str(python)
    assert len(said) == 1 and len(ran) == 2
    assert ran[1][0] == str(python) and ran[1][-2:] == ("-r", str(packages))

    (python.parents[1] / COMPLETE).unlink()
    interpreter(packages, cache, said.append, run)
    packages.write_text("toy==1.1")
    assert interpreter(packages, cache, said.append, run) != str(python)
    assert len(said) == 3


def test_a_command_that_fails_is_told() -> None:
    """Its own words are on standard error."""
    with pytest.raises(RuntimeError, match="ended with 3"):
        run_command(sys.executable, "-c", "raise SystemExit(3)")


@pytest.mark.parametrize("system", [system for system in SYSTEMS if system.pins], ids=lambda system: system.name)
def test_every_package_of_a_peer_is_pinned(system: System) -> None:
    """An environment that is made next year is the same one; all have the same parser of replies."""
    pinned = versions(system.requirements)
    assert len(pinned) == len(system.requirements.read_text().splitlines())
    assert pinned["hiredis"] == "3.5.0"
