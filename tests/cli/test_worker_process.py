"""`roundtable worker` in a process of its own: what it shows and what it writes down."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import httpx

from agents import Question
from agents.answerers.scripted import ScriptedAnswerer
from cli.main import main
from cli.runtime import Runtime, real_runtime
from knowledge import HashEmbedder
from orchestration import Task, open_runtime
from orchestration.keys import Keys
from orchestration.settings import MetricsSettings
from tests.cli.runs import Terminal
from tests.integration.scrapes import Scrape
from tests.orchestration.waiting import PATIENCE_SECONDS
from tests.orchestration.worlds import registry, world

QUESTION = "What did the doctor say about my knee?"
DOCUMENT = "ten litres of water"
WORKER = "import sys; from tests.cli.test_worker_process import work; sys.exit(work(*sys.argv[1:]))"


async def quote_the_document(question: Question) -> None:
    """Fails as a library might: with everything that it was given."""
    texts = " ".join(hit.passage.text for hit in question.hits)
    assert DOCUMENT in texts
    raise ValueError(f"cannot answer {question.text!r} from {texts!r}")


def work(folder: str, prefix: str) -> int:
    """The command itself, over the small world of two agents, with an answerer that fails."""
    home, real = Path(folder), real_runtime()
    agents = registry(home)
    runtime = Runtime(
        read_settings=real.read_settings,
        agents=lambda: agents,
        open_runtime=lambda given, **how: open_runtime(
            given,
            registry=agents,
            answerer=ScriptedAnswerer(before=quote_the_document),
            embedder=HashEmbedder(),
            prefix=prefix,
            **how,
        ),
        open_single=real.open_single,
        open_shelves=real.open_shelves,
        open_operations=real.open_operations,
        documents=real.documents,
    )
    return main(["worker", "--agents", "garden"], runtime=runtime)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def worker(folder: Path, redis_url: str, prefix: str, port: int) -> Iterator[Path]:
    """A worker process that works; gives the file with its standard error. Afterwards it is stopped in order."""
    environ = {
        **os.environ,
        "ROUNDTABLE_DATA": str(folder / "data"),
        "REDIS_URL": redis_url,
        "ROUNDTABLE_METRICS_PORT": str(port),
    }
    written = folder / "stderr"
    command = [sys.executable, "-c", WORKER, str(folder), prefix]
    root = Path(__file__).parents[2]
    with (
        written.open("w") as err,
        subprocess.Popen(command, env=environ, cwd=root, stdout=subprocess.PIPE, stderr=err, text=True) as process,
    ):
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "Working for garden (Ctrl-C stops it)\n", written.read_text()
            yield written
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_SECONDS) == 0
        finally:
            process.kill()


async def test_a_worker_shows_what_it_did_and_writes_no_text_down(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """`/metrics` on its own port; a log of JSON objects with ids, and with not a word of what it was working on."""
    port = free_port()
    async with world(tmp_path, redis_url, keys.prefix, workers=False) as orchestrator:
        with worker(tmp_path, redis_url, keys.prefix, port) as written:
            task = Task(question=f"@garden {QUESTION}")
            result = await orchestrator.dispatch_task(task)
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_SECONDS) as prometheus:
                # It counts a moment after its result is known.
                while (read := await scraped(prometheus)).value("steps_total", agent="garden", state="failed") != 1:
                    pass
                foreign = await prometheus.get("/metrics", headers={"origin": "http://evil.example"})

    assert result.reason == "Gardener failed while answering (ValueError)."
    assert (read.value("workers_alive", agent="garden"), read.value("redis_up")) == (1, 1)
    assert foreign.status_code == 403

    log = written.read_text()
    assert DOCUMENT not in log
    assert "knee" not in log
    lines = [json.loads(line) for line in log.splitlines()]
    (step,) = {line["step"] for line in lines if "step" in line}
    failures = [line for line in lines if "ValueError" in line.get("exception", "")]
    assert failures
    assert {(line["task"], line["step"], line["agent"]) for line in failures} == {(task.id, step, "garden")}


async def scraped(prometheus: httpx.AsyncClient) -> Scrape:
    return Scrape((await prometheus.get("/metrics")).content)


def test_a_port_that_is_taken_is_one_line(terminal: Terminal) -> None:
    """Found before anything is opened; the sentence names the setting."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = shown_on(terminal, port, "127.0.0.1").types("worker", "--agents", "security")
    assert ran.code == 2
    told = f"Port {port} is in use. Stop what uses it or set ROUNDTABLE_METRICS_PORT={port + 1}."
    assert ran.complaint == f"roundtable: {told}"


def test_an_address_of_another_machine_is_one_line(terminal: Terminal) -> None:
    """It cannot be listened on here."""
    ran = shown_on(terminal, free_port(), "192.0.2.1").types("worker", "--agents", "security")
    assert ran.code == 2
    assert ran.complaint == "roundtable: This machine has no address 192.0.2.1. Set ROUNDTABLE_METRICS_HOST=127.0.0.1."


def shown_on(terminal: Terminal, port: int, host: str) -> Terminal:
    """The same terminal, with a place for metrics."""
    metrics = MetricsSettings(port=port, host=ip_address(host))
    return replace(terminal, settings=terminal.settings.model_copy(update={"metrics": metrics}))
