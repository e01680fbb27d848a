"""How a person likes the page: whether to be asked first, how much detail, which model; kept for their next windows."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from agents.models import Models
from chat.detail import DETAILS, EVERYTHING
from chat.model_choice import choices, offers, value_of, wish_of
from chat.viewer import Window
from chat.wire import Detail, Json
from chat.words import Words
from history import History, HistoryError
from orchestration.errors import RoundtableError
from orchestration.log import RunLog

log = logging.getLogger(__name__)

ASK_FIRST, DETAIL, MODEL = "ask_first", "detail", "model"
"""Their names among the settings of a session, and in the history."""


@dataclass(frozen=True)
class Preferences:
    """What the settings beside the composer say."""

    ask_first: bool = False
    detail: Detail = EVERYTHING
    model: str = ""
    """As `Task.model`."""

    @classmethod
    def of(cls, settings: Mapping[str, object]) -> "Preferences":
        """As a session has them; a page may send anything."""
        wanted = settings.get(DETAIL)
        detail = next((detail for detail in DETAILS if detail == wanted), EVERYTHING)
        return cls(settings.get(ASK_FIRST) is True, detail, wish_of(settings.get(MODEL)))

    def settings(self) -> dict[str, object]:
        return {ASK_FIRST: self.ask_first, DETAIL: self.detail, MODEL: value_of(self.model)}

    def widgets(self, words: Words, models: Models) -> list[Json]:
        """As the page draws them; a model can be chosen where the operator offers some."""
        always: dict[str, Json] = {"tooltip": None, "disabled": False}
        items: list[Json] = [{"label": words.detail_name(detail), "value": detail} for detail in DETAILS]
        widgets: list[Json] = [
            {
                "type": "switch",
                "id": ASK_FIRST,
                "label": words.ask_first,
                "initial": self.ask_first,
                "description": words.ask_first_about,
                **always,
            },
            {
                "type": "select",
                "id": DETAIL,
                "label": words.detail,
                "initial": self.detail,
                "items": items,
                "description": words.detail_about,
                **always,
            },
        ]
        if offers(models, self.model):
            model: Json = {
                "type": "select",
                "id": MODEL,
                "label": words.model,
                "initial": value_of(self.model),
                "items": choices(models, self.model, words),
                "description": words.model_about,
                **always,
            }
            widgets.append(model)
        return widgets


class PreferenceBook:
    """What people chose last, or else how a conversation's last question was asked."""

    def __init__(self, history: History, runs: RunLog) -> None:
        self._history = history
        self._runs = runs

    async def keep(self, person: str, preferences: Preferences) -> None:
        """For the person's next windows. Raises HistoryError."""
        kept = {
            ASK_FIRST: "on" if preferences.ask_first else "off",
            DETAIL: preferences.detail,
            MODEL: value_of(preferences.model),
        }
        await self._history.prefer(person, kept)

    async def initial(self, window: Window) -> Preferences:
        """Those of a window that is new. Redis may be asked, and be away."""
        kept = await self._kept(window.person)
        asked = kept[ASK_FIRST] == "on" if ASK_FIRST in kept else await self._was_asked(window)
        return Preferences.of({**kept, ASK_FIRST: asked})

    async def detail(self, person: str) -> Detail:
        """That of a window that is new."""
        return Preferences.of(await self._kept(person)).detail

    async def _kept(self, person: str) -> dict[str, str]:
        try:
            return await self._history.preferences(person)
        except HistoryError as error:
            log.warning("how somebody likes the page cannot be read: %s", error)
            return {}

    async def _was_asked(self, window: Window) -> bool:
        try:
            runs = await self._runs.runs(window.person, window.thread)
            return bool(runs) and (await self._runs.task(runs[-1], window.person)).approval
        except RoundtableError as error:
            log.info("how the last question of thread %s was asked is not known: %s", window.thread, error)
            return False
