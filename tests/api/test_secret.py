"""The secret that signs sessions: made once, kept private, never a weak one."""

import os
from pathlib import Path

import pytest

from api.page import prepare_environment, without_its_settings
from api.secret import session_secret
from orchestration import ConfigurationError

LONG = "x" * 32


def test_it_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    """The next start finds the same one, so nobody has to sign in again."""
    first = session_secret(tmp_path / "data", {})
    assert session_secret(tmp_path / "data", {}) == first
    assert len(first) == 64  # 48 bytes in base64
    assert (tmp_path / "data" / "secret").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret"]


def test_one_from_the_environment_goes_first(tmp_path: Path) -> None:
    """And nothing is written then."""
    assert session_secret(tmp_path, {"CHAINLIT_AUTH_SECRET": LONG}) == LONG
    assert not list(tmp_path.iterdir())


def test_a_short_one_is_refused(tmp_path: Path) -> None:
    """Chainlit itself would take five bytes."""
    with pytest.raises(ConfigurationError, match="at least 32 bytes"):
        session_secret(tmp_path, {"CHAINLIT_AUTH_SECRET": "12345"})


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """One sentence instead of a traceback."""
    (tmp_path / "data").write_text("a file")
    with pytest.raises(ConfigurationError, match="secret"):
        session_secret(tmp_path / "data", {})


def test_what_another_program_is_told_is_no_setting_of_the_page() -> None:
    """The page would not start, or look for its files elsewhere. Tools may be given it afterwards."""
    given = {"PROJECT": "apollo", "Run": "7", "root": "/srv", "PROJECTS": "two", "HOME": "/home/ana"}
    environ = dict(given)
    with without_its_settings(environ):
        assert environ == {"PROJECTS": "two", "HOME": "/home/ana"}
    assert environ == given


def test_nothing_in_the_environment_sends_conversations_elsewhere(tmp_path: Path) -> None:
    """Variables of other programs select no store, `.env` is not loaded again, and no telemetry is exported."""
    dotenv = tmp_path / ".env"
    dotenv.write_text(f"CHAINLIT_AUTH_SECRET={LONG}\nDATABASE_URL=postgres://elsewhere\n")
    environ = {"LITERAL_API_KEY": "key", "DATABASE_URL": "postgres://elsewhere"}
    prepare_environment(environ, tmp_path, dotenv)
    assert not {"LITERAL_API_KEY", "DATABASE_URL"} & environ.keys()
    assert environ["CHAINLIT_AUTH_SECRET"] == LONG
    assert environ["CHAINLIT_ENV_FILE"] == os.devnull
    assert environ["OTEL_SDK_DISABLED"] == "true"
