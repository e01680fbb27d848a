"""What a conversation has beside its runs, between the history and the page: refusals, files, feedback.

Nothing here raises: what cannot be kept or read at the moment is missing on the page, and the log has the cause.
"""

import json
import logging
from collections.abc import Collection, Mapping
from copy import copy
from dataclasses import asdict, replace

from chat.delivery import Delivery
from chat.delivery_picture import draw_delivery
from chat.errors import BrokenOff
from chat.item import SETTLED
from chat.picture import Titles
from chat.refusal import refused
from chat.still import Still
from chat.wire import Element, Json, Picture, Step, stable_id
from chat.words import Words
from history import Feedback, HandedIn, History, HistoryError

log = logging.getLogger(__name__)


class Remembered:
    """Reads and writes it as pictures."""

    def __init__(self, history: History, titles: Titles) -> None:
        self._history = history
        self._titles = titles

    async def keep(self, delivery: Delivery) -> None:
        """Files, as a person who comes back should find them: one that is not over as if it were broken off now."""
        order = delivery.order
        picture = draw_delivery(delivery if delivery.over else _broken_off(delivery), self._titles, order.words)
        record = HandedIn(
            id=delivery.id,
            person=order.person,
            conversation=order.thread,
            name=order.words.listed([item.name for item in delivery.items]),
            mode="council" if order.manner.for_once else order.manner.mode,
            began=delivery.began,
            picture=json.dumps(asdict(picture)),
        )
        try:
            await self._history.hand_in(record)
        except HistoryError as error:
            log.warning("delivery %s is not kept: %s", delivery.id, error)

    async def stills(self, thread: str, person: str, beside: Collection[str], words: Words) -> list[Still]:
        """Refusals, and files that came before this server started, which are not among those `beside`."""
        try:
            refusals = await self._history.refusals(person, thread)
            files = await self._history.handed_in(person, thread)
        except HistoryError as error:
            log.warning("thread %s is not shown wholly: %s", thread, error)
            return []
        stills = [refused(one, words) for one in refusals]
        return stills + [Still(one.id, one.began, _picture(one.picture)) for one in files if one.id not in beside]

    async def feedback(self, run: str, person: str) -> Mapping[str, Json] | None:
        """What the person thinks of a run, as Chainlit's page has it."""
        try:
            given = await self._history.feedback(person, run)
        except HistoryError as error:
            log.warning("feedback on run %s is not shown: %s", run, error)
            return None
        return feedback_json(given) if given is not None else None


def feedback_json(given: Feedback) -> dict[str, Json]:
    return {
        "id": given.run,
        "forId": stable_id(given.run, "run"),
        "value": int(given.good),
        "comment": given.comment or None,
    }


def _picture(kept: str) -> Picture:
    told = json.loads(kept)
    steps = tuple(Step(**step) for step in told["steps"])
    return Picture(steps, tuple(Element(**element) for element in told["elements"]))


def _broken_off(delivery: Delivery) -> Delivery:
    """As it will be when nobody goes on with it."""
    other = copy(delivery)
    other.stage, other.ended, other.trouble = "over", delivery.began, BrokenOff()
    other.items = tuple(item if item.state in SETTLED else replace(item, state="left") for item in delivery.items)
    return other
