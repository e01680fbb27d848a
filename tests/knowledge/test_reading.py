"""Reading in a process of its own: what it gives, what it tells on the way, and how it ends."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from knowledge import (
    HashEmbedder,
    KnowledgeSettings,
    KnowledgeUnavailable,
    UnreadableDocument,
    Upload,
    open_knowledge,
)
from knowledge.errors import ReaderDied, ReadingTooLong
from knowledge.reading import Reader, ReadingProgress, open_reader
from tests.integration import processes
from tests.knowledge.conftest import LEASES, Write
from tests.knowledge.documents import xlsx
from tests.knowledge.pdfs import pdf
from tests.orchestration.waiting import PATIENCE_SECONDS, eventually

SLOW = ("slow.txt", "pump " * 1_500_000)
"""A sentence without an end, which takes many seconds to cut."""


OTHERS: set[int] = set()
"""Reading processes of servers that other tests share."""


@pytest.fixture(autouse=True)
def not_ours() -> None:
    OTHERS.clear()
    OTHERS.update(children())


def children(parent: int | str = "self") -> set[int]:
    """Process ids of the reading processes of this test, or of another process."""
    return {pid for pid, command in processes.children(parent).items() if b"knowledge.reading" in command} - OTHERS


async def reading_begins() -> bool:
    return bool(children())


async def until(condition: "asyncio.Event") -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        await condition.wait()


async def test_a_file_becomes_passages(write: Write) -> None:
    """With its title, format, language and text, in the words of the file."""
    async with open_reader(KnowledgeSettings()) as reader:
        reading = await reader.read(write("leases.md", LEASES), "leases.md")
    assert (reading.title, reading.format, reading.language) == ("Leases and fences", "Markdown", "en")
    assert [chunk.section for chunk in reading.chunks] == ["", "When a worker dies", "Fences"]
    assert reading.chunks[2].sentences[0].text == "Every takeover raises the fence by one."
    assert "The lease ends after thirty seconds" in reading.text


async def test_pages_are_counted_while_it_reads(write: Write) -> None:
    """Then it is split."""
    told: list[ReadingProgress] = []
    async with open_reader(KnowledgeSettings()) as reader:
        reading = await reader.read(
            write("a.pdf", pdf("One pump starts at six bar.", "Two pumps start at nine.")), "a.pdf", told.append
        )
    assert [chunk.page for chunk in reading.chunks] == [1, 2]
    assert told[0] == ReadingProgress("reading")
    assert told[-2:] == [ReadingProgress("reading", 2, 2), ReadingProgress("splitting")]


async def test_one_process_reads_file_after_file(write: Write) -> None:
    """Also after one that was refused; it ends with the reader."""
    async with open_reader(KnowledgeSettings()) as reader:
        await reader.read(write("a.txt", "Six bar."), "a.txt")
        first = children()
        with pytest.raises(UnreadableDocument, match="The file is empty"):
            await reader.read(write("b.txt", " "), "b.txt")
        await reader.read(write("c.txt", "Nine bar."), "c.txt")
        assert children() == first
        assert len(first) == 1
    assert children() == set()


async def test_a_process_that_was_started_ahead_reads_the_first_file(write: Write) -> None:
    """Also a file that comes while it is still starting; it ends with the reader."""
    async with open_reader(KnowledgeSettings()) as reader:
        ahead = asyncio.create_task(reader.start_ahead())
        reading = await asyncio.gather(ahead, reader.read(write("a.txt", "Six bar."), "a.txt"))
        assert reading[1].chunks
        (first,) = children()
        await reader.start_ahead()  # there is one
        await reader.read(write("b.txt", "Nine bar."), "b.txt")
        assert children() == {first}
    assert children() == set()


async def test_a_process_that_died_waiting_costs_nothing(write: Write) -> None:
    """Another one reads the first file."""
    async with open_reader(KnowledgeSettings()) as reader:
        await reader.start_ahead()
        (first,) = children()
        os.kill(first, signal.SIGKILL)
        watched, ended = os.pidfd_open(first), asyncio.Event()
        asyncio.get_running_loop().add_reader(watched, ended.set)
        try:
            await until(ended)
        finally:
            asyncio.get_running_loop().remove_reader(watched)
            os.close(watched)
        assert (await reader.read(write("a.txt", "Six bar."), "a.txt")).chunks
        assert first not in children()


async def test_knowledge_that_expects_documents_has_a_process_for_the_first(folder: Path, write: Write) -> None:
    """Only where it is said that people put documents in; it ends with the knowledge."""
    async with open_knowledge(folder, KnowledgeSettings(), HashEmbedder(), {}) as knowledge:
        await knowledge.wait_ready()
        assert children() == set()
        knowledge.expect_documents()
        await eventually(reading_begins, "a process that reads is started")
        (first,) = children()
        (done,) = await knowledge.ingest("garden", [Upload(write("a.txt", "Six bar."))])
        assert (done.status, children()) == ("added", {first})
    assert children() == set()


async def test_knowledge_may_close_while_that_process_starts(folder: Path) -> None:
    """Nothing is left of it."""
    async with open_knowledge(folder, KnowledgeSettings(), HashEmbedder(), {}) as knowledge:
        await knowledge.wait_ready()
        knowledge.expect_documents()
        await eventually(reading_begins, "a process that reads is started")
    assert children() == set()


async def test_at_most_two_are_read_at_once(write: Write) -> None:
    """The others wait for their turn."""
    paths = [write(f"{n}.txt", f"Pump {n}.") for n in range(6)]
    async with open_reader(KnowledgeSettings()) as reader:
        readings = await asyncio.gather(*(reader.read(path, path.name) for path in paths))
        assert [reading.title for reading in readings] == [str(n) for n in range(6)]
        assert len(children()) == 2


async def test_reading_is_stopped_at_its_limit_of_seconds(write: Write) -> None:
    """The process is ended, and the next file is read by another."""
    path = write(*SLOW)
    async with open_reader(KnowledgeSettings(reading_seconds=2)) as reader:
        with pytest.raises(ReadingTooLong, match=r"longer than the 2 seconds") as refused:
            await reader.read(path, "slow.txt")
        assert refused.value.status == "unsupported"
        assert children() == set()
        assert (await reader.read(write("a.txt", "Six bar."), "a.txt")).chunks


async def test_a_process_that_dies_costs_one_file(write: Write) -> None:
    """As when the system kills it because memory is short."""
    begun = asyncio.Event()
    async with open_reader(KnowledgeSettings()) as reader:
        reading = asyncio.create_task(reader.read(write(*SLOW), "slow.txt", lambda progress: begun.set()))
        await until(begun)
        for pid in children():
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(ReaderDied, match="SIGKILL"):
            await reading
        assert (await reader.read(write("a.txt", "Six bar."), "a.txt")).chunks


async def test_what_is_not_waited_for_is_broken_off(write: Write) -> None:
    """A reading that is cancelled ends its process."""
    begun = asyncio.Event()
    async with open_reader(KnowledgeSettings()) as reader:
        reading = asyncio.create_task(reader.read(write(*SLOW), "slow.txt", lambda progress: begun.set()))
        await until(begun)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert children() == set()


async def test_a_closed_reader_reads_nothing(write: Write) -> None:
    """It says that it is closed."""
    async with open_reader(KnowledgeSettings()) as reader:
        pass
    with pytest.raises(KnowledgeUnavailable):
        await reader.read(write("a.txt", "Six bar."), "a.txt")


async def test_a_process_that_starts_while_the_reader_is_closed_ends_as_well(write: Write) -> None:
    """It is not known to whoever closes, so it is ended by whoever started it."""
    async with open_reader(KnowledgeSettings()) as reader:
        reading = asyncio.create_task(reader.read(write("a.txt", "Six bar."), "a.txt"))
        await eventually(reading_begins, "a process that reads is started")
    with pytest.raises(KnowledgeUnavailable):
        await reading
    assert children() == set()


async def test_memory_is_limited(write: Write) -> None:
    """A file that needs more is refused with the limit, and the next one is read."""
    path = write("big.json", "[1" + ",12345" * 8_000_000 + "]")
    async with open_reader(KnowledgeSettings(reading_megabytes=500)) as reader:
        with pytest.raises(UnreadableDocument, match="more than the 500 MB of memory") as refused:
            await reader.read(path, "big.json")
        assert refused.value.status == "unsupported"
        assert (await reader.read(write("a.txt", "Six bar."), "a.txt")).chunks


@pytest.mark.parametrize(
    ("settings", "name", "content", "reason"),
    [
        (KnowledgeSettings(max_file_megabytes=1), "a.txt", "pump " * 500_000, "It is 2 MB large; more than 1 MB are"),
        (KnowledgeSettings(max_pages=2), "a.pdf", pdf("a", "b", "c"), "It has 3 pages; more than 2 are not read."),
        (KnowledgeSettings(max_pages=1), "a.xlsx", xlsx({"A": [["x"]], "B": [["y"]]}), "It has 2 pages"),
        (KnowledgeSettings(), "a.txt", "pump " * 2_000_000, "It has more than 8,000,000 characters of text"),
        (KnowledgeSettings(), "a.csv", "1,2\n" * 300_000, "It has more than 500,000 cells"),
        (KnowledgeSettings(), "a.md", "# Only\n\n## Headings\n", "There is nothing in it but headings."),
    ],
)  # fmt: skip
async def test_limits_are_told(
    write: Write, settings: KnowledgeSettings, name: str, content: str | bytes, reason: str
) -> None:
    """Each with its figure."""
    async with open_reader(settings) as reader:
        with pytest.raises(UnreadableDocument) as refused:
            await reader.read(write(name, content), name)
    assert str(refused.value).startswith(reason)


async def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """Without waiting for anything: nobody writes into this pipe."""
    os.mkfifo(tmp_path / "pipe.txt")
    reasons = {
        tmp_path / "missing.txt": "There is no such file.",
        tmp_path / ("x" * 3_000): "There is no such file.",
        Path("zero\0byte.txt"): "There is no such file.",
        tmp_path: "It is a folder, not a file.",
        tmp_path / "pipe.txt": "It is a device or a pipe, not a file.",
        Path("/dev/zero"): "It is a device or a pipe, not a file.",
    }
    reader = Reader(KnowledgeSettings())
    for path, reason in reasons.items():
        with pytest.raises(UnreadableDocument) as refused:
            await reader.read(path, path.name)
        assert str(refused.value) == reason


PARENT = """
import asyncio, sys
from pathlib import Path
from knowledge import KnowledgeSettings
from knowledge.reading import open_reader

