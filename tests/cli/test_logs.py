"""What is written down for later: one JSON object a line, with ids, and never a word of anybody's documents."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from redis.exceptions import ResponseError

from agents import AnswerFailed, Question
from agents.answerers.scripted import ScriptedAnswerer
from cli.logs import log_to_file
from knowledge import UnreadableDocument
from orchestration import EngineUnavailable, Task
from orchestration.keys import Keys
from orchestration.tracing import about
from tests.orchestration.worlds import world

SECRET = "ten litres of water"


class Strict(BaseModel):
    """Its errors quote what they were given."""

    number: int


def written(file: Path) -> list[dict[str, Any]]:
    """The lines of a log."""
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_the_servers_log_is_one_json_object_a_line(tmp_path: Path) -> None:
    """Also with line breaks and a traceback in it; the folder is its owner's alone."""
    file = log_to_file(tmp_path / "data")
    logging.getLogger("a.b").info("two\nlines %s", "here")
    (first,) = written(file)
    assert (first["level"], first["logger"], first["message"]) == ("INFO", "a.b", "two\nlines here")
    assert first.keys() == {"at", "level", "logger", "message"}
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


async def test_a_line_says_which_run_and_step_it_is_about(tmp_path: Path) -> None:
    """A library's lines too, and those of whatever was started meanwhile; the rest is about nothing."""
    file = log_to_file(tmp_path)

    async def step() -> None:
        about(agent="garden")
        about(task="r1", step="s1")
        logging.getLogger("some.library").warning("slow")
        await asyncio.create_task(asyncio.to_thread(logging.getLogger("a.thread").warning, "slow too"))

    await asyncio.create_task(step())
    logging.getLogger("elsewhere").warning("done")
    first, second, last = written(file)
    assert (first["task"], first["step"], first["agent"]) == ("r1", "s1", "garden")
    assert (second["task"], second["step"], second["agent"]) == ("r1", "s1", "garden")
    assert last.keys() == {"at", "level", "logger", "message"}


async def test_every_run_is_named_by_its_id(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """What happens in it, and in each of its steps."""
    file = log_to_file(tmp_path)

    async def note(question: Question) -> None:
        logging.getLogger("an.answerer").info("looking")

    tasks = [
        Task(question="@garden @kitchen What is best?"),
        Task(question="How long do I bake rye bread?", mode="single"),
    ]
    async with world(tmp_path, redis_url, keys.prefix, answerer=ScriptedAnswerer(before=note)) as orchestrator:
        for task in tasks:
            await orchestrator.dispatch_task(task)

    lines = [line for line in written(file) if line["logger"] == "an.answerer"]
    council, single = ([line for line in lines if line["task"] == task.id] for task in tasks)
    assert {line["agent"] for line in council} == {"garden", "kitchen"}
    assert all(line["step"] for line in council)
    assert single


def invalid() -> Exception:
    """An error of pydantic's, which quotes its input."""
    try:
        Strict.model_validate({"number": SECRET})
    except ValueError as error:
        return error
    raise AssertionError


def chained() -> Exception:
    """An error that another one caused."""
    error = RuntimeError("outer")
    error.__cause__ = KeyError(SECRET)
    return error


RAISED = [
    ValueError(SECRET),
    OSError(SECRET),
    ResponseError(f"Syntax error at offset 5 near {SECRET}"),
    AnswerFailed(f"I could not make sense of “{SECRET}”."),
    UnreadableDocument(f"The PDF is damaged: {SECRET}"),
    ExceptionGroup(SECRET, [ValueError(SECRET)]),
    invalid(),
    chained(),
]


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
async def test_what_an_answerer_raises_says_nothing_in_the_log(
    tmp_path: Path, redis_url: str, keys: Keys, error: Exception
) -> None:
    """It may quote the document and the question. The log has its type and where it came from."""
    file = log_to_file(tmp_path)

    async def fail(question: Question) -> None:
        error.add_note(f"while answering {question.text}")
        raise error

    async with world(tmp_path, redis_url, keys.prefix, answerer=ScriptedAnswerer(before=fail)) as orchestrator:
        council = await orchestrator.dispatch_task(Task(question="@garden Doctor, when?"))
        single = await orchestrator.dispatch_task(Task(question="Doctor, how long do I bake rye bread?", mode="single"))

    assert (council.state, single.state) == ("failed", "failed")
    log = file.read_text()
    assert type(error).__name__ in log
    assert SECRET not in log
    assert "octor" not in log


def test_our_own_errors_keep_their_sentences(tmp_path: Path) -> None:
    """And what the system and Redis say about themselves; not what repeats a command or a document."""
    file = log_to_file(tmp_path)
    for error in (
        EngineUnavailable("Redis does not answer."),
        ConnectionRefusedError(111, SECRET),
        ResponseError(f"unknown command 'XADD', with args beginning with: {SECRET}"),
        ResponseError("OOM command not allowed"),
        UnreadableDocument(f"The PDF is damaged: {SECRET}"),
    ):
        logging.getLogger("a").warning("it waits: %s", error)
    assert [line["message"] for line in written(file)] == [
        "it waits: EngineUnavailable: Redis does not answer.",
        "it waits: ConnectionRefusedError: Connection refused",
        "it waits: ResponseError: unknown command 'XADD'",
        "it waits: ResponseError: OOM command not allowed",
        "it waits: UnreadableDocument",
    ]


def test_the_same_trouble_is_told_once_a_minute(tmp_path: Path) -> None:
    """With how often it was there meanwhile. What else is said, and another trouble, stands there every time."""
    file = log_to_file(tmp_path)
    away, later = EngineUnavailable("Redis does not answer."), EngineUnavailable("Redis is loading.")

    def say(at: float, message: str, *args: object) -> None:
        record = logging.LogRecord("a", logging.WARNING, "a.py", 1, message, args, None)
        record.created = at
        logging.getLogger("a").handle(record)

    for second in range(150):
        say(1_000.0 + second, "it waits: %s", away)
        say(1_000.0 + second, "asked %s times", 3)
    say(1_150.0, "it waits: %s", later)
    lines = written(file)
    assert len([line for line in lines if line["message"] == "asked 3 times"]) == 150
    troubles = [
        (line["message"].rpartition(": ")[2], line.get("repeated")) for line in lines if "waits" in line["message"]
    ]
    assert troubles == [
        ("Redis does not answer.", None),
        ("Redis does not answer.", 59),
        ("Redis does not answer.", 59),
        ("Redis is loading.", None),
    ]
    say(100.0, "it waits: %s", away)
    assert len(written(file)) == len(lines) + 1, "the clock was set back"
    say(1_200.0, "it waits:", away)  # As a library may have it; that line is nobody's, and nothing is raised.


async def test_an_error_that_nobody_waited_for_says_nothing_either(tmp_path: Path) -> None:
    """asyncio shows the whole object; libraries give the exception as the message itself."""
    file = log_to_file(tmp_path)
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    future.set_exception(ValueError(SECRET))
    loop.call_exception_handler({"message": "Never retrieved", "future": future, "exception": future.exception()})
    logging.getLogger("chainlit").error(ValueError(SECRET))
    first, second = written(file)
    assert (first["message"], first["exception"]) == ("Never retrieved", "ValueError")
    assert second["message"] == "ValueError"
