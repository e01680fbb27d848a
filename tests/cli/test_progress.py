"""What is told while a person waits."""

from cli.progress import Progress
from orchestration.messages import Planned, Preparing, Restarted, Selected, Selection
from tests.cli.runs import PLAN, REGISTRY


def test_a_long_preparation_is_told_a_few_times() -> None:
    """Not once for each of a thousand passages."""
    told: list[str] = []
    progress = Progress(REGISTRY, told.append)
    for done in range(1001):
        progress.show(Preparing(run="r", text="Reading the knowledge", done=done, total=1000))
    assert len(told) == 11
    assert told[-1] == "Reading the knowledge (1000 of 1000 passages)"


def test_waiting_steps_and_new_attempts_are_explained() -> None:
    """In words, with the agents' titles."""
    told: list[str] = []
    progress = Progress(REGISTRY, told.append)
    progress.show(Selected(run="r", selection=Selection(parts=(), threshold=0.3)))
    progress.show(Planned(run="r", plan=PLAN))
    progress.show(Restarted(run="r", step="s1", agent="single_agent", worker="w"))
    assert told == [
        "Asking nobody",
        "Planned 2 steps, 1 of them after others",
        "Single agent starts again: its worker went away",
    ]
