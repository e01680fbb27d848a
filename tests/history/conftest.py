"""A history in a folder of the test's own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from history import History, open_history


@pytest.fixture
async def history(tmp_path: Path) -> AsyncIterator[History]:
    async with open_history(tmp_path, clock=lambda: 1_000.0) as history:
        yield history
