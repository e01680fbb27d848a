"""`roundtable ask`: the answer on standard output, everything else on standard error, and an exit code."""

import asyncio
import json
from dataclasses import dataclass, field, replace

import pytest

from agents import Note, UnknownAgent, UnknownModel, Usage
from cli.main import COMMANDS, main
from orchestration import ConfigurationError, InvalidTask, Task
from orchestration.messages import Failed
from tests.cli.runs import FIRST, QUESTION, ScriptedCouncil, Terminal, events, result


def test_an_answer_and_its_sources(terminal: Terminal) -> None:
    """The answer goes where a pipe takes it; how it came about goes to the terminal."""
    ran = terminal.types("ask", QUESTION)
    assert ran.code == 0
    assert ran.out == "With a password. [1]\n\nSources\n[1] redis.md, page 3, Safety (security)\n"
    assert "Asking Operations 0.90, Security 0.80" in ran.err
    assert "Operations found nothing" in ran.err


def test_json_is_one_document_and_nothing_else(terminal: Terminal) -> None:
    """A program reads it without looking for its beginning."""
    ran = terminal.types("ask", QUESTION, "--json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["task_id"] == "r"


class Away:
    """A Redis that is away until somebody was told."""

    sentence = "Redis takes no writes."

    def __init__(self) -> None:
        self.over = asyncio.Event()

    async def begins(self) -> None:
        if self.over.is_set():
            await asyncio.Event().wait()

    async def ends(self) -> None:
        self.over.set()


@dataclass
class WaitingCouncil(ScriptedCouncil):
    """Takes nothing in while Redis is away."""

    outage: Away = field(default_factory=Away)

    async def placed(self, task: Task) -> Task:
        await self.outage.over.wait()
        return task


def test_what_is_waited_for_is_told(terminal: Terminal) -> None:
    """Who asked would otherwise look at an empty terminal until the deadline. A program that reads is not told."""
    ran = replace(terminal, council=WaitingCouncil(events())).types("ask", QUESTION)
    assert ran.code == 0
    assert ran.err.splitlines()[:2] == ["Redis takes no writes.", "Redis answers again."]
    ran = replace(terminal, council=WaitingCouncil(events())).types("ask", QUESTION, "--json")
    assert (ran.code, ran.err) == (0, "")


def test_what_is_asked_is_what_was_typed(terminal: Terminal) -> None:
    """Person, agents, mode and priority reach the task."""
    terminal.types("ask", QUESTION, "--as", "ada", "--agents", "security, product,security", "--single")
    terminal.types("ask", QUESTION, "--background")
    task, background = terminal.council.asked
    assert (task.question, task.person, task.mode) == (QUESTION, "ada", "single")
    assert task.agents == ("security", "product")
    assert (task.priority, background.priority) == ("interactive", "background")


def test_what_models_cost_and_did_not_do_goes_to_the_terminal(terminal: Terminal) -> None:
    """By model; nothing of it is in a pipe. The document has it all."""
    note = Note(kind="written_without_model", model="openai:x", why="interrupted")
    usage = (
        Usage(model="openai:x", calls=1, tokens_in=1_000, tokens_out=200, seconds=1.5, cost=0.0021),
        Usage(model="ollama:y", calls=2, tokens_in=90, estimated=True),
        Usage(model="ollama:z"),
    )
    told = result()
    terminal.council.script = events(told.model_copy(update={"usage": usage, "notes": (note,)}))
    ran = terminal.types("ask", QUESTION, "--model", "ollama:y")
    assert terminal.council.asked[0].model == "ollama:y"
    assert ran.err.splitlines()[-3:] == [
        "Put together without the model: openai:x broke off in the middle.",
        "openai:x: 1 call, 1,200 tokens, 1.5 s, cost 0.0021",
        "ollama:y: 2 calls, about 90 tokens, 0.0 s",
    ]
    document = json.loads(terminal.types("ask", QUESTION, "--json").out)
    assert (document["usage"][0]["cost"], document["notes"][0]["why"]) == (0.0021, "interrupted")


def test_nothing_found_has_its_own_code(terminal: Terminal) -> None:
    """A script can tell "no answer" from "broken"."""
    terminal.council.script = events(result("nothing_found"))
    assert terminal.types("ask", QUESTION, "--json").code == 3


@pytest.mark.parametrize("state", ["failed", "expired", "cancelled"])
def test_any_other_end_is_a_failure_with_its_reason(terminal: Terminal, state: str) -> None:
    """Also with --json, whose document is still printed."""
    terminal.council.script = events(result(state, reason="All agents were busy."))  # type: ignore[arg-type]
    ran = terminal.types("ask", QUESTION, "--json")
    assert ran.code == 1
    assert ran.complaint == "roundtable: All agents were busy."
    assert json.loads(ran.out)["state"] == state


def test_without_redis_the_single_agent_answers_and_says_so(terminal: Terminal) -> None:
    """Visibly, not silently."""
    ran = terminal.without_redis().types("ask", QUESTION, "--json")
    assert ran.code == 0
    assert ran.complaint == "Redis does not answer. The single agent answers instead."
    assert terminal.council.asked[0].mode == "single"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidTask("The question is empty."), 2),
        (UnknownAgent("There is no agent called 'x'.", "x"), 2),
        (UnknownModel("There is no language model called 'x' here."), 2),
        (ConfigurationError("REDIS_URL is not usable."), 2),
        (OSError(28, "No space left on device"), 1),
        (ExceptionGroup("tasks", [ConfigurationError("Redis 5 is too old.")]), 2),
    ],
)
def test_every_failure_is_one_line(terminal: Terminal, error: Exception, code: int) -> None:
    """Whatever is raised, and however deep in a task group."""
    terminal.council.script = [error]
    ran = terminal.types("ask", QUESTION, "--json")
    assert (ran.code, ran.out) == (code, "")
    assert ran.complaint.startswith("roundtable: ")


