"""Whose account is removed has nothing going on any more: questions are stopped, and files that are being taken in."""

import logging

from chat.deliveries import Deliveries
from history import ConversationLog, History, HistoryError
from orchestration.errors import RoundtableError, UnknownRun
from orchestration.orchestrator import Orchestrator
from people import AccountsUnusable, People

log = logging.getLogger(__name__)

MOST_RUNS = 1_000
"""Of one person, stopped at one look."""


class Departures:
    """Looked for at the start of a server and whenever the accounts are others than before."""

    def __init__(
        self,
        people: People,
        orchestrator: Orchestrator,
        history: History,
        runs: ConversationLog,
        deliveries: Deliveries,
    ) -> None:
        self._people = people
        self._orchestrator = orchestrator
        self._history = history
        self._runs = runs
        self._deliveries = deliveries
        self._seen: frozenset[str] | None = None
        """Who had an account at the last look."""
        self._unfinished = False
        """Whether something could not be stopped then."""

    async def look(self) -> None:
        """End what the removed have going on; what cannot be ended now is at the next look."""
        try:
            known = frozenset(self._people.accounts.all())
            if known == self._seen and not self._unfinished:
                return
            asking = self._runs.askers
            removed = self._people.removed({*await self._history.people_at_work(), *asking, *self._deliveries.people})
        except (AccountsUnusable, HistoryError) as error:
            # Nobody is taken for removed because a file cannot be read.
            log.debug("it is not known who was removed: %s", error)
            return
        ended = [await self._end_all_of(person) for person in sorted(removed)]
        self._seen, self._unfinished = known, not all(ended) or not removed.isdisjoint(asking)

    async def _end_all_of(self, person: str) -> bool:
        """Whether that could be done."""
        self._deliveries.stop_all_of(person)
        try:
            going_on = await self._history.open_runs(person, MOST_RUNS)
        except HistoryError as error:
            log.warning("what %s has going on is not known: %s", person, error)
            return False
        return all([await self._stop(run.task.id, person) for run in going_on])

    async def _stop(self, run: str, person: str) -> bool:
        try:
            if await self._orchestrator.cancel(run, person=person):
                log.info("run %s is stopped: the account of %s was removed", run, person)
        except UnknownRun:
            log.debug("run %s is over", run)
        except RoundtableError as error:
            log.info("run %s of %s, whose account was removed, is not stopped yet: %s", run, person, error)
            return False
        return True
