"""That somebody forges messages, as commands for operators say it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestration.alarms import Alarm


def sentences(alarms: "Mapping[str, Alarm]") -> list[str]:
    """One for each agent concerned, and one for what was changed in runs."""
    return [_sentence(agent, alarm) for agent, alarm in alarms.items()]


def _sentence(agent: str, alarm: "Alarm") -> str:
    several = "s"[: alarm.messages != 1]
    what = f"message{several} for {agent}" if agent else f"question{several} or plan{several}"
    return (
        f"FORGED: {alarm.messages} {what} that nobody with the signing keys wrote; of the latest, at "
        f"{datetime.fromtimestamp(alarm.at, UTC):%Y-%m-%d %H:%M} UTC, {alarm.why}."
    )
