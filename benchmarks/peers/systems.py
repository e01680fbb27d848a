"""What is compared, and how each of them is set."""

from dataclasses import dataclass
from pathlib import Path

OURS = "roundtable"
_PINS = Path(__file__).parent / "pins"


@dataclass(frozen=True)
class System:
    """Somebody who has work done over Redis."""

    name: str
    adapter: str
    """A module of `adapters`."""
    settings: str
    """What was chosen for it, in a sentence."""
    pins: str = ""
    """The file of its environment's packages; empty for this project's own environment."""

    @property
    def module(self) -> str:
        return f"benchmarks.peers.adapters.{self.adapter}"

    @property
    def requirements(self) -> Path:
        return _PINS / self.pins


SYSTEMS = (
    System(
        OURS,
        "roundtable_steps",
        "64 slots; journal, lease, fence, events, recovery and kill switch on",
    ),
    System(
        "taskiq-redis",
        "taskiq_tasks",
        "stream broker and result backend; 64 tasks at once; results are looked for every 5 ms, 64 of them every 20 ms",
        "taskiq.txt",
    ),
    System(
        "FastStream, RPC",
        "faststream_rpc",
        "stream in, its own request channel back; 64 at once; blocking reads of 64",
        "faststream.txt",
    ),
    System(
        "FastStream, streams",
        "faststream_streams",
        "stream in, stream back, one subscriber for all answers; 64 at once; blocking reads of 64",
        "faststream.txt",
    ),
    System(
        "arq",
        "arq_jobs",
        "64 jobs at once; the queue and results are looked for every 5 ms, 64 results every 50 ms",
        "arq.txt",
    ),
    System(
        "docket",
        "docket_tasks",
        "128 tasks at once, so that it never waits for a free one; results by its own channel; checks every 5 ms",
        "docket.txt",
    ),
)
