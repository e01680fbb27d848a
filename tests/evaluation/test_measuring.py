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
from tests.knowledge.pdfs import placed

BREAD = ["how long does rye bread bake", "which flour makes good bread", "how do i keep bread fresh"]
ROSES = ["when do i prune roses", "how do i water roses", "which roses bloom in spring"]


def write(folder: Path, name: str, records: Sequence[Mapping[str, object]]) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Every set with a few agents."""
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
    write(data / "multihop", "passages.jsonl", [
        {"pid": "p1", "title": "The Blue Door", "text": "The Blue Door is a novel by Maria Keller."},
        {"pid": "p2", "title": "Maria Keller", "text": "She was born in Oslo."},
        *({"pid": f"x{n}", "title": f"Pump {n}", "text": f"The pump number {n} has {n} valves."} for n in range(12)),
    ])  # fmt: skip
    write(data / "multihop", "questions.jsonl", [
        {"source": "musique", "question": "Who wrote the novel The Blue Door?", "gold": ["p1", "p2"]},
        {"source": "hotpotqa", "question": "zebra quantum violin", "gold": ["nowhere"]},
    ])  # fmt: skip
    reports = data / "sec10q"
    names = {"2023 Q1 A": ("Acme", "1,234"), "2023 Q2 A": ("Acme", "2,345"), "2023 Q1 B": ("Bolt", "9,876")}
    write(reports, "pages.jsonl", [{"doc": doc, "company": company} for doc, (company, _) in names.items()])
    (reports / "pdf").mkdir()
    for doc, (company, margin) in names.items():
        texts = [(60.0, 60.0, f"Quarterly report of {company}, Inc."), (60.0, 90.0, f"The gross margin was {margin}.")]
        (reports / "pdf" / f"{doc}.pdf").write_bytes(placed(texts))
    first = {"question": "What was the gross margin of Bolt in Q1 2023?", "source_docs": ["2023 Q1 B"]}
    both = {"question": "How did the gross margin of Acme change over time?", "source_docs": ["2023 Q1 A", "2023 Q2 A"]}
    write(reports, "questions.jsonl", [
        {**first, "numbers": ["9,876"]},
        {**both, "numbers": ["1,234", "2,345"]},
        {**both, "numbers": []},
    ])  # fmt: skip
    write(reports, "composite_questions.jsonl", [
        {"question": f"{first['question']} And {str(both['question']).lower()}", "source_docs": [],
         "numbers": ["9,876", "1,234", "77"]},
    ])  # fmt: skip
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


async def test_multihop_counts_the_passages_that_support_an_answer(data: Path, tmp_path: Path) -> None:
    """Over all agents, of each source, and over the agents that the selection chooses."""
    result = await measured("multihop", data, tmp_path)
    assert result.figures["musique_recall_at_5"] == result.figures["musique_all_support_at_5"] == 1
    assert result.figures["hotpotqa_recall_at_10"] == 0
    assert result.figures["recall_at_5"] == 0.5
    assert result.counts == {"questions": 2, "passages": 14, "agents": 5}


async def test_sec10q_counts_the_numbers_that_are_found(data: Path, tmp_path: Path) -> None:
    """In real PDF files, and only of questions whose answer holds numbers."""
    result = await measured("sec10q", data, tmp_path)
    assert result.figures["single_numbers_in_12"] == result.figures["multi_numbers_in_12"] == 1
    assert result.figures["composite_numbers_in_12"] == pytest.approx(2 / 3)
    assert result.figures["composite_split_numbers_in_12"] == pytest.approx(2 / 3)
    assert result.counts["single"] == result.counts["multi"] == 1
    assert result.counts["documents"] == 3


async def test_a_report_that_is_missing_is_named(data: Path, tmp_path: Path) -> None:
    """Rather than measured without."""
    (data / "sec10q" / "pdf" / "2023 Q1 B.pdf").unlink()
    with pytest.raises(WrongData, match=r"2023 Q1 B.pdf cannot be read: There is no such file."):
        await measured("sec10q", data, tmp_path)


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
