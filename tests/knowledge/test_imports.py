"""What importing the package costs."""

import subprocess
import sys
from pathlib import Path

from tests.orchestration.waiting import PATIENCE_SECONDS

HEAVY = (
    "torch",
    "faiss",
    "sentence_transformers",
    "transformers",
    "onnxruntime",
    "tokenizers",
    "tantivy",
    "pypdfium2",
    "charset_normalizer",
    "lxml",
    "openpyxl",
    "striprtf",
    "py3langid",
)


def test_importing_knowledge_loads_nothing_heavy() -> None:
    """The command line answers `--help` at once."""
    program = f"import sys, knowledge; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=True,
    )
    assert done.stdout.strip() == "[]"
