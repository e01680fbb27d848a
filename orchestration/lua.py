"""The scripts that Redis runs, as they lie in scripts/: by name, their texts and the digests that servers know."""

from collections.abc import Mapping
from functools import cache
from hashlib import sha1
from importlib.resources import files


@cache
def scripts() -> Mapping[str, tuple[str, str]]:
    """Name -> text and digest."""
    folder = files("orchestration") / "scripts"
    texts = {path.name.removesuffix(".lua"): path.read_text() for path in folder.iterdir()}
    return {name: (text, sha1(text.encode(), usedforsecurity=False).hexdigest()) for name, text in texts.items()}
