"""The real thing: `roundtable serve` in a process of its own, with Chainlit and the embedded Redis."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.integration.scrapes import Scrape
from tests.orchestration.waiting import PATIENCE_SECONDS

SOCKET = "/ws/socket.io/?EIO=4&transport=websocket"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def figures() -> int:
    """Where the figures are alone."""
    return free_port()


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, figures: int, give_export: Callable[[Path], None]) -> Iterator[int]:
    """A running server; afterwards it is asked to stop, with a socket still open, and has to end cleanly."""
    number = free_port()
    data = tmp_path_factory.mktemp("data")
    give_export(data)
    left = data / "uploads" / "of a killed server" / "session"
    left.mkdir(parents=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHAINLIT_")}
    environ = {
        **kept,
        "ROUNDTABLE_DATA": str(data),
        "PORT": str(number),
        "ROUNDTABLE_METRICS_PORT": str(figures),
        "DATABASE_URL": "postgres://elsewhere",
        # Chainlit would take these for its own settings.
        **dict.fromkeys(("PROJECT", "CODE", "RUN", "UI", "FEATURES", "root"), "another program's"),
    }
    # Started elsewhere on purpose: nothing may depend on the current folder.
    command = [sys.executable, "-m", "cli.main", "serve"]
    environ["PYTHONPATH"] = str(Path(__file__).parents[2])
    with subprocess.Popen(command, env=environ, cwd=data, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            assert server.stdout.readline() == (
                f"Roundtable is at http://localhost:{number}, without a login and for this machine only"
                " (Ctrl-C stops it)\n"
            )
            assert not left.parent.exists(), "uploads outlived a server that was killed"
            yield number
            with connect(f"ws://localhost:{number}{SOCKET}", origin=_origin(number), open_timeout=PATIENCE_SECONDS):
                server.send_signal(signal.SIGTERM)
                assert server.wait(PATIENCE_SECONDS) == 0
        finally:
            server.kill()
    assert (data / "secret").stat().st_mode & 0o777 == 0o600
    assert not (data / ".files").exists(), "Chainlit wrote into the current folder"
    assert not [left for left in (data / "uploads").iterdir() if left.is_dir()], "uploads outlived the server"


def _origin(port: int) -> Origin:
    return Origin(f"http://localhost:{port}")


def test_the_page_and_its_files_are_served_with_our_headers(port: int) -> None:
    """Chainlit's own responses too, and nothing for other origins."""
    with httpx.Client(base_url=f"http://localhost:{port}", timeout=PATIENCE_SECONDS) as client:
        assert client.get("/api/health").json() == {"status": "ok"}
        for path in ("/", "/public/theme.json", "/project/settings?language=en-US", "/public/missing"):
            response = client.get(path, headers={"origin": f"http://localhost:{port}"})
            assert "frame-ancestors 'none'" in response.headers["content-security-policy"], path
            assert not [name for name in response.headers if name.startswith("access-control-")], path


def test_prometheus_reads_its_metrics_beside_the_chat_and_alone(port: int, figures: int) -> None:
    """The chat page, which takes every other address, leaves this one alone."""
    for at in (port, figures):
        while not _measures_a_worker(response := httpx.get(f"http://127.0.0.1:{at}/metrics", timeout=PATIENCE_SECONDS)):
            pass  # The page is there before the agents are.
        assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert Scrape(response.content).value("redis_up") == 1
    assert httpx.get(f"http://127.0.0.1:{figures}/", timeout=PATIENCE_SECONDS).status_code == 404


def _measures_a_worker(response: httpx.Response) -> bool:
    return Scrape(response.content).value("workers_alive", agent="security") == 1


def test_a_new_browser_is_signed_in_with_its_first_page(port: int) -> None:
    """A link to a conversation works in it at once."""
    with httpx.Client(base_url=f"http://localhost:{port}", timeout=PATIENCE_SECONDS) as client:
        assert client.get("/user").status_code == 401
        assert client.get("/thread/some", headers={"accept": "text/html"}).status_code == 200
        assert client.get("/user").json()["identifier"] == "local"


def test_other_sites_reach_neither_pages_nor_the_socket(port: int) -> None:
    """The stock server answers both."""
    with httpx.Client(base_url=f"http://localhost:{port}", timeout=PATIENCE_SECONDS) as client:
        assert client.get("/project/settings", headers={"origin": "http://evil.example"}).status_code == 403
        assert client.get("/", headers={"host": "evil.example"}).status_code == 403
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://localhost:{port}{SOCKET}", origin=Origin("http://evil.example"), open_timeout=PATIENCE_SECONDS)
    assert refused.value.response.status_code == 403


def test_the_pages_own_socket_takes_large_messages_and_is_not_compressed(port: int) -> None:
    """A long answer must not drop the connection."""
    with connect(f"ws://localhost:{port}{SOCKET}", origin=_origin(port), open_timeout=PATIENCE_SECONDS) as opened:
        assert '"maxPayload":8000000' in str(opened.recv())
        assert opened.response is not None
        assert "Sec-WebSocket-Extensions" not in opened.response.headers
