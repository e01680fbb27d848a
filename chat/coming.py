"""Questions that are on their way to the page: asked, and not on show yet."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Coming:
    """Of all conversations. Until one is on show nobody knows its run: who stops what goes on there waits for it."""

    def __init__(self) -> None:
        self._coming: dict[tuple[str, str], set[asyncio.Event]] = {}
        """By thread and person: what is set when it is on show."""

    @contextmanager
    def question(self, thread: str, person: str) -> Iterator[asyncio.Event]:
        """The event is to be set when it is on show; at the end of the block it is on show, or was refused."""
        on_show = asyncio.Event()
        there = self._coming.setdefault((thread, person), set())
        there.add(on_show)
        try:
            yield on_show
        finally:
            on_show.set()
            there.discard(on_show)
            if not there:
                self._coming.pop((thread, person), None)

    async def arrived(self, thread: str, person: str) -> None:
        """Wait for those that are on their way now."""
        for on_show in tuple(self._coming.get((thread, person), ())):
            await on_show.wait()
