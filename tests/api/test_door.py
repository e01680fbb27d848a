"""Which names the server answers to: its own, and what the person added."""

import pytest

from api.door import Door
from orchestration import ConfigurationError

DOOR = Door(8000, ("chat.example.org", "lab:9000"))


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "LocalHost:8000"])
def test_loopback_names_go_with_the_port_that_is_served(host: str) -> None:
    """The page's own address, in any of its spellings."""
    assert DOOR.admits_host(host)


@pytest.mark.parametrize("host", ["localhost", "localhost:3000", "127.0.0.1:80", "[::1]", "127.0.0.2:8000"])
def test_another_port_of_this_machine_is_another_site(host: str) -> None:
    """A development server on port 3000 is not this page."""
    assert not DOOR.admits_host(host)


@pytest.mark.parametrize("host", ["chat.example.org", "chat.example.org:443", "chat.example.org:8000", "lab:9000"])
def test_a_further_name_is_reached_directly_or_through_a_proxy(host: str) -> None:
    """Default ports and the served one; `name:port` goes with exactly that port."""
    assert DOOR.admits_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8000",
        "localhost.evil.example:8000",
        "evil.example#localhost:8000",
        "user@localhost:8000",
        "localhost:8000, evil.example",
        "localhost:8000/",
        "localhost:",
        "localhost:080000",
        "sub.chat.example.org",
        "lab",
        "[::1%25eth0]:8000",
        "localhost:٨٠٠٠",
        "",
    ],
)
def test_everything_else_is_refused(host: str) -> None:
    """Names that somebody pointed at this machine, and spellings that a careless check lets through."""
    assert not DOOR.admits_host(host)


def test_a_default_port_is_left_out_by_browsers() -> None:
    """Served on port 80, the page's Host header has no port."""
    assert Door(80).admits_host("localhost")


@pytest.mark.parametrize("origin", ["http://localhost:8000", "https://chat.example.org", "http://[::1]:8000"])
def test_an_origin_is_a_scheme_and_such_a_host(origin: str) -> None:
    """What the page itself sends along."""
    assert DOOR.admits_origin(origin)


@pytest.mark.parametrize(
    "origin", ["null", "", "http://evil.example", "ftp://localhost:8000", "localhost:8000", "http://localhost:3000"]
)
def test_other_origins_are_refused(origin: str) -> None:
    """Other sites, sandboxed pages and files."""
    assert not DOOR.admits_origin(origin)


@pytest.mark.parametrize("host", ["https://chat.example.org", "chat/", "a b"])
def test_a_wrong_setting_is_named(host: str) -> None:
    """An address instead of a name would otherwise never match, silently."""
    with pytest.raises(ConfigurationError, match="ROUNDTABLE_HOSTS"):
        Door(8000, (host,))
