"""The chat as `roundtable serve` runs it, without workers: those are processes of their own here.

python -m demo.web DATA PORT
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from api import create_app
from benchmarks.children import be_a_child
from cli.logs import log_to_file
from cli.server import QuietServer
from cli.sockets import listening
from demo.patience import settings_of


@asynccontextmanager
async def serving(data: Path, port: int) -> AsyncIterator[None]:
    """Serve until the block ends."""
    settings = settings_of(data, port)
    log_to_file(data)
    app = create_app(settings, workers=False)
    server, asked = QuietServer(app), asyncio.Event()
    with listening(port) as sockets:
        async with app.running(), asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve_until(asked, sockets))
            yield
            asked.set()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("port", type=int)
    given = parser.parse_args()
    asyncio.run(be_a_child(serving(given.data, given.port)))


if __name__ == "__main__":
    main()
