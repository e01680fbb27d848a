"""Tasks a second and p99 over the number of worker processes; for light and dark pages."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.figures import Figures, Measured
from benchmarks.peers.systems import OURS

GREY = "#808080"
COLOURS = ("#2a9d8f", "#e07a2f", "#4c8eda", "#9b6dd6", "#c0504d", "#b8860b")
"""The first one is ours."""
STYLE: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "roundtable", "font.family": "sans-serif", "font.size": 10,
    "axes.edgecolor": GREY, "axes.labelcolor": GREY, "axes.titlecolor": GREY, "text.color": GREY,
    "xtick.color": GREY, "ytick.color": GREY, "axes.spines.top": False, "axes.spines.right": False,
}  # fmt: skip


def plot(found: Sequence[Figures], file: Path) -> None:
    """A panel for each of the two; the lines go through medians, the shades from the lowest turn to the highest."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    panels: tuple[tuple[str, Callable[[Figures], Measured]], ...] = (
        ("tasks a second", lambda each: each.tasks_per_second),
        ("p99, milliseconds", lambda each: each.p99_ms),
    )
    names = sorted({each.system for each in found}, key=lambda name: (name != OURS, name))
    workers = sorted({each.workers for each in found})
    with mpl.rc_context(STYLE):
        figure, axes = pyplot.subplots(1, 2, figsize=(9.2, 3.6))
        for axis, (label, value) in zip(axes, panels, strict=True):
            for name, colour in zip(names, COLOURS, strict=False):
                at = [each for each in found if each.system == name]
                many = [each.workers for each in at]
                measured = [value(each) for each in at]
                axis.plot(many, [each.median for each in measured], "o-", color=colour, label=name, markersize=4)
                low, high = [each.lowest for each in measured], [each.highest for each in measured]
                axis.fill_between(many, low, high, color=colour, alpha=0.15, linewidth=0)
            axis.set(xlabel="worker processes", ylabel=label, ylim=(0, None))
            axis.set_xticks(workers)
            axis.grid(color=GREY, alpha=0.2)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="lower center", ncols=3, frameon=False)
        figure.tight_layout(rect=(0, 0.16, 1, 1))
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, transparent=True, metadata={"Date": None})
