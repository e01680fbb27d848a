"""How much of a run a person wants to see. Every step and element says from which detail on it is shown."""

from typing import get_args

from chat.wire import Detail, Picture

DETAILS: tuple[Detail, ...] = get_args(Detail)
"""From the least to the most."""
EVERYTHING: Detail = "everything"


def reduced(picture: Picture, detail: Detail) -> Picture:
    """What is left of a picture in this detail; nothing is left without what it is nested in."""
    shown = DETAILS[: DETAILS.index(detail) + 1]
    steps = [step for step in picture.steps if step.detail in shown]
    gone = {step.id for step in picture.steps} - {step.id for step in steps}
    elements = [element for element in picture.elements if element.detail in shown and element.step not in gone]
    return Picture(tuple(step for step in steps if step.parent not in gone), tuple(elements))
