"""The layout in docs/design, held by tests."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAY_IMPORT = {
    "people": set(),
    "knowledge": set(),
    "agents": {"knowledge"},
    "orchestration": {"agents", "knowledge"},
    "evaluation": {"orchestration", "agents", "knowledge"},
    "history": {"orchestration", "agents", "knowledge"},
    "chat": {"history", "people", "orchestration", "agents", "knowledge"},
    "api": {"chat", "history", "people", "orchestration", "agents", "knowledge"},
    "cli": {"api", "evaluation", "history", "people", "orchestration", "agents", "knowledge"},
}
"""Package -> packages of ours that it may import: down only."""
NOT_SHIPPED = {"benchmarks", "demo", "tests"}
ONLY_IN = {
    "chainlit": ("app.py", "chat/", "api/"),
    "redis": ("orchestration/",),
    "sqlite3": ("history/", "knowledge/kept.py"),
    "faiss": ("knowledge/index.py",),
    "tantivy": ("knowledge/lexical.py",),
    "torch": ("knowledge/torch_model.py",),
    "sentence_transformers": ("knowledge/torch_model.py",),
    "onnxruntime": ("knowledge/onnx_model.py",),
    "tokenizers": ("knowledge/onnx_model.py",),
    "pypdfium2": ("knowledge/layout/pdfium.py",),
    "argon2": ("people/passwords.py",),
    "mcp": ("agents/tools/session.py", "agents/tools/servers.py"),
    "langchain": ("agents/models/",),
    "langchain_core": ("agents/models/",),
    "langchain_openai": ("agents/models/",),
}
"""Library -> the only places that may import it."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    for package in [*MAY_IMPORT, "app.py"]:
        for path in sorted((ROOT / package).rglob("*.py") if package != "app.py" else [ROOT / "app.py"]):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def imported(tree: ast.Module) -> set[str]:
    """Top-level names of everything a module imports, wherever in it."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def test_imports_go_down_only() -> None:
    """No package imports one above it."""
    wrong = [
        f"{file} imports {name}"
        for file, tree in sources()
        if (package := file.partition("/")[0]) in MAY_IMPORT
        for name in imported(tree) & MAY_IMPORT.keys() - {package} - MAY_IMPORT[package]
    ]
    assert not wrong


def test_what_is_not_shipped_is_not_imported() -> None:
    """The product does without its tests, its benchmarks and its demonstration."""
    wrong = [f"{file} imports {name}" for file, tree in sources() for name in imported(tree) & NOT_SHIPPED]
    assert not wrong


def test_heavy_libraries_stay_in_their_modules() -> None:
    """Chainlit, Redis, FAISS and the model library are each behind one door."""
    wrong = [
        f"{file} imports {name}"
        for file, tree in sources()
        for name in imported(tree) & ONLY_IN.keys()
        if not file.startswith(ONLY_IN[name])
    ]
    assert not wrong


def test_no_import_cycles_between_modules() -> None:
    """Modules import each other without going round in circles."""
    graph: dict[str, set[str]] = {}
    for file, tree in sources():
        module = file.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        graph[module] = {
            node.module for node in tree.body if isinstance(node, ast.ImportFrom) and node.module and not node.level
        }
    ring: list[str] = []
    settled: set[str] = set()

    def visit(module: str, path: list[str]) -> None:
        if module in path:
            ring.extend([*path[path.index(module) :], module])
        elif module in graph and module not in settled:
            for wanted in sorted(graph[module] & graph.keys()):
                visit(wanted, [*path, module])
            settled.add(module)

    # A package's __init__ re-exports its modules, so only its modules are looked at.
    packages = {m for m in graph if "." not in m}
    for module in sorted(graph.keys() - packages):
        graph[module] -= packages
    for module in sorted(graph.keys() - packages):
        visit(module, [])
    assert not ring


@pytest.mark.parametrize("package", ["people", "orchestration", "agents", "knowledge", "history", "cli.main"])
def test_importing_is_light(package: str) -> None:
    """No model, index or chat library is loaded by an import."""
    heavy = "torch faiss chainlit sentence_transformers onnxruntime tokenizers tantivy pypdfium2 langchain_core mcp"
    check = f"import sys, {package}; sys.exit(' '.join(set('{heavy}'.split()) & sys.modules.keys()) or 0)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
