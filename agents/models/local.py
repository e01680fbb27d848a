"""Models that run on this machine: `transformers serve` as a child, for all processes on a data folder.

Whoever comes first starts it and holds a lock as long as it lives; the others find its port beside the lock. When its
owner is gone the child ends as well, and the next that needs it starts another.
"""

import asyncio
import fcntl
import hashlib
import logging
import os
import re
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from typing import IO, Protocol

import httpx

from agents.errors import ModelFailed, ModelMisconfigured
from agents.models.model import Delta, LanguageModel, Prompt, Reply, StartedAnew

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.2
"""How often a server that is loading is asked whether it is there, and a lock of another process looked at."""
FIRST_REST = 1.0
MOST_REST = 60.0
"""Seconds before a child that died is started again; they double as long as it dies before it answers."""
ENDING_SECONDS = 3.0
"""A child that was told to end and has not by then is killed."""
_CODE = Path(__file__).parents[2]
_SECRET = re.compile(
    r"(?:^|_)(?:API)?(?:KEY|TOKEN|SECRET|PASSWORD)S?(?:_|$)"
    r"|^(?:ROUNDTABLE|REDIS|OPENAI|ANTHROPIC|OLLAMA|MISTRAL|GOOGLE|LANGSMITH|LANGCHAIN)_",
    re.IGNORECASE,
)
"""Variables that may hold a secret, an address with a password among them, and that a child has no need of."""


class LocalServer:
    """One model's server, run by this process or found where another runs it."""

    def __init__(self, name: str, data: Path, command: tuple[str, ...] = ()) -> None:
        """`command` takes the place of the child's own; the model and the port are put behind it."""
        self.name = name
        self.model = model_of(name)
        self._command = command or (sys.executable, "-m", "agents.models.serving_child")
        self._folder = data / "models"
        slug = re.sub(r"[^A-Za-z0-9.-]+", "-", Path(self.model).name)[:40]
        stem = f"{slug}-{hashlib.sha256(self.model.encode()).hexdigest()[:8]}"
        self._lock, self._port_file = self._folder / f"{stem}.lock", self._folder / f"{stem}.port"
        self.log = self._folder / f"{stem}.log"
        self._ready = asyncio.Event()
        self.base_url = ""
        """Where it answers; empty while it does not."""
        self.pid: int | None = None
        """Of the child; None while there is none, and where it is another process's."""

    async def wait_ready(self, seconds: float) -> str:
        """Where it answers. Raises ModelFailed when it does not within this time."""
        try:
            async with asyncio.timeout(seconds):
                await self._ready.wait()
        except TimeoutError:
            raise ModelFailed(self.name, "unreachable") from None
        return self.base_url

    async def run(self) -> None:
        """Keep it running, or find where another process does, until cancelled."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock.open("ab") as lock:
            while not _take(lock):
                await self._use_another()
                await asyncio.sleep(LOOK_SECONDS)
            self.log.unlink(missing_ok=True)
            rest = FIRST_REST
            while True:
                answered = await self._serve()
                rest = FIRST_REST if answered else min(rest * 2, MOST_REST)
                log.warning("the server of %s ended and is started again in %g s; see %s", self.name, rest, self.log)
                await asyncio.sleep(rest)

    async def _use_another(self) -> None:
        """As long as the lock is another's, its port is the right one."""
        try:
            port = int(self._port_file.read_text())
        except (OSError, ValueError):
            self._away()
        else:
            self._there(port)

    async def _serve(self) -> bool:
        """Run the child until it ends; whether it ever answered."""
        port = _free_port()
        with self.log.open("ab") as output:
            child = await asyncio.create_subprocess_exec(
                *self._command,
                self.model,
                str(port),
                stdin=PIPE,
                stdout=output,
                stderr=output,
                env=_environment(self.model),
                cwd=_CODE,
                # Ctrl-C on the terminal is for us; we end it in order.
                start_new_session=True,
            )
        self.pid = child.pid
        ended = asyncio.create_task(child.wait())
        try:
            if not await _answers(port, ended):
                return False
            self._port_file.write_text(str(port))
            self._there(port)
            log.info("%s answers", self.name)
            await asyncio.shield(ended)
            return True
        finally:
            self._port_file.unlink(missing_ok=True)
            self._away()
            await _end(child)
            await ended
            self.pid = None

    def _there(self, port: int) -> None:
        self.base_url = f"http://127.0.0.1:{port}/v1"
        self._ready.set()

    def _away(self) -> None:
        self.base_url = ""
        self._ready.clear()


