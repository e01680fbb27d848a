"""Settings come from the environment, are checked, and complain in one sentence."""

from pathlib import Path

import pytest

from orchestration import ConfigurationError, read_settings
from people.names import person_id


def test_defaults_need_no_environment() -> None:
    """Nothing has to be set."""
    settings = read_settings({}, dotenv=None)
    assert settings.web.port == 8000
    assert settings.redis_url is None
    assert settings.data.name == "roundtable"


def test_the_environment_decides() -> None:
    """Each variable reaches its place, in its own type."""
    given = {"PORT": "9001", "ROUNDTABLE_LEASE_SECONDS": "2.5", "ROUNDTABLE_HOSTS": "Chat.example, other"}
    settings = read_settings(given, dotenv=None)
    assert (settings.web.port, settings.run.lease_seconds) == (9001, 2.5)
    assert settings.web.hosts == ("chat.example", "other")


def test_a_weight_is_for_whoever_is_called_so() -> None:
    """People and roles have one spelling, however it was typed; the same where the number of slots is found out."""
    settings = read_settings({"ROUNDTABLE_WEIGHTS": "Ada=2, member=0.5", "ROUNDTABLE_SLOTS": "auto"}, dotenv=None)
    assert (settings.run.weights, settings.run.slots) == ({"ada": 2, "member": 0.5}, "auto")
    settings = read_settings({"ROUNDTABLE_WEIGHTS": "Γαΐτης=2", "ROUNDTABLE_SLOTS": " 8"}, dotenv=None)
    assert (settings.run.weights, settings.run.slots) == ({person_id("Γαΐτης"): 2}, 8)


def test_a_dotenv_file_fills_what_is_left_out(tmp_path: Path) -> None:
    """The environment goes first."""
    (tmp_path / ".env").write_text("PORT=9002\nROUNDTABLE_SLOTS=3\n")
    settings = read_settings({"PORT": "9003"}, dotenv=tmp_path / ".env")
    assert (settings.web.port, settings.run.slots) == (9003, 3)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"PORT": "http"}, "PORT is not usable"),
        ({"PORT": "70000"}, "PORT is not usable"),
        ({"ROUNDTABLE_LEASE_SECONDS": "-1"}, "ROUNDTABLE_LEASE_SECONDS is not usable"),
        ({"ROUNDTABLE_HOSTS": "*"}, "wildcard"),
        ({"ROUNDTABLE_WEIGHTS": "ada=2,ada=3"}, "ROUNDTABLE_WEIGHTS is not usable: a name stands in it twice"),
        ({"ROUNDTABLE_WEIGHTS": "ada=2,Ada=3"}, "ROUNDTABLE_WEIGHTS is not usable: a name stands in it twice"),
        ({"ROUNDTABLE_WEIGHTS": "ada=2;ben=3"}, "ROUNDTABLE_WEIGHTS is not usable: names begin with a letter"),
        ({"ROUNDTABLE_WEIGHTS": "=2"}, "ROUNDTABLE_WEIGHTS is not usable: names begin with a letter"),
        ({"ROUNDTABLE_SLOTS": "automatic"}, 'ROUNDTABLE_SLOTS is not usable: it is a number, or "auto"'),
        ({"ROUNDTABLE_SLOTS": "0"}, "ROUNDTABLE_SLOTS is not usable: Input should be greater"),
        ({"ROUNDTABLE_REDIS_REPLICAS": "1"}, "ROUNDTABLE_REDIS_REPLICAS needs REDIS_URL"),
        ({"ROUNDTABLE_LEASE": "5"}, "ROUNDTABLE_LEASE is not a setting"),
    ],
)
def test_a_wrong_value_names_its_variable(given: dict[str, str], said: str) -> None:
    """One sentence, no traceback."""
    with pytest.raises(ConfigurationError, match=said):
        read_settings(given, dotenv=None)


def test_a_password_does_not_show() -> None:
    """Settings may be printed or logged."""
    settings = read_settings({"REDIS_URL": "redis://:geheim@localhost"}, dotenv=None)
    assert "geheim" not in repr(settings)
