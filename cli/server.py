"""uvicorn, stopped by us: the order of a shutdown is ours, and so are the signals."""

import asyncio
import gc
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

GRACE_SECONDS = 2
"""How long open connections may take to end; a browser's socket never ends by itself."""
LARGEST_MESSAGE = 8_000_000
"""Bytes of one WebSocket message."""


class QuietServer(uvicorn.Server):
    """Serves an application whose lifespan the caller has entered."""

    def __init__(self, app: ASGIApp) -> None:
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # What a proxy says of a request is believed where it is asked for, and only from trusted ones.
            proxy_headers=False,
            ws_max_size=LARGEST_MESSAGE,
            # Compressing every small event costs more than its bytes do on loopback.
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        super().__init__(config)

    async def serve_until(self, asked: asyncio.Event, sockets: list[socket.socket]) -> None:
        """Serve until the event is set, then end what is open within GRACE_SECONDS."""
        # Libraries stay as long as the process. To look through all of them for garbage again and again holds up every
        # chat for a tenth of a second.
        gc.freeze()
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(self.serve(sockets))
            waiting = group.create_task(asked.wait())
            await asyncio.wait([serving, waiting], return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            self.should_exit = True

    def hurry(self) -> None:
        """Wait no longer for anything that is open."""
        self.force_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn would raise them again after its own shutdown and so cut ours short.
        yield
