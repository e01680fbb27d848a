"""Whether a person wants to see the plan before it runs: the switch "Ask me first", and `/plan` for one question."""

import logging
from collections import OrderedDict
from collections.abc import Mapping

from chat.viewer import Window
from chat.wire import Json
from orchestration.errors import RoundtableError
from orchestration.log import RunLog

log = logging.getLogger(__name__)

SWITCH = "ask_first"
"""The switch's name among the settings of a session."""
PLAN = "plan"
"""What is typed after the slash."""
COMMAND: Json = {
    "id": PLAN,
    "description": "See the plan for one question, and change it, before it runs",
    "icon": "list-checks",
    "button": False,
    "persistent": False,
    "selected": False,
}
REMEMBERED = 10_000
"""People whose choice is kept; those who chose longest ago are forgotten first."""


def switch(on: bool) -> Json:
    """The switch as the page draws it."""
    return {
        "type": "switch",
        "id": SWITCH,
        "label": "Ask me first",
        "initial": on,
        "tooltip": None,
        "description": "See the plan before it runs: who is asked what, and in which order. You can change it.",
        "disabled": False,
    }


def asks_first(settings: Mapping[str, object], command: str | None) -> bool:
    """Whether the plan for a question is to be shown first."""
    return command == PLAN or settings.get(SWITCH) is True


class AskFirst:
    """What people chose last, while the server runs; or else how a conversation's last question was asked."""

    def __init__(self, runs: RunLog) -> None:
        self._runs = runs
        self._chosen: OrderedDict[str, bool] = OrderedDict()

    def remember(self, person: str, on: bool) -> None:
        """For the person's next windows."""
        self._chosen[person] = on
        self._chosen.move_to_end(person)
        while len(self._chosen) > REMEMBERED:
            self._chosen.popitem(last=False)

    async def initial(self, window: Window) -> bool:
        """How the switch stands in a window that is new."""
        if window.person in self._chosen:
            return self._chosen[window.person]
        try:
            runs = await self._runs.runs(window.person, window.thread)
            return bool(runs) and (await self._runs.task(runs[-1], window.person)).approval
        except RoundtableError as error:
            log.info("how the last question of thread %s was asked is not known: %s", window.thread, error)
            return False
