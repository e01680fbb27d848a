"""The export of a model: made once by a process of its own, checked at every start.

    python -m knowledge.onnx_export MODEL EXPORTS

Torch and sentence-transformers are loaded in that process only, so whoever waits for it stays small, and can go on.
"""

import hashlib
import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ValidationError

from knowledge.errors import KnowledgeError, ModelUnavailable
from knowledge.files import make_folder, remove, remove_leftovers, write_folder
from knowledge.lock import FolderLock

log = logging.getLogger(__name__)

RECIPE = 1
"""Raised when an export is made differently than before: it is made again."""

LEAST_COSINE = 0.9999
"""An export whose vectors differ more from the reference's is not kept."""

_SECONDS = 300
_MODEL, _TOKENIZER, _SEAL = "model.onnx", "tokenizer.json", "export.json"
_TRIED = (
    "What happens to a step when its worker dies?",
    "",
    "Ωμέγα, naïve café, 東京, emoji 🎉 and\ttabs\n\n- lists",
    "def f(x: int) -> int:\n    return x ** 2  # code",
    "A passage as long as the model reads and longer. " * 40,
)


class _Seal(BaseModel, frozen=True):
    """SHA-256 of the files beside it."""

    model: str
    tokenizer: str


@dataclass(frozen=True)
class Export:
    """Two files whose content is what was written."""

    model: Path
    tokenizer: Path


def find_or_make(source: Path, digests: Mapping[str, str], exports: Path) -> Export:
    """The export of the model in `source`, whose files have these SHA-256; blocks for some seconds at the first use.

    Raises ModelUnavailable where it cannot be made, and says why.
    """
    folder = exports / _name(digests)
    found = _sound(folder)
    if found is None:
        log.info("the embedding model is exported once, for a faster start")
        _make_apart(source, exports)
        found = _sound(folder)
    if found is None:
        raise ModelUnavailable(f"The embedding model {source.name} changed while it was exported.")
    return found


def digests_of(source: Path) -> dict[str, str]:
    """SHA-256 of every file of a model, by its path in the folder. Raises ModelUnavailable."""
    try:
        return {str(path.relative_to(source)): _digest(path) for path in sorted(source.rglob("*")) if path.is_file()}
    except OSError as error:
        raise ModelUnavailable(f"The embedding model {source.name} cannot be read: {error.strerror}.") from error


def _name(digests: Mapping[str, str]) -> str:
    whole = "\n".join(f"{path} {digest}" for path, digest in sorted(digests.items()))
    return f"{hashlib.sha256(whole.encode()).hexdigest()[:16]}-{RECIPE}"


def _sound(folder: Path) -> Export | None:
    """None where there is no export, or one that is not what was written."""
    export = Export(folder / _MODEL, folder / _TOKENIZER)
    try:
        seal = _Seal.model_validate_json((folder / _SEAL).read_bytes())
        if seal == _Seal(model=_digest(export.model), tokenizer=_digest(export.tokenizer)):
            return export
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        log.warning("the exported model in %s cannot be read: %s", folder.name, error)
    log.warning("the exported model in %s is damaged and is made again", folder.name)
    return None


def _make_apart(source: Path, exports: Path) -> None:
    ours = str(Path(__file__).parents[1])
    path = os.pathsep.join([ours, *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-m", __name__, str(source), str(exports)]
    try:
        done = subprocess.run(
            command,
            env={**os.environ, "PYTHONPATH": path, "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ModelUnavailable(f"The embedding model {source.name} cannot be exported: {error}.") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        raise ModelUnavailable(f"The embedding model {source.name} cannot be exported: {last}")


def _make(source: Path, exports: Path) -> None:
    """In the process of its own. Only one at a time does it; the next finds it done."""
    make_folder(exports)
    held = FolderLock(exports / ".lock").acquire(threading.Event())
    try:
        remove_leftovers(exports)
        folder = exports / _name(digests_of(source))
        if _sound(folder) is None:
            remove(folder)
            write_folder(folder, _exported(source))
    finally:
        held.release()


def _exported(source: Path) -> dict[str, bytes]:
    from knowledge.onnx_model import OnnxModel
    from knowledge.torch_model import TorchModel

    reference = TorchModel(source)
    with tempfile.TemporaryDirectory() as folder:
        made = Export(Path(folder) / _MODEL, Path(folder) / _TOKENIZER)
        made.tokenizer.write_text(reference.tokenizer_json(), encoding="utf-8")
        reference.export(made.model)
        least = float(
            np.min(np.sum(reference.encode(_TRIED) * OnnxModel(made.model, made.tokenizer).encode(_TRIED), 1))
        )
        if least < LEAST_COSINE:
            raise ModelUnavailable(f"Its vectors are not the model's (cosine {least:.5f}).")
        seal = _Seal(model=_digest(made.model), tokenizer=_digest(made.tokenizer))
        return {
            _MODEL: made.model.read_bytes(),
            _TOKENIZER: made.tokenizer.read_bytes(),
            _SEAL: seal.model_dump_json().encode(),
        }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    try:
        _make(Path(sys.argv[1]), Path(sys.argv[2]))
    except KnowledgeError as error:
        sys.exit(str(error))