class Asker(LanguageModel, Protocol):
    """Asks a server at one address, by connections that it keeps."""

    async def close(self) -> None: ...


class LocalModel:
    """Asks the server, wherever it is by then."""

    def __init__(self, server: LocalServer, at: Callable[[str], Asker], seconds: float) -> None:
        """`at` makes what asks a server at an address. It waits this many `seconds` for one that is loading."""
        self.name = server.name
        self._server = server
        self._at = at
        self._seconds = seconds
        self._made: tuple[str, Asker] | None = None

    async def reply(self, prompt: Prompt) -> AsyncGenerator[Delta | StartedAnew | Reply, None]:
        base_url = await self._server.wait_ready(self._seconds)
        before, made = self._made, self._made
        if made is None or made[0] != base_url:
            made = self._made = base_url, self._at(base_url)
            if before is not None:
                await before[1].close()  # Nobody answers at that address any more.
        async with aclosing(made[1].reply(prompt)) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        """Let go of the connections to the server."""
        made, self._made = self._made, None
        if made is not None:
            await made[1].close()


@asynccontextmanager
async def open_local(name: str, data: Path) -> AsyncIterator[LocalServer]:
    """Begins to load it; the block does not wait for that."""
    server = LocalServer(name, data)
    running = asyncio.create_task(server.run(), name=f"local model {name}")
    running.add_done_callback(_told)
    try:
        yield server
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def model_of(name: str) -> str:
    """The folder, or the name at Hugging Face. Raises ModelMisconfigured where a folder is meant that is not there."""
    model = name.partition(":")[2]
    folder = Path(model).expanduser()
    if folder.is_dir():
        return str(folder.resolve())
    if model.startswith((".", "/", "~")):
        raise ModelMisconfigured(f"The model {name} is a folder that does not exist.")
    return model


def _told(running: "asyncio.Task[None]") -> None:
    """A supervisor that broke is a model that is away, which whoever asks is told; here is why."""
    if not running.cancelled() and (error := running.exception()) is not None:
        log.error("the server of a local model cannot be run", exc_info=error)


def _environment(model: str) -> Mapping[str, str]:
    """Nothing is reported to anybody, nothing is fetched for a folder, and no provider's key is given along."""
    kept = {name: value for name, value in os.environ.items() if not _SECRET.search(name)}
    if token := os.environ.get("HF_TOKEN"):
        kept["HF_TOKEN"] = token
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"} if Path(model).is_dir() else {}
    return {**kept, **offline, "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1", "PYTHONUNBUFFERED": "1"}


def _take(lock: IO[bytes]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _free_port() -> int:
    """One that nobody has now; a child that finds it taken ends, and the next one gets another."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


async def _answers(port: int, ended: "asyncio.Task[int]") -> bool:
    """Waits until the child answers; False when it ends first."""
    async with httpx.AsyncClient(trust_env=False) as client:
        while not ended.done():
            with suppress(httpx.HTTPError):
                if (await client.get(f"http://127.0.0.1:{port}/health")).is_success:
                    return not ended.done()
            await asyncio.wait([ended], timeout=LOOK_SECONDS)
    return False


async def _end(child: Process) -> None:
    """Its standard input ends, which it takes as the end; one that is stuck is killed."""
    if child.returncode is not None:
        return
    if child.stdin is not None:
        child.stdin.close()
    try:
        async with asyncio.timeout(ENDING_SECONDS):
            await child.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            child.kill()
