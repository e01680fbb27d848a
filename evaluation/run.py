"""Runs one set from its folder to its figures."""

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from evaluation.errors import WrongData
from evaluation.keeping import KeepingEmbedder
from evaluation.result import EvaluationSet, Result, Tell
from knowledge import Embedder, KnowledgeSettings, open_knowledge


async def evaluate(
    name: str,
    one: EvaluationSet,
    data: Path,
    *,
    folder: Path,
    embedder: Embedder,
    limit: int | None,
    tell: Tell,
    clock: Callable[[], float] = time.monotonic,
) -> Result:
    """Measure the set `name` with the questions in `data`; raises WrongData.

    `folder` keeps the embeddings of all texts, so that a second measurement is quick. Documents are put into a
    temporary folder: the product's own knowledge must not be touched, and every measurement reads them again.
    """
    await asyncio.to_thread(_check, data, name)
    begun = clock()
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    keeping = KeepingEmbedder(embedder, folder / "embeddings.sqlite")
    with tempfile.TemporaryDirectory() as bases:
        async with open_knowledge(Path(bases), KnowledgeSettings(), keeping, {}) as knowledge:
            result = await one.measure(data / name, knowledge, limit, tell)
    return result.model_copy(update={"embedder": embedder.name, "seconds": round(clock() - begun, 1)})


def _check(data: Path, name: str) -> None:
    if not data.is_dir():
        raise WrongData(f"There is no folder {data}.")
    if not (data / name).is_dir():
        raise WrongData(f"The folder {data} holds no questions of the set {name}.")
