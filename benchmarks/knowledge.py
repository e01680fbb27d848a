"""How long knowledge takes: until a document can be asked about, and to find something in much of it.

    python -m benchmarks.knowledge [--json] [--runs N] [--sizes N ...] [--index N]

The document is a generated PDF of 30 pages of the catalog's own text, put in with the real embedder, warm. For the
large sizes the passages are sentences of the same text in random order, and their vectors are made, not embedded:
each lies near two real ones. Questions are real ones, embedded by the real embedder, and their embedding is counted.
"""

import argparse
import asyncio
import hashlib
import json
import multiprocessing
import os
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from agents import load_catalog
from benchmarks.children import resident_bytes
from benchmarks.measure import spread
from knowledge import DIMENSIONS, Embedder, KnowledgeSettings, Matrix, MiniLM, Upload, open_knowledge
from knowledge.index import DenseIndex
from knowledge.sentences import plain, split
from tests.knowledge.pdfs import pdf

PAGES, LINES_A_PAGE, LINE = 30, 42, 88
"""About 480 words a page."""
SIZES = (1_000, 10_000, 100_000)
CHUNKS_A_DOCUMENT = 250
SENTENCES_A_CHUNK = 5
NOISE = 0.5
"""Length of what is random in a made vector, beside a real part of length 1."""
BASE = "measured"


@dataclass(frozen=True)
class Asked:
    """One PDF, from the call that puts it in to the first search that finds it."""

    pages: int
    chunks: int
    words: int
    seconds: float
    """Until a search finds it."""
    processor_seconds: float
    """Of this process, until then."""
    pages_a_second: float
    chunks_a_second: float
    with_sentences: float
    """Until all its sentences are embedded too."""


@dataclass(frozen=True)
class Found:
    """Searches in so many passages; milliseconds with the question's embedding, and what of them that takes."""

    chunks: int
    p50: float
    p99: float
    embedding_p50: float
    search_p50: float
    ingest_seconds: float
    process_bytes_a_chunk: int
    disk_bytes_a_chunk: int


@dataclass(frozen=True)
class Indexed:
    """The vector index alone."""

    chunks: int
    lists: int
    build_seconds: float
    change_ms: float
    """Taking out ten passages and putting in ten."""
    search_p50: float
    recall_at_10: float
    """Of the exact ten nearest."""
    bytes_a_chunk: int


def sentences() -> list[str]:
    """Those of the catalog's documents."""
    paths = sorted(path for agent in load_catalog().values() for path in agent.seeds())
    lines = (line for path in paths for line in path.read_text(encoding="utf-8").splitlines())
    prose = (line for line in lines if len(line.split()) > 8 and line[0].isalpha())
    return [sentence for line in prose for sentence in split(plain(line))]


def questions() -> list[str]:
    return [example for agent in load_catalog().values() for example in agent.examples]


def thirty_pages(seed: int) -> bytes:
    """Another document for each seed."""
    chooser, said = random.Random(seed), sentences()
    pages = []
    for number in range(1, PAGES + 1):
        lines = [f"{number}. Chapter {number} of report {seed}", ""]
        while len(lines) < LINES_A_PAGE:
            lines += [*_wrapped(" ".join(chooser.sample(said, 4))), ""]
        pages.append("\n".join(_escaped(line) for line in lines[:LINES_A_PAGE]))
    return pdf(*pages)


def _wrapped(text: str) -> Iterator[str]:
    line = ""
    for word in text.split():
        if len(line) + len(word) >= LINE:
            yield line
            line = ""
        line += f"{word} "
    yield line


def _escaped(line: str) -> str:
    latin = line.encode("latin-1", "replace").decode("latin-1")
    return latin.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


