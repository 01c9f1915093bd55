"""RELU against TFLM and TFLite, on all inputs."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import SCALES_IN_FLOAT32
from tests.ops.unary import Unary, in_int16, input_edges, unaries

EDGES = {
    **input_edges("RELU", 0.05, 0),
    "same quantization": Unary(operator="RELU", input_zero_point=-11, output_zero_point=-11),
    "lowest zero points": Unary(operator="RELU", input_zero_point=-128, output_zero_point=-128, output_scale=0.07),
    "highest zero points": Unary(operator="RELU", input_zero_point=127, output_zero_point=127),
    "ties": Unary(operator="RELU", input_scale=0.25, output_scale=0.5),
}


def fixed_case() -> Case:
    return EDGES["same quantization"].case()


@examples
@given(unary=unaries("RELU", smallest=1e-3, largest=1.0))
def test_agrees_with_tflm_and_tflite(unary: Unary) -> None:
    assert_agreement(unary.case(SCALES_IN_FLOAT32))


@pytest.mark.parametrize("unary", EDGES.values(), ids=EDGES.keys())
def test_edge(unary: Unary) -> None:
    assert_agreement(unary.case(SCALES_IN_FLOAT32))


@examples
@given(unary=unaries("RELU", smallest=1e-3, largest=1.0))
def test_int16_agrees_with_tflm_and_tflite(unary: Unary) -> None:
    assert_agreement(in_int16(unary).case(SCALES_IN_FLOAT32))


@pytest.mark.parametrize("unary", EDGES.values(), ids=EDGES.keys())
def test_edge_in_int16(unary: Unary) -> None:
    assert_agreement(in_int16(unary).case(SCALES_IN_FLOAT32))