def test_a_surprise_is_one_line_too_and_says_where_to_look(terminal: Terminal) -> None:
    """`--debug` shows the traceback."""
    terminal.council.script = [RuntimeError("boom")]
    assert "RuntimeError: boom" in terminal.types("ask", QUESTION, "--json").complaint
    ran = terminal.types("--debug", "ask", QUESTION, "--json")
    assert (ran.code, "Traceback" in ran.err) == (1, True)


def test_an_unknown_agent_is_named_before_anything_is_opened(terminal: Terminal) -> None:
    """With a suggestion; Redis need not be there for that."""
    ran = terminal.without_redis().types("ask", QUESTION, "--agents", "secrity")
    assert ran.code == 2
    assert "Did you mean 'security'?" in ran.complaint


def test_ctrl_c_stops_the_agents_and_is_quiet(terminal: Terminal) -> None:
    """The run may be at work in another process, so it is cancelled there."""
    terminal.council.script = [*events()[:3], asyncio.CancelledError(), KeyboardInterrupt()]
    with pytest.raises(asyncio.CancelledError):
        terminal.types("ask", QUESTION, "--json")
    assert terminal.council.cancelled == [terminal.council.asked[0].id]
    terminal.council.script = [KeyboardInterrupt()]
    ran = terminal.types("ask", QUESTION)
    assert (ran.code, ran.out, ran.err) == (130, "", "")


def test_a_failing_agent_is_told_on_the_way(terminal: Terminal) -> None:
    """The person sees who is missing before the answer comes."""
    broken = FIRST.model_copy(update={"state": "failed", "error": "Its model is away."})
    terminal.council.script = [*events()[:4], Failed(run="r", step="s1", result=broken), *events()[6:]]
    assert "Security failed: Its model is away." in terminal.types("ask", QUESTION).err


def test_a_source_cannot_drive_the_terminal(terminal: Terminal) -> None:
    """Documents are data: control sequences in them are not printed."""
    end = result().model_copy(update={"answer": "\x1b[2Jcleared\x9b2J \x07 but\ttabs and\nlines stay"})
    terminal.council.script = events(end)
    assert terminal.types("ask", QUESTION).out.startswith("[2Jcleared2J  but\ttabs and\nlines stay\n")


@pytest.mark.parametrize(
    "argv", [[], ["bogus"], ["ask"], ["ask", "q", "--bogus"], ["ask", "q", "--agents", ","], ["serve", "--port", "0"]]
)
def test_wrong_usage_is_one_line(terminal: Terminal, argv: list[str]) -> None:
    """Not a page of usage."""
    ran = terminal.types(*argv)
    assert ran.code == 2
    assert "--help" in ran.complaint


def test_help_is_not_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """And names every command."""
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert not [name for name in COMMANDS if f"    {name.replace('_', '-')}" not in shown]
