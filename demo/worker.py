"""A worker as `roundtable worker` runs it, for all agents, whose answers the demonstration can hold up.

    python -m demo.worker DATA

It is told `hold` and `let_go`, and says `held AGENT` for each step that it holds.
"""

import argparse
import asyncio
from pathlib import Path

from agents.answerers import ExtractiveAnswerer
from benchmarks.children import be_a_child
from cli.logs import log_to_file
from demo.held import HeldAnswerer
from demo.patience import settings_of
from orchestration import open_runtime


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    data = parser.parse_args().data
    log_to_file(data)
    answerer = HeldAnswerer(ExtractiveAnswerer(), lambda agent: print(f"held {agent}", flush=True))
    working = open_runtime(settings_of(data), answerer=answerer, kind="worker")
    asyncio.run(be_a_child(working, {"hold": answerer.hold, "let_go": answerer.let_go}))


if __name__ == "__main__":
    main()
