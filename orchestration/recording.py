"""Reads events as a run's stream keeps them; of results only what somebody with the signing keys wrote."""

import logging

from orchestration.errors import Forged, UnsupportedMessage
from orchestration.messages import (
    AnyEvent,
    Failed,
    Finished,
    Recorded,
    Refused,
    StepResult,
    decode,
    decode_event,
    encoded_result,
)
from orchestration.signing import Signing
from orchestration.streams import Fields

log = logging.getLogger(__name__)


class Recording:
    """What one process takes from the streams of events."""

    def __init__(self, signing: Signing | None = None) -> None:
        self._signing = signing

    def read(self, run: str, entry: bytes, fields: Fields) -> Recorded | None:
        """One event of this run; None, with a line in the log, for one that cannot be read."""
        try:
            event = decode_event(fields[b"e"])
            attempt, fence = int(fields.get(b"a", 0)), int(fields.get(b"f", 0))
            if self._signing and isinstance(event, Finished | Failed):
                event = _trusted(self._signing, run, event, fence, encoded_result(fields[b"e"]))
        except (UnsupportedMessage, ValueError, KeyError) as error:
            log.warning("event %s is left out: %s", entry.decode(), type(error).__name__)
            return None
        # Nobody has seen it yet, so it need not be copied for this.
        vars(event).update(attempt=attempt, fence=fence)
        return Recorded(id=entry.decode(), at=int(entry.partition(b"-")[0]) / 1000, event=event)


def _trusted(signing: Signing, run: str, event: Finished | Failed, fence: int, sealed: bytes) -> AnyEvent:
    """The event with the result that was signed, however odd the JSON around it is; or that it was refused."""
    try:
        result = decode(StepResult, signing.open_result(run, fence, sealed))
    except Forged as error:
        return Refused(run=run, step=event.step, reason=str(error))
    return type(event)(run=run, step=result.step, result=result)
