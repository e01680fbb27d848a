"""When a failed step is tried again."""

import random
from collections.abc import Callable

MOST_RETRIES = 2
FIRST_SECONDS = 0.5
MOST_SECONDS = 10.0


def backoff_seconds(failures: int, chance: Callable[[], float] = random.random) -> float:
    """Until the next attempt, after so many failures before this one: doubled each time, capped.

    Half of it is left to chance (0 to 1), so that what failed together is not tried again together.
    """
    full = min(MOST_SECONDS, FIRST_SECONDS * 2.0**failures)
    return full * (0.5 + 0.5 * chance())
