"""What Prometheus would read, through its own parser."""

from collections.abc import Iterator

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from orchestration import AgentOrchestrator


class Scrape:
    """One answer of `/metrics`."""

    def __init__(self, text: bytes) -> None:
        self.families = list(text_string_to_metric_families(text.decode()))

    @property
    def samples(self) -> Iterator[Sample]:
        return (sample for family in self.families for sample in family.samples)

    def value(self, name: str, **labels: str) -> float | None:
        """One series' value, or None when there is no such series; names go without the product's."""
        found = [s.value for s in self.samples if s.name == f"roundtable_{name}" and s.labels == labels]
        assert len(found) <= 1, f"{name} {labels} stands there twice"
        return found[0] if found else None

    def counted(self) -> dict[str, float]:
        """Every counter that has counted something, such as `steps_total garden failed`."""
        return {
            " ".join([sample.name.removeprefix("roundtable_"), *(sample.labels[key] for key in sorted(sample.labels))]):
            sample.value
            for family in self.families
            for sample in family.samples
            if family.type == "counter" and sample.value
        }  # fmt: skip


async def scrape(orchestrator: AgentOrchestrator) -> Scrape:
    """Ask a process."""
    return Scrape(await orchestrator.metrics())
