"""That somebody forges messages, as commands for operators say it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestration.alarms import Alarm


def sentences(alarms: "Mapping[str, Alarm]") -> list[str]:
    """One for each agent concerned."""
    return [
        f"FORGED: {alarm.messages} message{'s'[: alarm.messages != 1]} for {agent} that nobody with the signing keys "
        f"wrote; of the latest, at {datetime.fromtimestamp(alarm.at, UTC):%Y-%m-%d %H:%M} UTC, {alarm.why}."
        for agent, alarm in alarms.items()
    ]
