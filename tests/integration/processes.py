"""Real processes for the tests: look at one, end one, and run a second user of the embedded server."""

import asyncio
import os
import select
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.orchestration.waiting import PATIENCE_SECONDS

REPOSITORY = Path(__file__).parents[2]
USER = """
import asyncio, sys
from pathlib import Path
from orchestration.embedded import open_embedded

async def main():
    async with open_embedded(Path(sys.argv[1])) as server:
        print(server.pid, flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


def runs(pid: int) -> bool:
    """Whether there is such a process, other than one that has ended and was not yet collected."""
    command = Path(f"/proc/{pid}/cmdline")
    return command.exists() and command.read_bytes() != b""


def kill(pid: int) -> None:
    """Kill a process and wait until it is gone."""
    process = os.pidfd_open(pid)
    try:
        os.kill(pid, signal.SIGKILL)
        end = select.poll()
        end.register(process, select.POLLIN)
        assert end.poll(1000 * PATIENCE_SECONDS)
    finally:
        os.close(process)


def children(pid: int | str = "self") -> dict[int, bytes]:
    """What a process has started and not yet collected, with the command of each."""
    found: dict[int, bytes] = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # A thread, or a child, that ends just now.
            for child in (task / "children").read_text().split():
                found[int(child)] = b""
                found[int(child)] = Path(f"/proc/{child}/cmdline").read_bytes()
    return found


def open_files(pid: int) -> list[str]:
    """What the descriptors of a process point to; a socket looks like "socket:[4711]"."""
    return [str(descriptor.readlink()) for descriptor in Path(f"/proc/{pid}/fd").iterdir()]


def listening_on_tcp(pid: int) -> list[str]:
    """The TCP sockets of a process (the tenth column of the system's table is their number)."""
    tables = (Path(f"/proc/{pid}/net/{name}") for name in ("tcp", "tcp6"))
    rows = [row.split() for table in tables if table.exists() for row in table.read_text().splitlines()[1:]]
    return sorted({f"socket:[{row[9]}]" for row in rows} & set(open_files(pid)))


@asynccontextmanager
async def another_process(data: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """A second program that uses the data folder until its input closes, and the server it sees."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        USER,
        data,
        cwd=REPOSITORY,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdin and child.stdout
    try:
        yield child, int(await child.stdout.readline())
    finally:
        child.stdin.close()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await child.wait()
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
