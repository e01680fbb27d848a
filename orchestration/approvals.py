"""Plans that are offered to a person before they run: offered once, approved once, whoever lives or dies meanwhile.

Between the two nobody owns the run: it holds no place, is not renewed, and its deadline stands still. It is looked at
again when it is approved, or when nobody has approved it for long.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestration.batching import Batcher
from orchestration.errors import NotAwaiting, Superseded, UnknownRun
from orchestration.keys import Keys
from orchestration.messages import (
    MAJOR,
    SCHEMA,
    AnyEvent,
    Approved,
    CoordinationPlan,
    Planned,
    Proposed,
    Selected,
    Selection,
    decode,
    encode,
    new_id,
)
from orchestration.records import OwnedRun
from orchestration.round_trips import Argument
from orchestration.settings import RunSettings
from orchestration.signing import KeyRing, Signing
from orchestration.store import BEHIND

APPROVAL_SECONDS = 24 * 3600.0
"""A plan that nobody approved for so long is not run any more."""
TOO_LATE = "Nobody approved this plan within a day, so it was not run."

_REFUSED = {
    b"ENDED": "This question is over, so its plan cannot run any more.",
    b"APPROVED": "This plan was approved already; it runs as it was approved first.",
    b"EARLY": "There is no plan to approve yet.",
}


@dataclass(frozen=True)
class Proposal:
    """Who is to answer what, as it is offered or as the person left it."""

    selection: Selection
    plan: CoordinationPlan


class Approvals:
    """Typed access to the two scripts."""

    def __init__(self, batcher: Batcher, keys: Keys, settings: RunSettings, signing: Signing | None = None) -> None:
        """Without `signing` plans are not signed, and taken from everybody."""
        self._signing = signing or Signing(KeyRing())
        self._batcher = batcher
        self._keys = keys
        self._settings = settings

    async def propose(self, run: OwnedRun, proposal: Proposal) -> None:
        """Offer a plan to the person and let go of the run; offering it again lets it wait on.

        Raises Superseded when the run is over, approved or somebody else's.
        """
        id = run.task.id
        k = self._keys.shard(id)
        events = (
            Selected(run=id, selection=proposal.selection.shown()),
            Proposed(run=id, plan=proposal.plan.shown(), seconds=APPROVAL_SECONDS),
        )
        fields = _flat(self._sealed(id, proposal))
        args: list[Argument] = [id, run.fence, int(1000 * APPROVAL_SECONDS), *fields, *map(encode, events)]
        keys = [k.run(id), k.events(id), k.active, k.waiting, k.awaiting]
        status = await self._batcher.script("propose", keys, args)
        if status != b"OK":
            raise Superseded(status.decode())

    async def proposal(self, run: str, person: str) -> Proposal:
        """What this person is offered; raises UnknownRun, NotAwaiting when there is nothing to approve, and ForgedPart
        where somebody changed it who may not.
        """
        names = ("person", "state", "left", "approval", "selection", "plan")
        whose, state, left, approval, selection, plan = await self._batcher("HMGET", self._keys.run(run), *names)
        if whose is None or whose.decode() != person:
            raise UnknownRun("There is no such run.")
        if state != b"running" or left is None:
            raise NotAwaiting(_REFUSED[b"ENDED" if state != b"running" else b"APPROVED" if approval else b"EARLY"])
        opened = self._signing.open
        return Proposal(
            decode(Selection, opened("selection", run, selection)),
            decode(CoordinationPlan, opened("plan", run, plan)),
        )

    def _sealed(self, run: str, proposal: Proposal) -> dict[str, bytes]:
        seal = self._signing.seal
        return {
            "selection": seal("selection", run, encode(proposal.selection)),
            "plan": seal("plan", run, encode(proposal.plan)),
        }

    async def approve(self, run: str, person: str, approved: Proposal, *, edited: bool) -> None:
        """Let the plan run as it is now, exactly once; whoever drives runs goes on with it, in its turn.

        Raises UnknownRun, and NotAwaiting when it was approved before or is over.
        """
        k = self._keys.shard(run)
        selection, plan = approved.selection, approved.plan
        events: Sequence[AnyEvent] = (
            Approved(run=run, person=person, edited=edited),
            Selected(run=run, selection=selection.shown()),
            Planned(run=run, plan=plan.shown()),
        )
        states = {f"{step.id}.state": "waiting" for step in plan.steps}
        fields = _flat({**self._sealed(run, approved), **states})
        args: list[Argument] = [run, person, new_id(), MAJOR, SCHEMA, self._settings.places_in_shard]
        keys = [k.run(run), k.events(run), k.active, k.waiting, k.awaiting, k.turns]
        status = await self._batcher.script(
            "approve", keys, [*args, self._keys.hints, BEHIND, *fields, *map(encode, events)]
        )
        if status == b"UNKNOWN":
            raise UnknownRun("There is no such run.")
        if status != b"OK":
            raise NotAwaiting(_REFUSED[status])


def _flat(fields: Mapping[str, bytes | str]) -> list[Argument]:
    """How many, then each field and its value."""
    return [len(fields), *(part for item in fields.items() for part in item)]
