"""QUANTIZE from int8 to int8 (a change of scale) against TFLM and TFLite, on all 256 inputs."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.unary import Unary, input_edges, unaries

EDGES = {
    **input_edges("QUANTIZE", 0.05, 0),
    "same scale, other zero point": Unary(operator="QUANTIZE", input_zero_point=-100, output_zero_point=27),
    "same quantization": Unary(operator="QUANTIZE", input_zero_point=4, output_zero_point=4),
    "ties": Unary(operator="QUANTIZE", input_scale=0.25, output_scale=0.5),
    "ties by four": Unary(operator="QUANTIZE", input_scale=0.25, output_scale=1.0, input_zero_point=1),
    "lowest zero points": Unary(operator="QUANTIZE", input_zero_point=-128, output_zero_point=-128, output_scale=0.07),
    "highest zero points": Unary(operator="QUANTIZE", input_zero_point=127, output_zero_point=127, output_scale=0.02),
}


def fixed_case() -> Case:
    return EDGES["ties"].case()


@examples
@given(unary=unaries("QUANTIZE", smallest=1e-3, largest=1.0))
def test_agrees_with_tflm_and_tflite(unary: Unary) -> None:
    assert_agreement(unary.case())


@pytest.mark.parametrize("unary", EDGES.values(), ids=EDGES.keys())
def test_edge(unary: Unary) -> None:
    assert_agreement(unary.case())
