"""The product as it is delivered: the real catalog, its documents and the real model, indexed once for all tests."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr

from orchestration import AgentOrchestrator, Settings, open_runtime


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def council(
    redis_url: str, tmp_path_factory: pytest.TempPathFactory, give_export: Callable[[Path], None]
) -> AsyncIterator[AgentOrchestrator]:
    """A council over the demo knowledge, in a data folder that goes away."""
    settings = Settings(data=tmp_path_factory.mktemp("demo"), redis_url=SecretStr(redis_url))
    give_export(settings.data)
    async with open_runtime(settings, prefix="demo") as orchestrator:
        await orchestrator.knowledge.wait_ready()
        yield orchestrator
