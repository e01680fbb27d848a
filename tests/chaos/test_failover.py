"""A short experiment in which masters die; `python -m benchmarks.chaos --redis sentinel` runs long ones."""

import pytest

from benchmarks.chaos.experiment import Plan, run_experiment
from benchmarks.chaos.topologies import REPLICAS, Kind
from orchestration.durability import Durability
from tests.integration.processes import children


@pytest.mark.parametrize("topology", ["sentinel", "cluster"])
async def test_masters_that_die_take_nothing_acknowledged_with_them(topology: Kind) -> None:
    """Where all replicas of a master must have a write before it counts."""
    before = children().keys()

    asked = Durability(replicas=REPLICAS[topology])
    report = await run_experiment(Plan(seed=12, tasks=20, kills=1, topology=topology, durability=asked))

    assert report.good, report.table()
    assert (report.lost, report.double_commits) == (0, 0)
    assert sum(report.ended.values()) == report.accepted > 0
    assert report.failovers > 0
    assert children().keys() == before, "no process is left behind"
