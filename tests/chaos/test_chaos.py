"""A short experiment with real processes; `python -m benchmarks.chaos` runs long ones."""

from benchmarks.chaos.experiment import Plan, run_experiment
from tests.integration.processes import children


async def test_every_accepted_task_ends_once_whatever_breaks() -> None:
    """Workers, orchestrators and Redis are killed while tasks flow: nothing is lost, nothing is done twice."""
    before = children().keys()

    report = await run_experiment(Plan(seed=11, tasks=100, kills=5))

    assert report.good, report.table()
    assert (report.lost, report.double_commits) == (0, 0)
    assert sum(report.ended.values()) == report.accepted > 0
    assert sum(report.kills.values()) == 5
    assert report.kills["Redis"] == 1
    assert report.lost_replies > 0
    assert report.poisoned >= report.poison, "each poisoned step killed somebody"
    assert children().keys() == before, "no process is left behind"
