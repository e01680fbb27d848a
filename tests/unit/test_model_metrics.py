"""What language models were asked is counted when a task ends."""

from agents.notes import Note
from agents.usage import Usage
from orchestration.messages import TaskResult
from orchestration.metrics import Metrics


def counted(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Every series about models that is not zero."""
    return {
        (sample.name.removeprefix("roundtable_"), *sample.labels.values()): sample.value
        for metric in metrics.collect()
        for sample in metric.samples
        if "model" in sample.name and sample.value
    }


def test_calls_tokens_and_what_was_done_without_are_counted() -> None:
    metrics = Metrics(["garden"], ["openai:x"])
    result = TaskResult(
        task="t",
        mode="council",
        state="answered",
        usage=(Usage(model="openai:x", calls=2, tokens_in=30, tokens_out=4),),
        notes=(Note(kind="written_without_model", model="openai:x", why="timeout"),),
    )
    metrics.task_ended(result)
    metrics.task_ended(result)
    assert counted(metrics) == {
        ("model_calls_total", "openai:x"): 4,
        ("model_tokens_total", "openai:x", "in"): 60,
        ("model_tokens_total", "openai:x", "out"): 8,
        ("without_model_total", "written_without_model", "timeout"): 2,
    }


def test_series_are_there_before_anything_happens() -> None:
    """So a first failure is seen as an increase."""
    names = [sample.name for metric in Metrics([], ["openai:x"]).collect() for sample in metric.samples]
    assert names.count("roundtable_model_tokens_total") == 2
    assert names.count("roundtable_without_model_total") > 10
