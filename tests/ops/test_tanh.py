"""TANH against TFLM and TFLite, on all 256 inputs."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import COARSE_INPUT, Disagreement
from tests.ops.unary import Unary, input_edges, unaries

OUTPUT = (1 / 128, 0)
EDGES = input_edges("TANH", *OUTPUT)


def disagreement(unary: Unary) -> Disagreement | None:
    return COARSE_INPUT if unary.input_scale >= 8 else None


def fixed_case() -> Case:
    return EDGES["one dimension"].case()


@examples
@given(unary=unaries("TANH", OUTPUT))
def test_agrees_with_tflm_and_tflite(unary: Unary) -> None:
    assert_agreement(unary.case(disagreement(unary)))


@pytest.mark.parametrize("unary", EDGES.values(), ids=EDGES.keys())
def test_edge(unary: Unary) -> None:
    assert_agreement(unary.case(disagreement(unary)))
