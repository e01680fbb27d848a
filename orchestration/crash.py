"""The named points at which a process may die, so that a test can let it die exactly there."""

from collections.abc import Callable
from enum import StrEnum


class CrashPoint(StrEnum):
    """Between every two writes that belong together there is one."""

    AFTER_ACCEPT = "after_accept"
    """The task is stored; nothing was decided."""
    AFTER_SELECT = "after_select"
    """Agents and plan are chosen and not yet written down."""
    AFTER_DECIDE = "after_decide"
    """Selection and plan are journalled, the first steps marked as queued; nothing was sent."""
    AFTER_PROPOSE = "after_propose"
    """The plan is offered and the place given back; nobody was let in for it."""
    AFTER_APPROVE = "after_approve"
    """The plan is approved; nobody owns the run, and nobody let it begin."""
    AFTER_SEND = "after_send"
    """Steps are on their agents' streams."""
    BEFORE_FINISH = "before_finish"
    """The findings are put together; the run has not ended."""
    AFTER_FINISH = "after_finish"
    """The run has ended."""
    AFTER_ADOPT = "after_adopt"
    """A run of somebody who died is owned; nothing was done for it."""
    AFTER_CLAIM = "after_claim"
    """A worker holds a step."""
    BEFORE_COMMIT = "before_commit"
    """The step's result is there, and not yet in Redis."""
    AFTER_COMMIT = "after_commit"
    """The result is in Redis, its message still on the stream: of a failure, and in a cluster."""
    AFTER_ACKNOWLEDGE = "after_acknowledge"
    """The message is gone as well."""
    BEFORE_RELEASE = "before_release"
    """An attempt failed or was broken off; the step still counts as running."""
    AFTER_RELEASE = "after_release"
    """The step waits for another attempt; the message of this one is still there."""
    BEFORE_BURY = "before_bury"
    """A step was given up; neither its dead letter nor its failure is written."""
    AFTER_BURY = "after_bury"
    """The dead letter is written, the failure is not."""


Crash = Callable[[CrashPoint], None]


def survive(point: CrashPoint) -> None:
    """What happens outside tests."""
