"""How figures are made from samples."""

import pytest

from benchmarks.lanes import Drive
from benchmarks.measure import Cpu, markdown_table, spread
from benchmarks.round_trips import Block, RoundTrip, Way, ratios, round_trip


def test_percentiles_are_values_that_were_seen() -> None:
    """Nearest rank: the 50th and the 99th of a hundred samples, whatever their order."""
    seconds = [value / 1000 for value in range(100, 0, -1)]
    figures = spread(seconds)
    assert (figures.count, figures.p50, figures.p99, figures.max) == (100, 50, 99, 100)


def test_one_sample_is_all_its_percentiles() -> None:
    """As little as there is."""
    figures = spread([0.007])
    assert figures.p50 == figures.p99 == figures.max == 7


def test_the_blocks_of_a_way_are_added_up() -> None:
    """Two plans of three steps in two blocks: six steps share the processor time of everybody."""
    block = Block(Drive((0.010,), elapsed=0.5), Cpu(driver=0.0003, workers=0.0006, server=0.0009))
    found = round_trip("plan of 3", 8, "roundtable", [block, block])
    assert (found.count, found.p50_ms, found.steps_per_second) == (2, 10, 6)
    assert (found.driver_us, found.worker_us, found.server_us) == (100, 200, 300)
    assert found.cpu_us_per_step == 600


def costing(way: Way, us: float) -> RoundTrip:
    return RoundTrip("step", 8, way, 1, 1.0, 1.0, 1.0, us, 0.0, 0.0, us)


def test_our_cost_is_compared_with_both_floors() -> None:
    """At most one and a half times the MULTI floor is wanted."""
    [ratio] = ratios([costing("multi", 400), costing("batched", 200), costing("roundtable", 600)])
    assert (ratio.to_multi, ratio.to_batched, ratio.met) == (1.5, 3.0, True)
    [worse] = ratios([costing("multi", 400), costing("batched", 200), costing("roundtable", 610)])
    assert not worse.met


def test_nothing_is_compared_without_its_floors() -> None:
    """A ratio needs both."""
    assert ratios([costing("multi", 400), costing("roundtable", 600)]) == []


def test_a_table_for_a_document() -> None:
    """Names to the left, figures to the right."""
    assert markdown_table(["what", "ms"], [["step", "1.5"]]) == "| what | ms |\n| --- | ---: |\n| step | 1.5 |"


@pytest.mark.parametrize("share", [Cpu(1, 2, 3) - Cpu(1, 1, 1), Cpu(0, 0, 1) + Cpu(0, 1, 1)])
def test_processor_time_is_counted_for_each_process(share: Cpu) -> None:
    """The sum is what a step costs."""
    assert share == Cpu(0, 1, 2)
    assert share.total == 3
