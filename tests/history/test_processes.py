"""Close the tab, kill the web process in mid-run, let another process finish, come back: the conversation is there."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from chat.picture import draw
from chat.story import Story, tell
from chat.wire import Picture
from history import ConversationLog, History, Keeper, open_history
from history.conversation_log import INTERRUPTED
from orchestration.keys import Keys
from orchestration.log import RunLog
from orchestration.messages import Accepted, Answer, Mode
from tests.history.dying import CONVERSATION, QUESTION
from tests.orchestration.waiting import PATIENCE_SECONDS, eventually
from tests.orchestration.worlds import SHORT_LEASE, world

NAME = QUESTION.removeprefix("@garden @kitchen ")
TITLES = {"garden": "Gardener", "kitchen": "Baker", "single_agent": "Single agent"}


@asynccontextmanager
async def in_mid_run(folder: Path, redis_url: str, keys: Keys, mode: Mode) -> AsyncIterator[Callable[[], None]]:
    """A web process whose agents are at work; the way to kill it."""
    command = [sys.executable, "-m", "tests.history.dying", str(folder), redis_url, keys.prefix, mode]
    child = await asyncio.create_subprocess_exec(
        *command, cwd=Path(__file__).parents[2], stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await child.stdout.readline() == b"held\n"
        yield child.kill
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


@asynccontextmanager
async def killed_in_mid_run(folder: Path, redis_url: str, keys: Keys, mode: Mode) -> AsyncIterator[str]:
    """The run of a web process that is dead."""
    async with in_mid_run(folder, redis_url, keys, mode):
        pass
    yield f"run_of_the_{mode}"


async def picture(log: RunLog, run: str) -> Picture:
    story = Story(run)
    async for recorded in log.follow(run, person="local"):
        story = tell(story, recorded)
    return draw(story, TITLES)


async def test_a_council_is_finished_and_kept_by_whoever_is_there(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """No page was open. What is drawn from the history is what was drawn from Redis, and needs no Redis any more."""
    async with killed_in_mid_run(tmp_path, redis_url, keys, "council") as run, open_history(tmp_path) as history:
        page = await history.conversations("local", 5)
        assert [one.name for one in page.conversations] == [NAME], "listed before it has ended"
        async with world(tmp_path, redis_url, keys.prefix, keeper=Keeper(history), lease_seconds=SHORT_LEASE) as other:
            await eventually(lambda: _ended(history, run), "another process has finished and kept it")
            live = await picture(other, run)
    async with open_history(tmp_path) as history, world(tmp_path / "alone", redis_url, f"{keys.prefix}-empty") as empty:
        log = ConversationLog(history, empty)
        assert await log.runs("local", CONVERSATION) == [run]
        kept = await picture(log, run)
        page = await history.conversations("local", 5, search="rye prune")
    assert kept == live
    assert "Interrupted, and taken up again" in [step.name for step in kept.steps]
    assert [step.output for step in kept.steps if step.type == "user_message"] == [QUESTION]
    assert len(page.conversations) == 1


async def test_what_another_process_answers_alone_is_interrupted_when_that_is_killed(
    tmp_path: Path, redis_url: str, keys: Keys
) -> None:
    """And not before: a server beside it shows that it goes on."""
    async with (
        in_mid_run(tmp_path, redis_url, keys, "single") as kill,
        open_history(tmp_path) as history,
        world(tmp_path / "beside", redis_url, keys.prefix) as other,
    ):
        log = ConversationLog(history, other)
        (run,) = await log.runs("local", CONVERSATION)
        reading = log.follow(run, person="local")
        assert isinstance((await anext(reading)).event, Accepted)
        assert await history.answering.goes_on(run)
        kill()
        (end,) = [recorded async for recorded in reading]
        assert isinstance(end.event, Answer)
        assert end.event.result.reason == INTERRUPTED


async def test_what_the_single_agent_was_asked_is_there_as_interrupted(
    tmp_path: Path, redis_url: str, keys: Keys
) -> None:
    """It lived in the process that died; the question and what became of it are told."""
    async with (
        killed_in_mid_run(tmp_path, redis_url, keys, "single") as run,
        open_history(tmp_path) as history,
        world(tmp_path, redis_url, keys.prefix, keeper=Keeper(history)) as other,
    ):
        log = ConversationLog(history, other)
        assert await log.runs("local", CONVERSATION) == [run]
        *_, end = [recorded async for recorded in log.follow(run, person="local")]
        assert isinstance(end.event, Answer)
        assert (end.event.result.state, end.event.result.reason) == ("failed", INTERRUPTED)
        shown = await picture(log, run)
        assert [step.output for step in shown.steps if step.type == "user_message"] == [QUESTION]


async def _ended(history: History, run: str) -> bool:
    known = await history.run(run, "local")
    return known is not None and known.ended
