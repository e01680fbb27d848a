"""How a person likes the page: whether to be asked first, how much detail, which model; kept for their next windows."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from agents.models import Models
from chat.detail import DETAILS, EVERYTHING
from chat.model_choice import choices, offers, value_of, wish_of
from chat.wire import Detail, Json
from chat.words import Words
from history import History, HistoryError

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
    """What people chose last. A plan that was asked for with a command is no choice for the questions after it."""

    def __init__(self, history: History) -> None:
        self._history = history

    async def keep(self, person: str, preferences: Preferences) -> None:
        """For the person's next windows. Raises HistoryError."""
        kept = {
            ASK_FIRST: "on" if preferences.ask_first else "off",
            DETAIL: preferences.detail,
            MODEL: value_of(preferences.model),
        }
        await self._history.prefer(person, kept)

    async def initial(self, person: str) -> Preferences:
        """Those of a window that is new."""
        try:
            kept = await self._history.preferences(person)
        except HistoryError as error:
            log.warning("how somebody likes the page cannot be read: %s", error)
            kept = {}
        return Preferences.of({**kept, ASK_FIRST: kept.get(ASK_FIRST) == "on"})