class Made:
    """Vectors near two real ones for the large sizes; the same text has the same. Questions are embedded for real."""

    dimensions = DIMENSIONS
    name = "made"

    def __init__(self, real: Embedder, anchors: Matrix, asked: Sequence[str]) -> None:
        self._real = real
        self._anchors = anchors
        self._asked = frozenset(asked)

    def embed(self, texts: Sequence[str]) -> Matrix:
        if all(text in self._asked for text in texts):
            return self._real.embed(texts)
        return np.stack([self._near(text) for text in texts])

    def _near(self, text: str) -> Matrix:
        seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
        random_ = np.random.default_rng(seed)
        one, other = self._anchors[random_.integers(len(self._anchors), size=2)]
        share = random_.uniform(0.5, 1)
        noise = random_.standard_normal(DIMENSIONS, dtype=np.float32) * (NOISE / DIMENSIONS**0.5)
        vector = share * one + (1 - share) * other + noise
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


async def until_asked(embedder: Embedder, seed: int) -> Asked:
    """Raises AssertionError where it is not found."""
    with tempfile.TemporaryDirectory(prefix="rt-bench-") as folder:
        path = Path(folder) / f"report-{seed}.pdf"
        path.write_bytes(thirty_pages(seed))
        async with open_knowledge(Path(folder) / "knowledge", KnowledgeSettings(), embedder, {}) as knowledge:
            await knowledge.wait_ready()
            await knowledge.intake.start_ahead()
            asked = questions()[seed]
            begun, used = time.perf_counter(), time.process_time()
            [ingested] = await knowledge.ingest(BASE, [Upload(path)])
            vector = (await knowledge.embed([asked]))[0]
            hits = await knowledge.search([BASE], asked, vector, sentences=False)
            seconds, processor_seconds = time.perf_counter() - begun, time.process_time() - used
            assert ingested.status == "added", ingested.reason
            assert hits, "the document is not found"
            await knowledge.sentences.settled()
            with_sentences = time.perf_counter() - begun
            words = sum(
                len(found.text.split())
                for number in range(ingested.passages)
                if (found := knowledge.passage(BASE, f"{hits[0].passage.document}#{number}", person=""))
            )
    chunks = ingested.passages
    return Asked(
        PAGES, chunks, words, round(seconds, 3), round(processor_seconds, 2), round(PAGES / seconds, 1),
        round(chunks / seconds, 1), round(with_sentences, 3),
    )  # fmt: skip


def documents(folder: Path, chunks: int) -> list[Path]:
    """Markdown files with so many sections, each short enough to be one passage."""
    chooser, said = random.Random(chunks), sentences()
    folder.mkdir()
    paths = []
    for first in range(0, chunks, CHUNKS_A_DOCUMENT):
        sections = []
        for number in range(first, min(first + CHUNKS_A_DOCUMENT, chunks)):
            text = " ".join(chooser.sample(said, SENTENCES_A_CHUNK))
            sections.append(f"## Section {number}\n\nCase {chooser.getrandbits(40):x}. {text}\n")
        path = folder / f"report-{first}.md"
        path.write_text(f"# Report {first}\n\n" + "\n".join(sections), encoding="utf-8")
        paths.append(path)
    return paths


def measure_size(chunks: int, anchors: Matrix, exports: Path) -> Found:
    """In a process of its own, so that its memory is this size's."""
    return asyncio.run(_measure_size(chunks, anchors, exports))


async def _measure_size(chunks: int, anchors: Matrix, exports: Path) -> Found:
    asked = questions()
    embedder = Made(MiniLM(exports=exports), anchors, asked)
    embedder.embed(asked[:1])
    with tempfile.TemporaryDirectory(prefix="rt-bench-") as temporary:
        folder = Path(temporary) / "knowledge"
        paths = documents(Path(temporary) / "documents", chunks)
        begun = time.perf_counter()
        async with open_knowledge(folder, KnowledgeSettings(), embedder, {}) as knowledge:
            found = await knowledge.ingest(BASE, [Upload(path) for path in paths])
        ingest_seconds = time.perf_counter() - begun
        passages = sum(one.passages for one in found)
        disk = sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as fresh:
            searching = fresh.submit(_search_apart, folder, anchors, exports)
            totals, embeddings, resident = await asyncio.wrap_future(searching)
    total, embedding = spread(totals), spread(embeddings)
    search = spread([whole - part for whole, part in zip(totals, embeddings, strict=True)])
    return Found(
        passages, total.p50, total.p99, embedding.p50, search.p50,
        round(ingest_seconds, 1), round(resident / passages), round(disk / passages),
    )  # fmt: skip


