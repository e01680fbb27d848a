"""How a council is compared with the single agent."""

from benchmarks.concurrency import ONE_AT_A_TIME, SINGLE, Throughput, council, table, throughput, times_the_single_agent
from benchmarks.lanes import Drive


def pace(way: str, in_flight: int, runs_per_second: float) -> Throughput:
    return Throughput("waiting", way, in_flight, 10, runs_per_second, 1000.0, 2000.0)


def test_runs_a_second_count_what_was_waited_for_at_the_end() -> None:
    """Six runs in three seconds, the last ones included."""
    found = throughput("waiting", SINGLE, 2, Drive((1.0,) * 6, elapsed=3.0))
    assert (found.runs, found.runs_per_second, found.p50_ms) == (6, 2.0, 1000.0)


def test_a_council_is_compared_with_both_capacities_of_the_single_agent() -> None:
    """With one question at a time, and with the single agent at the same number in flight."""
    found = [pace(ONE_AT_A_TIME, 1, 1.0), pace(SINGLE, 10, 8.0), pace(SINGLE, 50, 20.0)]
    found += [pace(council(1), 10, 6.0), pace(council(2), 50, 10.0)]
    times = times_the_single_agent(found)
    assert times == {("waiting", council(1), 10): (6.0, 0.75), ("waiting", council(2), 50): (10.0, 0.5)}


def test_the_table_has_a_row_for_each_way() -> None:
    """The single agent is not compared with itself."""
    found = [pace(ONE_AT_A_TIME, 1, 1.0), pace(SINGLE, 10, 8.0), pace(council(1), 10, 6.0)]
    rows = table(found, "waiting").splitlines()[2:]
    assert rows == [
        "| one at a time | 1 | 1.0 | 1.00 | 2.00 |  |  |",
        "| single agent | 10 | 8.0 | 1.00 | 2.00 |  |  |",
        "| council, 1 worker | 10 | 6.0 | 1.00 | 2.00 | 6.0 | 0.75 |",
    ]
