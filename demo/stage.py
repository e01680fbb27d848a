"""What the acts of a scene can do; a test puts its own in."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol


class Page(Protocol):
    """The chat, as somebody uses it who presents it. Each call returns when the page shows what it should."""

    async def begin(self) -> None:
        """An empty conversation."""
        ...

    async def start(self, label: str) -> None:
        """Press one of the questions to begin with."""
        ...

    async def ask(self, question: str) -> None: ...

    async def answered(self, words: str) -> None:
        """Wait for an answer with sources, in which these words are."""
        ...

    async def shows(self, words: str, times: int = 1) -> None:
        """Wait until these words are to be seen so many times at least."""
        ...

    async def unfold(self, step: str) -> None:
        """Open a step by the beginning of its name, where it is folded."""
        ...

    async def open_citation(self) -> None:
        """The first source of the last answer, beside the chat."""
        ...

    async def turn_ask_first(self, on: bool) -> None:
        """The switch in the settings."""
        ...

    async def change_plan(self, out: int, step: int, question: str) -> None:
        """Take a step out of the plan that waits, and then ask another step something else."""
        ...

    async def run_plan(self) -> None: ...

    async def hand_in(self, file: Path) -> None:
        """Send a file without a question."""
        ...

    async def give_to(self, agent: str) -> None:
        """Choose who keeps the files, and wait until they are learned."""
        ...

    async def banner(self, words: str) -> None:
        """Wait until the line above the chat says this; until it is gone for no words."""
        ...

    async def rename(self, name: str) -> None:
        """The newest conversation in the list."""
        ...

    async def search(self, words: str) -> None:
        """Look for a conversation."""
        ...

    async def open_result(self, name: str) -> None:
        """Come back to the conversation that was found."""
        ...

    async def picture(self, name: str, height: int, dark: bool) -> None:
        """Leave a picture of the window, which is as high as it is told for it."""
        ...


class Backstage(Protocol):
    """The processes behind the page."""

    async def hold(self) -> None:
        """Workers stop in the middle of the steps that they begin from now on, and say so on the page."""
        ...

    async def kill_worker(self) -> None:
        """`kill -9` for a worker that has begun a step."""
        ...

    async def taken_over(self) -> None:
        """Wait until the other worker has begun all that the dead one had in hand."""
        ...

    async def let_go(self) -> None:
        """Workers go on."""
        ...

    async def replace_worker(self) -> None:
        """A new process in the place of the one that was killed."""
        ...

    async def stop_redis(self) -> None: ...

    async def start_redis(self) -> None: ...

    async def command(self, *words: str) -> None:
        """Run `roundtable` with these words."""
        ...

    @property
    def paper(self) -> Path:
        """The document that is handed in."""
        ...


Say = Callable[[str], None]
InPage = Callable[[Page, Backstage], Awaitable[None]]
Behind = Callable[[Backstage], Awaitable[None]]
