"""The address that Prometheus reads, behind the guard like everything else."""

from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import httpx
import pytest

from api import metrics_alone
from orchestration import Settings
from orchestration.settings import MetricsSettings, WebSettings
from tests.api.test_application import Running, application, browser


async def test_the_chats_own_process_shows_them_beside_the_chat(tmp_path: Path) -> None:
    """In Prometheus' text format; there is nothing to read before the runtime is open."""
    app, _ = application(tmp_path, Running())
    async with browser(app) as prometheus:
        assert (await prometheus.get("/metrics")).status_code == 503
        async with app.running():
            response = await prometheus.get("/metrics")
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert response.text == "roundtable_redis_up 1.0\n"


async def test_another_sites_page_cannot_read_them(tmp_path: Path) -> None:
    """Neither by its origin nor by a name that it pointed at this machine."""
    app, _ = application(tmp_path, Running())
    async with app.running(), browser(app) as evil:
        assert (await evil.get("/metrics", headers={"origin": "http://evil.example"})).status_code == 403
        assert (await evil.get("/metrics", headers={"host": "evil.example"})).status_code == 403


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:9100", 200),
        ("127.0.0.1:9100", 200),
        ("10.1.2.3:9100", 200),
        ("worker.example:9100", 200),
        ("localhost:8000", 403),
        ("evil.example:9100", 403),
    ],
)
async def test_a_worker_answers_under_the_names_that_are_its_own(tmp_path: Path, host: str, status: int) -> None:
    """Loopback, the address that it listens on, and what ROUNDTABLE_HOSTS says; there is nothing but `/metrics`."""
    settings = Settings(
        data=tmp_path,
        web=WebSettings(hosts=("worker.example",)),
        metrics=MetricsSettings(port=9100, host=IPv4Address("10.1.2.3")),
    )
    app = metrics_alone(settings, 9100, Running())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost:9100") as client:
        assert (await client.get("/metrics", headers={"host": host})).status_code == status
        assert (await client.get("/")).status_code == 404


@pytest.mark.parametrize(
    ("address", "host"), [(IPv6Address("fd00::1"), "[fd00::1]:9100"), (IPv6Address("::"), "[::1]:9100")]
)
async def test_addresses_may_be_long_or_all_of_them(tmp_path: Path, address: IPv6Address, host: str) -> None:
    """IPv6, and every address of the machine."""
    settings = Settings(data=tmp_path, metrics=MetricsSettings(port=9100, host=address))
    app = metrics_alone(settings, 9100, Running())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=f"http://{host}") as client:
        assert (await client.get("/metrics")).status_code == 200
