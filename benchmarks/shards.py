"""What a step costs where runs are divided among shards, on one server and on a cluster of three.

    python -m benchmarks.shards
    python -m benchmarks.shards --json --plot docs/benchmarks/shards.svg

64 steps are under way at any moment, with two worker processes. Each layout has servers of its own, with an append-only
file that is synced at every write, on loopback; the layouts take turns, so that other work disturbs all of them alike.
With two cores, more servers cannot be faster: what is to be read is what dividing costs.
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from random import Random
from statistics import median

from benchmarks.chaos.topologies import Kind, open_topology
from benchmarks.children import child
from benchmarks.lanes import Drive, drive
from benchmarks.measure import markdown_table, spread
from benchmarks.peers.plot import GREY, STYLE
from benchmarks.steps import StepsDriver, steps_driver

LANES = 64
WORKERS = 2


@dataclass(frozen=True)
class Layout:
    """Where the runs lie."""

    masters: int
    shards: int

    @property
    def name(self) -> str:
        return f"{'one server' if self.masters == 1 else f'cluster of {self.masters}'}, {self.shards} shard" + "s" * (
            self.shards > 1
        )


LAYOUTS = (Layout(1, 1), Layout(1, 4), Layout(1, 16), Layout(3, 1), Layout(3, 4), Layout(3, 16))


@dataclass(frozen=True)
class Figures:
    """Of all turns of one layout: the median, the lowest and the highest."""

    masters: int
    shards: int
    steps_per_second: tuple[float, float, float]
    p50_ms: tuple[float, float, float]
    p99_ms: tuple[float, float, float]


def figures(layout: Layout, turns: Sequence[Drive]) -> Figures:
    """Latency is that of all steps of a turn."""
    spreads = [spread(turn.took) for turn in turns]
    return Figures(
        layout.masters,
        layout.shards,
        _three([len(turn.took) / turn.elapsed for turn in turns]),
        _three([each.p50 for each in spreads]),
        _three([each.p99 for each in spreads]),
    )


def _three(values: Sequence[float]) -> tuple[float, float, float]:
    return round(median(values), 1), round(min(values), 1), round(max(values), 1)


@asynccontextmanager
async def laid_out(layout: Layout) -> AsyncIterator[StepsDriver]:
    """Servers, workers and a driver."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rt-", ignore_cleanup_errors=True)))
        kind: Kind = "single" if layout.masters == 1 else "cluster"
        servers = await stack.enter_async_context(open_topology(kind, None, folder, 0, Random(0)))
        url = servers.url("127.0.0.1")
        for _ in range(WORKERS):
            shards = ("--shards", str(layout.shards))
            await stack.enter_async_context(child("benchmarks.steps", url, str(LANES), *shards))
        yield await stack.enter_async_context(steps_driver(url, LANES * layout.shards, layout.shards))


async def turn(layout: Layout, seconds: float) -> Drive:
    """What comes after the first moments, which do not count."""
    async with laid_out(layout) as driver, driver.accepted(LANES):

        async def one_step(lane: int) -> None:
            await driver.ask(lane, 1)

        await drive(LANES, 0.4, one_step)
        return await drive(LANES, seconds, one_step)


async def measure(rounds: int, seconds: float) -> list[Figures]:
    """Every layout once in each round, each round begun with another one."""
    turns: dict[Layout, list[Drive]] = {layout: [] for layout in LAYOUTS}
    for number in range(rounds):
        at = number % len(LAYOUTS)
        for layout in (*LAYOUTS[at:], *LAYOUTS[:at]):
            turns[layout].append(await turn(layout, seconds))
    return [figures(layout, turns[layout]) for layout in LAYOUTS]


def table(found: Sequence[Figures]) -> str:
    """For a document."""
    rows = [
        (Layout(each.masters, each.shards).name, *map(_told, (each.steps_per_second, each.p50_ms, each.p99_ms)))
        for each in found
    ]
    return markdown_table(("runs lie on", "steps/s", "p50 ms", "p99 ms"), rows)


def _told(value: tuple[float, float, float]) -> str:
    return f"{value[0]:g} ({value[1]:g}–{value[2]:g})"


def plot(found: Sequence[Figures], file: Path) -> None:
    """Steps a second and p99 over shards; the lines go through medians, the shades from lowest to highest."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    with mpl.rc_context(STYLE):
        figure, axes = pyplot.subplots(1, 2, figsize=(9.2, 3.4))
        for masters, colour, name in ((1, "#2a9d8f", "one server"), (3, "#e07a2f", "cluster of 3")):
            at = [each for each in found if each.masters == masters]
            shards = [each.shards for each in at]
            for axis, values in zip(axes, ([e.steps_per_second for e in at], [e.p99_ms for e in at]), strict=True):
                axis.plot(shards, [value[0] for value in values], "o-", color=colour, label=name, markersize=4)
                axis.fill_between(
                    shards, [v[1] for v in values], [v[2] for v in values], color=colour, alpha=0.15, linewidth=0
                )
        for axis, label in zip(axes, ("steps a second", "p99, milliseconds"), strict=True):
            axis.set_xscale("log", base=2)
            axis.set(xlabel="shards", ylabel=label, ylim=(0, None))
            axis.set_xticks([layout.shards for layout in LAYOUTS[:3]], [str(layout.shards) for layout in LAYOUTS[:3]])
            axis.grid(color=GREY, alpha=0.2)
        axes[0].legend(frameon=False)
        figure.tight_layout()
        figure.savefig(file, transparent=True, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.8, help="of each turn; a run has steps for two")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="needs the extra `bench`")
    given = parser.parse_args()
    if given.plot and find_spec("matplotlib") is None:
        parser.error("--plot needs matplotlib, which the extra `bench` brings")
    found = asyncio.run(measure(given.rounds, given.seconds))
    if given.plot:
        plot(found, given.plot)
    print(json.dumps([asdict(each) for each in found], indent=2) if given.json else table(found))


if __name__ == "__main__":
    main()
