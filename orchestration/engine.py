"""Which Redis a process talks to: the one of REDIS_URL, or the embedded one of the data folder."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from orchestration.connections import Connections, open_connections
from orchestration.durability import LOCAL
from orchestration.embedded import open_embedded
from orchestration.settings import Settings


@asynccontextmanager
async def open_engine(settings: Settings) -> AsyncIterator[Connections]:
    """Start or join what is needed, and connect. Raises ConfigurationError and EngineUnavailable."""
    async with AsyncExitStack() as stack:
        if settings.redis_url is not None:
            url, durability = settings.redis_url.get_secret_value(), settings.durability
        else:
            # Its file is on the disk before it answers, and it has no replicas.
            url, durability = (await stack.enter_async_context(open_embedded(settings.data))).url, LOCAL
        yield await stack.enter_async_context(open_connections(url, durability))
