"""What language models cost an answer, and what was done without one, in lines for somebody at a terminal."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents import Usage
    from orchestration.document import AskDocument


def tell_spent(told: "AskDocument", tell: Callable[[str], None]) -> None:
    """A line for each model, and one for each reason why there was none."""
    from agents.notes import shortfalls

    for shortfall in shortfalls(told.notes):
        tell(shortfall.sentence())
    for usage in told.usage:
        if usage.calls:
            tell(_line(usage))


def _line(usage: "Usage") -> str:
    about = "about " if usage.estimated else ""
    parts = [
        f"{usage.calls} call{'s'[: usage.calls != 1]}",
        f"{about}{usage.tokens:,} tokens",
        f"{usage.seconds:.1f} s",
    ]
    if usage.cost is not None:
        parts.append(f"cost {about}{usage.cost:.4f}")
    return f"{usage.model}: {', '.join(parts)}"
