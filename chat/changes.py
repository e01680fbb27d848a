"""From one picture to the next: what to tell a page."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from chat.wire import Element, Json, Picture, Step


@dataclass(frozen=True)
class Emission:
    """One event of the socket."""

    event: str
    data: Mapping[str, Json] | str


def changes(before: Picture, after: Picture, leftover: frozenset[str] = frozenset()) -> list[Emission]:
    """Everything that turns a page that shows `before` into one that shows `after`.

    `leftover` are ids of steps that the page may still have from before a lost connection. Sending a step or an
    element whole is an upsert by id, so it is never wrong to send too much.
    """
    emissions: list[Emission] = []
    known = {step.id: step for step in before.steps}
    # What somebody says goes first: a page draws after each emission, and whoever reads waits for the words.
    for step in sorted(after.steps, key=lambda step: not _says_more(known.get(step.id), step)):
        emissions += _step(known.get(step.id), step)
    shown: dict[str, Element] = {element.id: element for element in before.elements}
    for element in after.elements:
        if shown.get(element.id) != element:
            emissions.append(Emission("element", element.json()))
    for unseen in sorted(shown.keys() - {element.id for element in after.elements}):
        emissions.append(Emission("remove_element", {"id": unseen}))
    for gone in sorted((leftover | known.keys()) - {step.id for step in after.steps}):
        emissions.append(Emission("delete_message", {"id": gone}))
    return emissions


def _says_more(before: Step | None, after: Step) -> bool:
    """Whether a step that the page has got more words; what is new to the page stays behind its parent."""
    return before is not None and after.streaming and len(after.output) > len(before.output)


def _step(before: Step | None, after: Step) -> list[Emission]:
    if before is None:
        return [Emission("new_message", after.json())]
    if before == after:
        return []
    grown = after.streaming and replace(before, output=after.output) == after
    if grown and after.output.startswith(before.output):
        token = after.output[len(before.output) :]
        return [Emission("stream_token", {"id": after.id, "token": token, "isSequence": False, "isInput": False})]
    return [Emission("update_message", after.json())]
