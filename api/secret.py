"""The secret that signs sessions."""

import secrets
from collections.abc import Mapping
from os import O_CREAT, O_EXCL, O_WRONLY, fdopen
from os import open as open_file
from pathlib import Path

from orchestration.errors import ConfigurationError

VARIABLE = "CHAINLIT_AUTH_SECRET"
LEAST_BYTES = 32
_MADE_BYTES = 48


def session_secret(data: Path, given: Mapping[str, str]) -> str:
    """The secret from the environment, or the one in the data folder, which is made at the first start.

    Raises ConfigurationError for a secret that could be guessed and for a folder that cannot be written.
    """
    if secret := given.get(VARIABLE, ""):
        return _long_enough(secret, VARIABLE)
    file = data / "secret"
    try:
        _make(file)
        return _long_enough(file.read_text(encoding="utf-8").strip(), str(file))
    except OSError as error:
        raise ConfigurationError(f"The secret in {file} cannot be used: {error.strerror}.") from None


def _make(file: Path) -> None:
    """Write a new secret unless there is one; of two processes that start at once, one writes it."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = file.with_name(f"secret.{secrets.token_hex(8)}")
    if file.exists():
        return
    with fdopen(open_file(fresh, O_CREAT | O_EXCL | O_WRONLY, 0o600), "w", encoding="utf-8") as opened:
        opened.write(secrets.token_urlsafe(_MADE_BYTES) + "\n")
    try:
        # A link appears whole or not at all, and never replaces one that is there.
        file.hardlink_to(fresh)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def _long_enough(secret: str, where: str) -> str:
    if len(secret.encode()) < LEAST_BYTES:
        raise ConfigurationError(f"The secret in {where} is too short: it needs at least {LEAST_BYTES} bytes.")
    return secret
