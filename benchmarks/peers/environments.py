"""An environment for each peer, below a cache folder: made once, with exactly the pinned versions."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

COMPLETE = "complete"
"""A file that is written last, so that half an environment is never taken for one."""


def cache_folder() -> Path:
    """Outside of every repository."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "roundtable" / "peers"


def run_command(*command: str) -> None:
    """Raises RuntimeError when it fails."""
    # Standard output is for the figures.
    ended = subprocess.run(command, stdout=sys.stderr, check=False)
    if ended.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {ended.returncode}")


def interpreter(
    requirements: Path, cache: Path, say: Callable[[str], None], run: Callable[..., None] = run_command
) -> str:
    """The Python in which these packages are installed; raises RuntimeError when they cannot be."""
    pinned = requirements.read_bytes()
    folder = cache / f"{requirements.stem}-{sha256(pinned + sys.version.encode()).hexdigest()[:12]}"
    python = folder / "bin" / "python"
    if not (folder / COMPLETE).exists():
        say(f"Installing {requirements.stem} into {folder} (once) ...")
        shutil.rmtree(folder, ignore_errors=True)
        run(sys.executable, "-m", "venv", str(folder))
        run(str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", str(requirements))
        (folder / COMPLETE).touch()
    return str(python)


def versions(requirements: Path) -> dict[str, str]:
    """The pinned version of each package."""
    lines = (line.strip() for line in requirements.read_text().splitlines())
    return dict(line.split("==", 1) for line in lines if line)
