"""The presenter's terminal: what is said, and when it goes on."""

import asyncio
import sys
import threading

WORDS_PER_SECOND = 4.0
LEAST_SECONDS = 1.5


def say(words: str) -> None:
    print(words, flush=True)


class Enter:
    """Goes on when the presenter presses Enter."""

    def __init__(self) -> None:
        self._lines: asyncio.Queue[str] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def read() -> None:
            for line in sys.stdin:
                loop.call_soon_threadsafe(self._lines.put_nowait, line)

        # A daemon: a read of the terminal cannot be cancelled, and must not keep the process.
        threading.Thread(target=read, daemon=True).start()

    async def __call__(self, words: str) -> None:
        print("    (Enter) ", end="", flush=True)
        await self._lines.get()


async def after_reading(words: str) -> None:
    """Goes on when an audience has read it."""
    await asyncio.sleep(max(LEAST_SECONDS, len(words.split()) / WORDS_PER_SECOND))


async def at_once(words: str) -> None:
    """Goes on without anybody."""
