"""Commands that leave together; the other end of the connection is held by the test."""

import asyncio
from types import TracebackType
from typing import Any, Self, cast

from redis.asyncio import Redis

from orchestration.batching import Batcher


class Line:
    """Stands for a connection: replies to everything that was sent when the test says so."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[tuple[str, ...]] = asyncio.Queue()
        self.open = asyncio.Event()

    def pipeline(self, transaction: bool) -> "Trip":
        return Trip(self)


class Trip:
    """One round trip."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._commands: list[str] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def execute_command(self, *command: str) -> None:
        self._commands.append(" ".join(command))

    async def execute(self, raise_on_error: bool) -> list[Any]:
        self._line.sent.put_nowait(tuple(self._commands))
        await self._line.open.wait()
        return [command.lower() for command in self._commands]


async def test_commands_that_wait_leave_together() -> None:
    """One round trip for what is asked in the same moment, and each caller gets its own reply."""
    line = Line()
    line.open.set()
    batcher = Batcher(cast(Redis, line))

    replies = await asyncio.gather(batcher("ONE"), batcher("TWO"))

    assert list(replies) == ["one", "two"]
    assert line.sent.get_nowait() == ("ONE", "TWO")
    assert line.sent.empty()


async def test_a_command_never_waits_for_another_one_to_come() -> None:
    """Two replies arrive in the same moment, and only one of those who hear them has something more to ask."""
    line = Line()
    batcher = Batcher(cast(Redis, line))

    async def ask_twice() -> list[Any]:
        return [await batcher("FIRST"), await batcher("LAST")]

    async with asyncio.TaskGroup() as group:
        twice = group.create_task(ask_twice())
        assert await line.sent.get() == ("FIRST",)
        group.create_task(batcher("OTHER"))
        assert await line.sent.get() == ("OTHER",)
        line.open.set()
        async with asyncio.timeout(1):
            assert await twice == ["first", "last"]
