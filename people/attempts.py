"""Who tried too often to sign in, and for how long they have to wait. Bounded, in memory, of this process."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address

from people.errors import TooManyAttempts

FREE_OF_A_NAME = 5
"""Failures at one name from one address without a wait."""
FREE_OF_AN_ADDRESS = 30
"""Failures from one address, at whatever names."""
FIRST_WAIT_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 900.0
FORGOTTEN_SECONDS = 3_600.0
MOST_REMEMBERED = 10_000

_Key = tuple[str, ...]


@dataclass
class _Failures:
    count: int = 0
    until: float = 0.0
    """No attempt is looked at before."""
    latest: float = 0.0


class Attempts:
    """Waits double with each further failure.

    There is no wait for a name alone: then whoever knows a name could keep its owner out. An address that is a proxy's
    stands for everybody behind it, so only names count there.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = MOST_REMEMBERED) -> None:
        self._clock = clock
        self._most = most
        self._failures: OrderedDict[_Key, _Failures] = OrderedDict()

    def begin(self, name: str, address: str, *, shared: bool = False) -> None:
        """Count an attempt as failed until `succeeded` says otherwise, so that many at once are no way around.

        Raises TooManyAttempts.
        """
        now, budgets = self._clock(), self._budgets(name, address, shared)
        wait = max((self._failures[key].until - now for key in budgets if key in self._failures), default=0.0)
        if wait > 0:
            raise TooManyAttempts(wait)
        for key, free in budgets.items():
            failures = self._failures.pop(key, _Failures())
            if now - failures.latest > FORGOTTEN_SECONDS:
                failures = _Failures()
            failures.count += 1
            failures.latest = now
            if failures.count >= free:
                # The exponent is bounded as well: the count is not.
                doubled = FIRST_WAIT_SECONDS * 2 ** min(failures.count - free, 16)
                failures.until = now + min(LONGEST_WAIT_SECONDS, doubled)
            self._failures[key] = failures
        while len(self._failures) > self._most:
            self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """The name starts anew at this address; the address gets back only what this attempt took."""
        self._failures.pop(("name", name, _neighbourhood(address)), None)
        failures = self._failures.get(("address", _neighbourhood(address)))
        if failures is not None:
            failures.count = max(0, failures.count - 1)
            failures.until = 0.0

    @property
    def remembered(self) -> int:
        return len(self._failures)

    def _budgets(self, name: str, address: str, shared: bool) -> dict[_Key, int]:
        near = _neighbourhood(address)
        of_a_name: dict[_Key, int] = {("name", name, near): FREE_OF_A_NAME}
        return of_a_name if shared else {**of_a_name, ("address", near): FREE_OF_AN_ADDRESS}


def _neighbourhood(address: str) -> str:
    """One machine has a whole /64 of IPv6 to itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(parsed) if parsed.version == 4 else parsed.exploded[:19]
