"""Documents to put in, and an embedder that counts what it is asked."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from knowledge import HashEmbedder, Matrix

LEASES = """# Leases and fences

A worker takes a step by taking its lease.

## When a worker dies

The lease ends after thirty seconds without a heartbeat. Another worker then takes the step over.

## Fences

- Every takeover raises the fence by one.
- A result with an older fence is refused.
"""

BACKUPS = """# Backups

## Making one

Stop the server, then copy the data folder to another disk.

```sh
roundtable halt
```

## How long they are kept

| Kind | Kept |
|---|---|
| daily | 7 days |
| weekly | 3 months |
"""


class CountingEmbedder(HashEmbedder):
    """Remembers every text it embedded."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> Matrix:
        self.texts.extend(texts)
        return super().embed(texts)


Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file into a folder of sources and gives its path."""
    folder = tmp_path / "sources"
    folder.mkdir()

    def write_source(name: str, content: str | bytes) -> Path:
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the knowledge is kept."""
    return tmp_path / "knowledge"


@pytest.fixture
def embedder() -> CountingEmbedder:
    return CountingEmbedder()
