"""What a person decides about a plan on its card: run it, as it is or as it was changed, or do not.

What is done shows itself in every window, because the card is drawn from the run's events like everything else.
"""

import logging

from pydantic import TypeAdapter, ValidationError

from chat.errors import ChatError
from chat.host import current
from chat.viewer import Window
from orchestration.editing import EditedStep, PlanEdit
from orchestration.errors import RoundtableError

log = logging.getLogger(__name__)

APPROVE, CANCEL = "approve_plan", "cancel_plan"
"""The actions of the card."""

_steps = TypeAdapter(tuple[EditedStep, ...])


async def approve_plan(window: Window, run: str, steps: object) -> dict[str, object]:
    """Run the plan with these steps; gives why not, in a sentence, or nothing."""
    try:
        edit = PlanEdit(steps=_steps.validate_python(steps))
        await current().orchestrator.approve(run, edit, person=window.person)
    except ValidationError:
        return {"refused": window.words.plan_unreadable}
    except (RoundtableError, ChatError) as error:
        log.info("the plan of run %s was not approved: %s", run, error)
        return {"refused": window.words.trouble(error)}
    return {"refused": ""}


async def cancel_plan(window: Window, run: str) -> dict[str, object]:
    """Do not run the plan; the run is over then. Gives why that is not possible, or nothing."""
    try:
        await current().orchestrator.cancel(run, person=window.person)
    except (RoundtableError, ChatError) as error:
        log.warning("run %s was not cancelled: %s", run, error)
        return {"refused": window.words.trouble(error)}
    return {"refused": ""}