async def main() -> None:
    async with open_reader(KnowledgeSettings()) as reader:
        await reader.read(Path(sys.argv[1]), "slow.txt", lambda progress: print("reads", flush=True))

asyncio.run(main())
"""


async def test_the_process_ends_with_its_parent(write: Write) -> None:
    """Even in the middle of a file, and when the parent is killed."""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(write(*SLOW)), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert parent.stdout is not None
    assert await parent.stdout.readline() == b"reads\n"
    (child,) = children(parent.pid)
    watched = os.pidfd_open(child)
    parent.kill()
    await parent.wait()
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(watched, ended.set)
    try:
        await until(ended)
    finally:
        asyncio.get_running_loop().remove_reader(watched)
        os.close(watched)


CONFINED = """
import os, socket, subprocess, sys, pathlib
from knowledge.reading.confinement import Forbidden, confine
confine(2_000)
tries = {
    "socket": lambda: socket.socket(),
    "name": lambda: socket.getaddrinfo("localhost", 80),
    "process": lambda: subprocess.run(["true"]),
    "shell": lambda: os.system("true"),
    "fork": lambda: os.fork(),
    "write": lambda: open(sys.argv[1], "w"),
    "write by number": lambda: os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT),
    "read": lambda: open("/etc/passwd"),
    "remove": lambda: pathlib.Path(sys.argv[1]).unlink(),
    "folder": lambda: os.mkdir(sys.argv[1]),
}
for name, attempt in tries.items():
    try:
        attempt()
    except Forbidden:
        print(name)
import wave  # what belongs to the program is still imported
"""


async def test_a_confined_process_can_do_nothing_but_read_what_it_is_given(tmp_path: Path) -> None:
    """No network, no process, no file; modules of the program are still found."""
    confined = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CONFINED,
        str(tmp_path / "x"),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    out, _ = await confined.communicate()
    assert confined.returncode == 0
    assert out.decode().splitlines() == [
        "socket", "name", "process", "shell", "fork", "write", "write by number", "read", "remove", "folder",
    ]  # fmt: skip
    assert not (tmp_path / "x").exists()
