"""What the scripted agents of a child do."""

from pathlib import Path

import numpy as np
import pytest

from agents import AnswerFailed, Question
from benchmarks.chaos.child import Agents
from benchmarks.steps import three_agents


async def test_a_step_that_fails_once_fails_in_one_process_only(tmp_path: Path) -> None:
    """Another process, or the same one later, answers it."""
    text = "What is the wind in report 7 (east:fails-once)?"
    question = Question(three_agents()["east"], text, np.zeros(1, np.float32), ())

    with pytest.raises(AnswerFailed):
        await Agents(tmp_path, seed=1, lease_seconds=0.0).work(question)
    await Agents(tmp_path, seed=1, lease_seconds=0.0).work(question)


async def test_a_step_that_fails_always_fails(tmp_path: Path) -> None:
    """However often it is tried."""
    text = "What is the wind in report 7 (east:fails)?"
    for _ in range(2):
        with pytest.raises(AnswerFailed):
            question = Question(three_agents()["east"], text, np.zeros(1, np.float32), ())
            await Agents(tmp_path, seed=1, lease_seconds=0.0).work(question)
