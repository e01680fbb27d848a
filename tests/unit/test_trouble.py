"""What Redis refuses, and how a person is told of it."""

import pytest
from redis.exceptions import ConnectionError, NoPermissionError, ResponseError

from orchestration.errors import ConfigurationError, EngineUnavailable
from orchestration.round_trips import NotDurable, WritesRefused
from orchestration.trouble import NO_WRITES, told


@pytest.mark.parametrize(
    "refusal",
    [
        NoPermissionError("this user has no permissions to run the 'set' command or its subcommand."),
        ResponseError("The user executing the script can't run this command or subcommand"),
        ResponseError("The user executing the script can't access at least one of the keys mentioned"),
        ResponseError("ACL failure in script: No permissions to access a key script: 8f, on @user_script:1."),
    ],
)
def test_a_right_that_is_missing(refusal: Exception) -> None:
    """In a script as well, where servers say it in other words. Starting again will not help."""
    error = told(refusal)
    assert isinstance(error, ConfigurationError)
    assert "lacks a right" in str(error)


def test_a_server_that_takes_no_writes() -> None:
    """It does answer; what it lacks may come back."""
    error = told(WritesRefused("NOREPLICAS Not enough good replicas"))
    assert isinstance(error, EngineUnavailable)
    assert str(error) == NO_WRITES


def test_a_server_that_keeps_them_in_too_few_places() -> None:
    """It takes them; the settings are named that ask for more."""
    error = told(NotDurable("0 of 1 replicas have what was written"))
    assert isinstance(error, EngineUnavailable)
    assert "ROUNDTABLE_REDIS_REPLICAS" in str(error)
    assert "0 of 1 replicas" in str(error)


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        ("Error running script (call to f_8f): @user_script:4: @user_script: 4: ERR out of luck.", "ERR out of luck."),
        ("ERR out of luck script: 8f, on @user_script:4.", "ERR out of luck."),
        ("ACL failure in script: No permissions to access a key script: 8f, on @user_script:1.", "a key."),
        ("The user executing the script can't run this command", "executing the script can't run this command."),
    ],
)
def test_where_in_a_script_it_was_is_nobodys_business(refusal: str, said: str) -> None:
    """Servers before 7 tell it twice, and later ones at the end."""
    sentence = str(told(ResponseError(refusal)))
    assert sentence.endswith(said)
    assert "user_script" not in sentence


def test_whatever_else_goes_wrong() -> None:
    """Silence is not a refusal."""
    assert str(told(ConnectionError("Connection closed."))) == "Redis does not answer: Connection closed."
    assert str(told(ResponseError("ERR out of luck"))) == "Redis refuses: ERR out of luck."
