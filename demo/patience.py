"""The settings of the demonstration's processes: all as they are delivered, but for the time that a presenter needs."""

from pathlib import Path

from orchestration import Settings
from orchestration.settings import RunSettings, WebSettings

TALKING_SECONDS = 1_800
"""A question waits for so long while the presenter talks."""


def settings_of(data: Path, port: int = 8000) -> Settings:
    patient = RunSettings(deadline_seconds=TALKING_SECONDS, step_seconds=TALKING_SECONDS)
    return Settings(data=data, web=WebSettings(port=port), run=patient)
