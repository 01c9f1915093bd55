"""ABS against TFLM and TFLite, on all inputs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import SCALES_IN_FLOAT32
from tests.ops.unary import Unary, in_int16, input_edges, unaries

EDGES = {
    **input_edges("ABS", 0.05, 0),
    "rounding ties": Unary(operator="ABS", input_scale=0.25, output_scale=0.5),
    "saturating": Unary(operator="ABS", input_scale=0.05, output_scale=0.001, output_zero_point=-128),
    "lowest input below the highest zero point": Unary(operator="ABS", input_zero_point=127, output_zero_point=-128),
    "coarse output": Unary(operator="ABS", output_scale=1e6, output_zero_point=127),
}


def fixed_case() -> Case:
    return replace(EDGES["four dimensions"], input_zero_point=-9, output_zero_point=3).case()


@examples
@given(unary=unaries("ABS"))
def test_agrees_with_tflm_and_tflite(unary: Unary) -> None:
    assert_agreement(unary.case(SCALES_IN_FLOAT32))


@pytest.mark.parametrize("unary", EDGES.values(), ids=EDGES.keys())
def test_edge(unary: Unary) -> None:
    assert_agreement(unary.case(SCALES_IN_FLOAT32))


@examples
@given(unary=unaries("ABS"))
def test_int16_agrees_with_tflm_and_tflite(unary: Unary) -> None:
    assert_agreement(in_int16(unary).case(SCALES_IN_FLOAT32))


@pytest.mark.parametrize("unary", EDGES.values(), ids=EDGES.keys())
def test_edge_in_int16(unary: Unary) -> None:
    assert_agreement(in_int16(unary).case(SCALES_IN_FLOAT32))
