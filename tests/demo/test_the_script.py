"""The scenes of the demonstration as they are delivered, and what they are played with."""

import asyncio
import os
import re
import socket
from pathlib import Path

import numpy as np
import pytest

from agents import load_catalog
from agents.answerers.scripted import ScriptedAnswerer
from agents.answers import Draft, Piece, Question
from chat.starters import STARTERS
from demo.__main__ import main
from demo.acts import Do, Picture
from demo.held import NOTICE, HeldAnswerer
from demo.paper import NAME, PAGES, paper
from demo.runner import Runner
from demo.script import KEPT_BY, SCENES
from demo.terminal import at_once
from knowledge.loaders import load
from tests.demo.stand_ins import Recorder

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("number", range(1, len(SCENES) + 1))
async def test_each_scene_leaves_the_stage_as_it_found_it(number: int) -> None:
    """So that any other can follow: nobody is held, dead or halted, Redis answers, no plan waits."""
    page, backstage = Recorder(), Recorder()
    await Runner(page, backstage, say=lambda words: None, pace=at_once).play(SCENES[:number], first=number)
    calls = page.calls + backstage.calls
    assert calls
    for done, undone in (
        ("hold", "let_go"),
        ("kill_worker", "replace_worker"),
        ("stop_redis", "start_redis"),
        ("turn_ask_first True", "turn_ask_first False"),
        ("command halt", "command resume"),
    ):
        assert sum(c.startswith(done) for c in calls) == sum(c.startswith(undone) for c in calls), done


async def test_the_presenter_hears_every_question() -> None:
    """Whoever uses their own browser can type all of it."""
    page, said = Recorder(), list[str]()
    await Runner(page, Recorder(), say=said.append, pace=at_once).play(SCENES)
    starters = {beginning.label: beginning.question for beginning in STARTERS}
    for call in page.calls:
        what, _, words = call.partition(" ")
        if what in ("ask", "start"):
            assert any(starters.get(words, words) in line for line in said), call


def test_agents_of_the_script_are_in_the_catalog() -> None:
    """A document is given to one of them by name."""
    assert "operations" in load_catalog()
    assert any(isinstance(act, Do) and "Operations" in act.words for scene in SCENES for act in scene.acts)


def test_the_readme_shows_the_pictures_that_are_taken() -> None:
    """Each picture is there, small, and in use; none is left over."""
    taken = {act.name for scene in SCENES for act in scene.acts if isinstance(act, Picture)}
    kept = {path.stem: path.stat().st_size for path in (ROOT / "docs" / "images").iterdir()}
    shown = set(re.findall(r"docs/images/([a-z-]+)\.png", (ROOT / "README.md").read_text()))
    assert taken == kept.keys() == shown
    assert max(kept.values()) < 250_000


def test_the_paper_is_a_pdf_that_agents_can_read() -> None:
    """What is asked about stands on its last page, and nowhere in the catalog."""
    document = load(paper(), NAME)
    pages = {block.page for block in document.blocks if KEPT_BY in block.text}
    assert pages == {len(PAGES)}
    for agent in load_catalog().values():
        assert not any(KEPT_BY in path.read_text() for path in agent.seeds())


async def test_a_held_worker_says_so_and_goes_on_when_it_is_let() -> None:
    """With the answer that it would have given anyway."""
    held: asyncio.Queue[str] = asyncio.Queue()
    answerer = HeldAnswerer(ScriptedAnswerer("The answer."), held.put_nowait)
    agent = next(iter(load_catalog().values()))
    question = Question(agent=agent, text="What?", vector=np.zeros(1, np.float32), hits=())
    answerer.hold()
    pieces = answerer.answer(question)
    assert await anext(pieces) == Piece("reasoning", f"{NOTICE} {os.getpid()}.\n\n")
    rest = asyncio.ensure_future(anext(pieces))
    assert await held.get() == agent.name
    assert not rest.done()
    answerer.let_go()
    assert await rest == Piece("answer", "The answer.")
    assert isinstance(await anext(pieces), Draft)
    again = [piece async for piece in answerer.answer(question)]
    assert again[0] == Piece("answer", "The answer.")


@pytest.mark.parametrize("way", ["--auto", "--record"])
def test_without_chromium_it_says_what_to_do(
    way: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Before anything is started."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main([way, "--data", str(tmp_path / "data")]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("There is no Chromium")
    assert captured.err.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_a_port_that_is_taken_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """In one sentence, before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
        assert main(["--by-hand", "--port", str(port), "--data", str(tmp_path / "data")]) == 1
    assert f"Port {port} is in use." in capsys.readouterr().err
    assert not (tmp_path / "data").exists()
