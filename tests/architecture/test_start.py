"""A worker that needs no model loads none, so that many of them start quickly."""

import subprocess
import sys
from pathlib import Path

WORKER = """
import asyncio, sys, time
from pathlib import Path
from agents import Agent, AgentRegistry
from agents.answerers.scripted import ScriptedAnswerer
from knowledge import HashEmbedder
from orchestration import Settings, Task, open_runtime

async def main() -> None:
    registry = AgentRegistry([Agent(name="north", title="North", description="Watches the weather up north.")])
    settings = Settings(data=Path(sys.argv[1]), redis_url=sys.argv[2])
    runtime = open_runtime(settings, registry=registry, answerer=ScriptedAnswerer(), embedder=HashEmbedder(),
                           prefix=sys.argv[3])
    async with runtime as orchestrator:
        started = time.process_time()
        heavy = {"torch", "sentence_transformers", "chainlit", "langchain_core"} & sys.modules.keys()
        result = await orchestrator.dispatch_task(Task(question="@north Is it cold?"))
        print(result.state, sorted(heavy), started < 1.0, sep="|")

asyncio.run(main())
"""


def test_a_scripted_worker_starts_light(tmp_path: Path, redis_url: str) -> None:
    """It answers without a model in memory, and its start costs less than a second of processor time."""
    command = [sys.executable, "-c", WORKER, str(tmp_path), redis_url, "test-light"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.stdout.strip() == "answered|[]|True", done.stdout + done.stderr
