"""Plays scenes: says what comes, waits for the presenter, does it, says what to look at."""

from collections.abc import Callable, Sequence
from typing import Protocol

from demo.acts import Backdoor, Do, Picture, Scene, Watch
from demo.stage import Backstage, Page


class Pace(Protocol):
    """When the next thing is done."""

    async def __call__(self, words: str) -> None:
        """After these words were said."""
        ...


class Runner:
    """One presentation. Without a page, the presenter does what is to be done in one, and looks."""

    def __init__(
        self,
        page: Page | None,
        backstage: Backstage,
        *,
        say: Callable[[str], None],
        pace: Pace,
        recording: bool = False,
    ) -> None:
        self._page = page
        self._backstage = backstage
        self._say = say
        self._pace = pace
        self._recording = recording
        self._unread: list[str] = []
        """What was said since it was last waited: whoever watches must have read that, too, before it goes on."""

    async def play(self, scenes: Sequence[Scene], first: int = 1) -> None:
        """From the scene of that number to the last one."""
        for number, scene in enumerate(scenes[first - 1 :], start=first):
            await self._announced(f"\n{number} of {len(scenes)}: {scene.title}\n{scene.says}")
            if number == first:
                await self._prepare(scene)
            for act in scene.acts:
                await self._act(act)

    async def end(self, words: str) -> None:
        """What was shown last is to be seen until these words are read, too."""
        await self._announced(words)

    async def _prepare(self, scene: Scene) -> None:
        for act in scene.before:
            if self._page is not None:
                await act.play(self._page, self._backstage)
            elif isinstance(act, Do):
                self._say(f"  First, in your browser: {act.words}")

    async def _act(self, act: Do | Watch | Backdoor | Picture) -> None:
        match act:
            case Do():
                where = "" if self._page is not None else "In your browser: "
                await self._announced(f"  {where}{act.words}")
                if self._page is not None:
                    await act.play(self._page, self._backstage)
            case Watch():
                self._told(f"  Look: {act.words}")
                if self._page is not None:
                    await act.play(self._page, self._backstage)
            case Backdoor():
                await self._announced(f"  Behind the page: {act.words}")
                await act.play(self._backstage)
            case Picture() if self._recording and self._page is not None:
                await self._page.picture(act.name, act.height, act.dark)

    async def _announced(self, words: str) -> None:
        self._told(words)
        unread, self._unread = " ".join(self._unread), []
        await self._pace(unread)

    def _told(self, words: str) -> None:
        self._say(words)
        self._unread.append(words)