def _search_apart(folder: Path, anchors: Matrix, exports: Path) -> tuple[list[float], list[float], float]:
    return asyncio.run(_search(folder, anchors, exports))


async def _search(folder: Path, anchors: Matrix, exports: Path) -> tuple[list[float], list[float], float]:
    """Seconds of each question and of its embedding, and the bytes that the opened base needs."""
    asked = questions()
    embedder = Made(MiniLM(exports=exports), anchors, asked)
    totals: list[float] = []
    embeddings: list[float] = []
    async with open_knowledge(folder, KnowledgeSettings(), embedder, {}) as knowledge:
        await knowledge.embed(asked[:1])
        before = resident_bytes()
        for turn in range(5):
            for question in asked:
                begun = time.perf_counter()
                vector = (await knowledge.embed([question]))[0]
                embedded = time.perf_counter()
                await knowledge.search([BASE], question, vector, sentences=False)
                if turn:  # the first turn loads what is on disk
                    totals.append(time.perf_counter() - begun)
                    embeddings.append(embedded - begun)
        return totals, embeddings, resident_bytes() - before


def measure_index(chunks: int, anchors: Matrix, asked: Matrix) -> Indexed:
    made = Made(MiniLM(), anchors, ())
    vectors = made.embed([f"passage {number}" for number in range(chunks)])
    rows = np.arange(chunks, dtype=np.int64)
    begun = time.perf_counter()
    index = DenseIndex.of(rows, vectors)
    build = time.perf_counter() - begun
    changes, searches, hits = [], [], 0
    for turn in range(5):
        begun = time.perf_counter()
        index.changed(rows[turn : turn + 10], rows[:10] + chunks, vectors[:10])
        changes.append(time.perf_counter() - begun)
    for question in asked:
        nearest = set(np.argpartition(-(vectors @ question), 10)[:10].tolist())
        begun = time.perf_counter()
        found = index.search(question, 10, None)
        searches.append(time.perf_counter() - begun)
        hits += len(nearest & {row for row, _ in found})
    return Indexed(
        chunks, index.lists, round(build, 2), spread(changes).p50, spread(searches).p50,
        round(hits / (10 * len(asked)), 4), len(index.to_bytes()) // chunks,
    )  # fmt: skip


async def measure(runs: int, sizes: Sequence[int], index: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="rt-bench-") as folder:
        exports = Path(folder) / "exports"
        embedder = MiniLM(exports=exports)
        load = os.getloadavg()[0]
        anchors = embedder.embed(random.Random(0).sample(sentences(), 400))
        asked = [await until_asked(embedder, seed) for seed in range(runs)]
        found = []
        for size in sizes:
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as child:
                found.append(await asyncio.wrap_future(child.submit(measure_size, size, anchors, exports)))
        indexed = [measure_index(index, anchors, embedder.embed(questions()))] if index else []
    return {
        "cores": os.cpu_count(),
        "load_at_start": round(load, 1),
        "asked": [asdict(one) for one in asked],
        "found": [asdict(one) for one in found],
        "index": [asdict(one) for one in indexed],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=3, help="PDFs that are put in, each another one")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="passages to search in")
    parser.add_argument("--index", type=int, default=max(SIZES), help="passages in the index alone; 0 leaves it out")
    given = parser.parse_args()
    figures = asyncio.run(measure(given.runs, given.sizes, given.index))
    print(json.dumps(figures, indent=None if given.json else 1))


if __name__ == "__main__":
    main()
