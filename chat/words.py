"""Small sentences."""

from collections.abc import Sequence


def listed(items: Sequence[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def counted(number: int, noun: str) -> str:
    """`no passage`, `1 passage`, `2 passages`."""
    return f"{number or 'no'} {noun}{'s' if number > 1 else ''}"


def shortened(text: str, most: int) -> str:
    """One line of at most `most` characters, cut between words where there is one."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    head = line[: most - 1]
    return (head.rpartition(" ")[0] or head).rstrip(" ,;:.") + "…"


def duration(seconds: float) -> str:
    """`1 s` at the least, `45 s`, `3 min`."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"
