"""Files of signing keys, for tests."""

from pathlib import Path

OLD, NEW, STOLEN = (f"{name} {bytes([number]).hex() * 32}" for number, name in enumerate(("old", "new", "old"), 1))
"""Lines of key files. The last one has the first one's id, and another key."""


def key_file(folder: Path, *lines: str) -> Path:
    """A file with these lines that nobody else may read."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"keys-{len(list(folder.glob('keys-*')))}"
    path.touch(mode=0o600)
    path.write_text("\n".join(lines) + "\n")
    return path
