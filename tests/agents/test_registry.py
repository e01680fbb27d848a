"""The catalog is checked at the start, and complaints name the file."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from agents import Agent, AgentRegistry, CatalogError, UnknownAgent, load_catalog

GOOD = 'from agents import Agent\nAGENT = Agent(name="{0}", title="T", description="Knows a great many things.")\n'


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty catalog package that a test fills."""
    folder = tmp_path / "mycatalog"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [n for n in sys.modules if n.startswith("mycatalog")]:
        del sys.modules[name]


def package(folder: Path) -> ModuleType:
    module = ModuleType("mycatalog")
    module.__path__ = [str(folder)]
    sys.modules["mycatalog"] = module
    return module


def test_the_shipped_catalog() -> None:
    """Five agents, each with at least six documents and questions it is meant for."""
    registry = load_catalog()
    assert set(registry) == {"architecture", "operations", "security", "knowledge", "product"}
    assert all(len(agent.seeds()) >= 6 and len(agent.examples) >= 5 for agent in registry.values())


def test_adding_a_file_adds_an_agent(catalog: Path) -> None:
    """One file, nothing else."""
    (catalog / "birds.py").write_text(GOOD.format("birds"))
    assert list(load_catalog(package(catalog))) == ["birds"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("AGENT = 1\n", "bad.py does not define AGENT"),
        ("import nowhere_to_be_found\n", "bad.py cannot be loaded: No module named"),
        ("def broken(:\n", "bad.py cannot be loaded"),
        (GOOD.format("Not A Name"), "bad.py cannot be loaded"),
    ],
)
def test_a_broken_entry_names_its_file(catalog: Path, text: str, said: str) -> None:
    """Whoever wrote the file finds it at once."""
    (catalog / "bad.py").write_text(text)
    with pytest.raises(CatalogError, match=said):
        load_catalog(package(catalog))


def test_two_files_with_one_name_are_both_named(catalog: Path) -> None:
    """A duplicate is refused, and the message says where both are."""
    for file in ("one", "two"):
        (catalog / f"{file}.py").write_text(GOOD.format("same"))
    with pytest.raises(CatalogError, match=r"two\.py and .*one\.py both define"):
        load_catalog(package(catalog))


def test_an_unknown_name_gets_a_suggestion() -> None:
    """A typing error is easy to mend."""
    registry = AgentRegistry([Agent(name="security", title="S", description="Knows a great many things.")])
    with pytest.raises(UnknownAgent, match="Did you mean 'security'"):
        registry["secruity"]
