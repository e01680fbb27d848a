"""Beyond loopback only with a login."""

from pathlib import Path

import pytest

from api.reach import check_reach, hosts_of, people_of, where
from orchestration import ConfigurationError, Settings, read_settings
from people import AccountsUnusable

PROXY = {"ROUNDTABLE_PROXY_HEADER": "X-Forwarded-User", "ROUNDTABLE_TRUSTED_PROXIES": "10.0.0.0/24, ::1"}


def settings_of(folder: Path, **environ: str) -> Settings:
    return read_settings({"ROUNDTABLE_DATA": str(folder), **environ}, dotenv=None)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.20"])
def test_others_may_only_come_to_a_login(tmp_path: Path, address: str) -> None:
    """An account that nobody can sign in with is none."""
    settings = settings_of(tmp_path, ROUNDTABLE_LISTEN=address)
    people = people_of(settings)
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=f"could reach {address} and nobody has a password"):
            check_reach(settings, people)
        people.accounts.add(f"person{len(people.accounts.all())}", "member", None)
    people.accounts.set_password("person0", "hash")
    check_reach(settings, people)
    people.accounts.file.write_text("damaged")
    with pytest.raises(AccountsUnusable):
        check_reach(settings, people)


def test_a_proxy_is_a_login(tmp_path: Path) -> None:
    """Whoever comes around it is nobody."""
    settings = settings_of(tmp_path, ROUNDTABLE_LISTEN="0.0.0.0", **PROXY)
    people = people_of(settings)
    check_reach(settings, people)
    assert people.login == "proxy"
    assert people.trusts("10.0.0.77")
    assert people.trusts("::1")
    assert not people.trusts("10.0.1.1")


@pytest.mark.parametrize("address", ["", "127.0.0.1", "::1"])
def test_this_machine_needs_none(tmp_path: Path, address: str) -> None:
    """As ever."""
    settings = settings_of(tmp_path, ROUNDTABLE_LISTEN=address)
    check_reach(settings, people_of(settings))
    assert people_of(settings).login == "none"


def test_it_is_said_where_it_is_and_for_whom(tmp_path: Path) -> None:
    """In the line at the start."""
    alone = settings_of(tmp_path)
    assert where(alone, people_of(alone)) == "http://localhost:8000, without a login and for this machine only"
    hosted = settings_of(tmp_path, ROUNDTABLE_HOSTS="chat.example.org")
    assert where(hosted, people_of(hosted)).endswith("for this machine and whoever comes by chat.example.org")
    people_of(alone).accounts.add("ben", "member", "hash")
    assert where(alone, people_of(alone)) == "http://localhost:8000, for people with an account"
    for address, at in (
        ("192.168.1.20", "192.168.1.20:8000"),
        ("2001:db8::1", "[2001:db8::1]:8000"),
        ("::", "localhost:8000"),
    ):
        reached = settings_of(tmp_path, ROUNDTABLE_LISTEN=address)
        assert where(reached, people_of(reached)).startswith(f"http://{at}, ")
    named = settings_of(tmp_path, ROUNDTABLE_LISTEN="0.0.0.0", ROUNDTABLE_HOSTS="chat.example.org", **PROXY)
    assert where(named, people_of(named)) == "http://chat.example.org:8000, for people whom your proxy names"


def test_it_answers_under_the_address_that_it_listens_on(tmp_path: Path) -> None:
    """Beside the names in ROUNDTABLE_HOSTS; not under "all addresses"."""
    hosts = hosts_of(settings_of(tmp_path, ROUNDTABLE_LISTEN="192.168.1.20", ROUNDTABLE_HOSTS="chat.example.org"))
    assert hosts == ("chat.example.org", "192.168.1.20")
    assert hosts_of(settings_of(tmp_path, ROUNDTABLE_LISTEN="0.0.0.0")) == ()


@pytest.mark.parametrize(
    ("environ", "complaint"),
    [
        ({"ROUNDTABLE_LISTEN": "everywhere"}, "ROUNDTABLE_LISTEN is not usable"),
        ({"ROUNDTABLE_TRUSTED_PROXIES": "nginx"}, "ROUNDTABLE_TRUSTED_PROXIES is not usable"),
        ({"ROUNDTABLE_TRUSTED_PROXIES": "0.0.0.0/0"}, "every address would be trusted"),
        ({"ROUNDTABLE_PROXY_HEADER": "X-Forwarded-User"}, "it needs ROUNDTABLE_TRUSTED_PROXIES"),
        ({**PROXY, "ROUNDTABLE_PROXY_HEADER": "X Forwarded: User"}, "not the name of a header"),
    ],
)
def test_settings_that_make_no_sense_are_refused(tmp_path: Path, environ: dict[str, str], complaint: str) -> None:
    """With the name of the variable."""
    with pytest.raises(ConfigurationError, match=complaint):
        settings_of(tmp_path, **environ)
