"""Measures the product with public questions. Each set is one module; the product's own code does the work.

A set brings agents made of its data and counts; how agents are chosen is `orchestration.selector`, and how documents
are read and found is `knowledge`, as in the chat.
"""

from collections.abc import Mapping

from evaluation.clinc150 import Clinc150
from evaluation.errors import EvaluationError, WrongData
from evaluation.metatool import MetaTool
from evaluation.multihop import MultiHop
from evaluation.result import EvaluationSet, Result
from evaluation.run import evaluate
from evaluation.sec10q import Sec10Q

SETS: Mapping[str, EvaluationSet] = {
    "metatool": MetaTool(),
    "clinc150": Clinc150(),
    "multihop": MultiHop(),
    "sec10q": Sec10Q(),
}
"""By the name of its folder in the data."""

__all__ = ["SETS", "EvaluationError", "EvaluationSet", "Result", "WrongData", "evaluate"]
