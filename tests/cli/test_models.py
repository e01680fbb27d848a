"""`roundtable models`: which language models there are, for whom, and where what they are asked goes."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agents.models.settings import ModelSettings
from cli.main import main
from cli.outcome import DONE, FAILED, WRONG
from tests.cli.runs import Terminal
from tests.openai_server import Asked, OpenAIServer, Piece, Refusal, openai_server


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with openai_server(lambda asked: ["yes"]) as opened:
        yield opened


def with_models(
    terminal: Terminal, base_url: str = "http://user:secret@models.example/v1", **given: object
) -> Terminal:
    models = ModelSettings.model_validate({"model": "openai:big", "base_url": base_url, **given})
    return replace(terminal, settings=terminal.settings.model_copy(update={"models": models}))


def test_without_any_it_says_so(terminal: Terminal) -> None:
    ran = terminal.types("models")
    assert ran.code == DONE
    assert "No language model is configured" in ran.out


def test_each_is_listed_with_whom_it_is_for_and_who_gets_to_read_the_questions(terminal: Terminal) -> None:
    """The password in an address is nobody's business."""
    agent = next(iter(terminal.council.registry))
    ran = with_models(terminal, agents={agent: "ollama:small"}, fallbacks="ollama:small").types("models")
    assert ran.code == DONE
    big, small = ran.out.splitlines()[1:3]
    assert "openai:big" in big and "models.example" in big
    assert f"the agent {agent}, where another fails" in small and "stays on this machine" in small
    assert "secret" not in ran.out


def test_each_can_be_tried(terminal: Terminal, server: OpenAIServer) -> None:
    ran = with_models(terminal, server.base_url, offered="openai:small").types("models", "--try", "--json")
    assert ran.code == DONE
    assert [(row["model"], row["answers"]) for row in json.loads(ran.out)["models"]] == [
        ("openai:big", True),
        ("openai:small", True),
    ]
    assert sorted(asked.body["model"] for asked in server.asked) == ["big", "small"]


def test_nothing_is_asked_unless_it_is_tried(terminal: Terminal, server: OpenAIServer) -> None:
    with_models(terminal, server.base_url).types("models")
    assert server.asked == []


def test_why_one_does_not_answer_is_said_in_words(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """As JSON it is the word that programs know."""
    monkeypatch.setattr("agents.models.resilient.FIRST_WAIT", 0.0)

    def busy(asked: Asked) -> list[Piece]:
        raise Refusal(429)

    with openai_server(busy) as server:
        ran = with_models(terminal, server.base_url).types("models", "--try")
        assert (ran.code, "no: rate limited" in ran.out) == (FAILED, True)
        told = json.loads(with_models(terminal, server.base_url).types("models", "--try", "--json").out)
    assert told["models"][0]["why"] == "rate_limited"


def test_one_that_does_not_answer_is_a_failure(terminal: Terminal, server: OpenAIServer) -> None:
    server.away = True
    ran = with_models(terminal, server.base_url).types("models", "--try")
    assert (ran.code, "no: unreachable" in ran.out) == (FAILED, True)


@pytest.mark.parametrize("arguments", [("models",), ("ask", "--single", "When are roses pruned?")])
def test_a_model_without_its_key_is_a_wrong_configuration(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Said in one sentence, at the start."""
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.setenv("ROUNDTABLE_DATA", str(tmp_path))
    monkeypatch.setenv("ROUNDTABLE_MODEL", "anthropic:claude")
    assert main(arguments) == WRONG
    assert "roundtable: The model anthropic:claude needs a key: set ANTHROPIC_API_KEY." in capsys.readouterr().err
