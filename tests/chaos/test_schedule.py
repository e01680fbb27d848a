"""What a seed decides: which questions are asked and which faults happen when."""

from collections import Counter
from random import Random

from benchmarks.chaos.questions import AGENTS, Trick, make_tasks, trick_for
from benchmarks.chaos.schedule import KILLS, make_schedule


def test_the_same_seed_asks_and_breaks_the_same_things() -> None:
    """So that what one run found can be looked for again; another seed tries something else."""
    questions = [[task.question for task in make_tasks(50, Random(seed))] for seed in (1, 1, 2)]
    schedules = [make_schedule(50, 8, Random(seed)) for seed in (1, 1, 2)]

    assert questions[0] == questions[1] != questions[2]
    assert schedules[0] == schedules[1] != schedules[2]


def test_there_are_exactly_as_many_kills_as_were_asked_for() -> None:
    """Also when there are fewer kills than kinds of them."""
    for kills in (0, 1, 2, 5, 50):
        schedule = make_schedule(100, kills, Random(7))
        assert sum(due.fault in KILLS for due in schedule) == kills
        assert all(due.after <= 100 for due in schedule), "no fault waits for a task that never comes"


def test_a_question_tells_one_agent_what_to_do() -> None:
    """The others answer it."""
    text = "What is the wind in report 7 (east:fails-once)?"
    assert [trick_for(agent, text) for agent in ("north", "east")] == [None, Trick.FAILS_ONCE]


def test_every_trick_is_asked_for() -> None:
    """Even in a short experiment some step kills its worker and some step fails."""
    tasks = make_tasks(100, Random(3))
    tricks = Counter(trick_for(agent, task.question) for task in tasks for agent in AGENTS)
    assert set(Trick) <= tricks.keys()
