"""A browser's page without the browser: what Chainlit's page does with the events of the socket."""

from collections.abc import Mapping
from typing import cast

from chat.changes import Emission
from chat.wire import Json, Picture

Fields = dict[str, Json]
BRIEF = 100


class Page:
    """Keeps steps and elements by id, in the order in which they came, as the real page does.

    A step whose parent is not there is dropped, a known id is merged, a token is added to the output.
    """

    def __init__(self) -> None:
        self.steps: dict[str, Fields] = {}
        self.elements: dict[str, Fields] = {}
        self.running = False
        self.sidebar = ""
        self.toasts: list[str] = []

    def hear(self, event: str, data: object) -> None:
        match event, data:
            case (("new_message" | "stream_start"), {"id": str(id), **fields}):
                parent = fields.get("parentId")
                if parent is None or parent in self.steps or id in self.steps:
                    self.steps.setdefault(id, {}).update({"id": id, **cast(Fields, fields)})
            case "update_message", {"id": str(id), **fields}:
                if id in self.steps:
                    self.steps[id].update(cast(Fields, fields))
            case "stream_token", {"id": str(id), "token": str(token)}:
                if id in self.steps:
                    self.steps[id]["output"] = str(self.steps[id]["output"]) + token
            case "delete_message", {"id": str(id)}:
                self.steps.pop(id, None)
            case "element", {"id": str(id), **fields}:
                self.elements[id] = {"id": id, **cast(Fields, fields)}
            case "remove_element", {"id": str(id)}:
                self.elements.pop(id, None)
            case (("task_start" | "task_end"), _):
                self.running = event == "task_start"
            case "set_sidebar_title", str(title):
                self.sidebar = title
            case "toast", {"message": str(message)}:
                self.toasts.append(message)

    def __str__(self) -> str:
        """Briefly, for a test that waited in vain: what is at work is marked with three dots."""
        steps = (f"{s['name']}{'' if s.get('end') else '…'} {_brief(s.get('output', ''))}" for s in self.steps.values())
        elements = (f"{e['name']} {_brief(e.get('props'))}" for e in self.elements.values())
        lines = [f"a page {'at work' if self.running else 'at rest'}", *steps, *elements]
        return "\n  ".join([*lines, *(f"toast: {toast}" for toast in self.toasts)])

    def hear_all(self, emissions: list[Emission]) -> None:
        for emission in emissions:
            self.hear(emission.event, emission.data)

    def step(self, name: str) -> Fields:
        """The newest step of that name."""
        return next(step for step in reversed(self.steps.values()) if step["name"] == name)

    def names(self) -> list[str]:
        return [str(step["name"]) for step in self.steps.values()]

    def props(self, name: str) -> Mapping[str, Json]:
        """The newest element of that name."""
        element = next(e for e in reversed(self.elements.values()) if e["name"] == name)
        return cast(Mapping[str, Json], element["props"])


def _brief(told: object) -> str:
    text = " ".join(str(told).split())
    return repr(text if len(text) <= BRIEF else f"{text[:BRIEF]}…")


def shows(page: Page, picture: Picture) -> bool:
    """Whether the page has just what the picture has, in the same order below every parent.

    Of a message that it sent by itself a page knows more than it is told.
    """
    if page.steps.keys() != {s.id for s in picture.steps} or page.elements.keys() != {e.id for e in picture.elements}:
        return False
    wanted = {step.id: step.json() for step in picture.steps}
    steps = {id: {name: step.get(name) for name in wanted[id]} for id, step in page.steps.items()}
    same_order = all(
        [id for id, s in page.steps.items() if s["parentId"] == parent]
        == [id for id, s in wanted.items() if s["parentId"] == parent]
        for parent in {step.parent for step in picture.steps}
    )
    return steps == wanted and same_order and page.elements == {e.id: e.json() for e in picture.elements}
