"""A whole measurement, with a small set and the hashing embedder: the product's selector does the work."""

import argparse
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from cli.console import Console
from cli.errors import WrongUsage
from cli.evaluate import _NAMES, add
from cli.outcome import outcome_of
from cli.runtime import real_runtime
from evaluation import SETS, Result, WrongData, evaluate
from evaluation.labels import agent_name, make_agent
from knowledge import HashEmbedder

BREAD = ["how long does rye bread bake", "which flour makes good bread", "how do i keep bread fresh"]
ROSES = ["when do i prune roses", "how do i water roses", "which roses bloom in spring"]


def write(folder: Path, name: str, records: Sequence[Mapping[str, object]]) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Both sets with two agents each."""
    data = tmp_path / "eval"
    data.mkdir()
    clinc = data / "clinc150"
    write(clinc, "agent_profiles.jsonl", [
        {"intent": "bread", "agent": "kitchen_work", "examples": BREAD},
        {"intent": "roses", "agent": "garden", "examples": ROSES},
    ])  # fmt: skip
    write(clinc, "queries.jsonl", [
        {"query": "how long does white bread bake", "agent": "kitchen_work"},
        {"query": "when do i water roses", "agent": "garden"},
        {"query": "zebra quantum violin", "agent": None},
    ])  # fmt: skip
    metatool = data / "metatool"
    write(metatool, "agents.jsonl", [
        {"agent": "Bread&Co", "description": "Bakes bread.", "in_multi": True},
        {"agent": "RoseTool", "description": "Everything about roses in gardens.", "in_multi": True},
        {"agent": "TrainTool", "description": "Departures of trains from stations.", "in_multi": False},
    ])  # fmt: skip
    write(metatool, "agent_examples.jsonl", [
        {"agent": "Bread&Co", "examples": BREAD},
        {"agent": "RoseTool", "examples": ROSES},
    ])  # fmt: skip
    write(metatool, "multi.jsonl", [
        {"query": "How long does rye bread bake, and when do I prune roses?", "agents": ["Bread&Co", "RoseTool"]},
    ])  # fmt: skip
    write(metatool, "single.jsonl", [{"query": "how do i prune roses", "agents": ["RoseTool"]}])
    return data


async def measured(name: str, data: Path, tmp_path: Path) -> Result:
    said: list[str] = []
    result = await evaluate(
        name,
        SETS[name],
        data,
        folder=tmp_path / "kept",
        embedder=HashEmbedder(),
        limit=None,
        tell=said.append,
        clock=lambda: 0.0,
    )
    assert said, "somebody who waits must see that it goes on"
    return result


async def test_clinc150_counts_what_was_right(data: Path, tmp_path: Path) -> None:
    """The right domain for what is inside, and a lower score for what is outside."""
    result = await measured("clinc150", data, tmp_path)
    assert result.figures["accuracy"] == 1
    assert result.figures["out_of_scope_auroc"] == 1
    assert result.counts == {"in_scope": 2, "out_of_scope": 1, "agents": 2}


async def test_metatool_counts_exact_pairs_and_single_agents(data: Path, tmp_path: Path) -> None:
    """Two-agent requests only over the agents that take part in them."""
    result = await measured("metatool", data, tmp_path)
    assert result.figures["multi_exact"] == 1
    assert result.figures["single_accuracy"] == 1
    assert result.counts == {"multi": 1, "multi_agents": 2, "single": 1, "agents": 3}


@pytest.mark.parametrize("name", SETS)
async def test_two_measurements_give_the_same(name: str, data: Path, tmp_path: Path) -> None:
    """Also when the second one finds the embeddings of the first."""
    assert await measured(name, data, tmp_path) == await measured(name, data, tmp_path)


@pytest.mark.parametrize("name", SETS)
async def test_a_wrong_folder_is_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    """A folder that is not there, and one that holds something else."""
    with pytest.raises(WrongData, match="There is no folder"):
        await measured(name, tmp_path / "nowhere", tmp_path)
    with pytest.raises(WrongData, match=f"holds no questions of the set {name}"):
        await measured(name, tmp_path, tmp_path)


async def test_a_file_of_another_kind_is_named_with_its_line(data: Path, tmp_path: Path) -> None:
    """So that it can be found and looked at."""
    write(data / "clinc150", "queries.jsonl", [{"query": "fine", "agent": None}, {"question": "odd"}])
    with pytest.raises(WrongData, match=r"Line 2 of .*queries.jsonl"):
        await measured("clinc150", data, tmp_path)


def test_labels_become_names_that_agents_may_have() -> None:
    """Names are mentions and folders; the label stays the title."""
    assert agent_name("PDF&URLTool") == "pdf-urltool"
    assert make_agent("MemeTool", "Create memes.", ()).title == "MemeTool"


def test_the_command_offers_every_set() -> None:
    """The names stand there twice, because `--help` loads nothing."""
    assert tuple(SETS) == _NAMES


def test_the_command_ends_with_2_where_the_data_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, and nothing on standard output."""
    monkeypatch.setenv("ROUNDTABLE_DATA", str(tmp_path / "data"))
    parser = argparse.ArgumentParser()
    add(parser.add_subparsers())
    args = parser.parse_args(["evaluate", "--set", "metatool", "--data", str(tmp_path / "nowhere"), "--json"])
    out = io.StringIO()
    with pytest.raises(WrongUsage, match="There is no folder") as refused:
        args.run(args, Console(out, io.StringIO()), real_runtime())
    assert outcome_of(refused.value).code == 2
    assert out.getvalue() == ""
