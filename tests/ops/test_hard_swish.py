"""HARD_SWISH against TFLM and TFLite, on all 256 inputs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import SCALES_IN_FLOAT32
from tests.ops.refusals import assert_refused
from tests.ops.unary import Unary, input_edges, unaries

EDGES = {
    **{name: edge for name, edge in input_edges("HARD_SWISH", 0.05, 0).items() if edge.input_scale < 1},
    "coarse": Unary(operator="HARD_SWISH", input_scale=3.0, output_scale=1.5, output_zero_point=-100),
    "very coarse": Unary(operator="HARD_SWISH", input_scale=500.0, output_scale=600.0),
    "three is a step": Unary(operator="HARD_SWISH", input_scale=3 / 128, output_scale=3 / 128),
    "three is just not a step": Unary(operator="HARD_SWISH", input_scale=0.0234374, output_scale=0.02),
    "largest multiplier": Unary(operator="HARD_SWISH", input_scale=0.99999, output_scale=0.0078125),
    "saturating": Unary(operator="HARD_SWISH", input_scale=0.1, output_scale=0.001),
    "smallest shift that overflows": Unary(operator="HARD_SWISH", input_scale=0.001, output_scale=0.9),
    "output of one value": Unary(operator="HARD_SWISH", input_scale=0.001, output_scale=1e6, output_zero_point=-7),
}


def fixed_case() -> Case:
    return replace(EDGES["four dimensions"], input_zero_point=-9, output_zero_point=3).case()


@examples
@given(unary=unaries("HARD_SWISH"))
def test_agrees_with_tflm_and_tflite(unary: Unary) -> None:
    assume(unary.input_scale / unary.output_scale < 127)
    assert_agreement(unary.case(SCALES_IN_FLOAT32))


@pytest.mark.parametrize("unary", EDGES.values(), ids=EDGES.keys())
def test_edge(unary: Unary) -> None:
    assert_agreement(unary.case(SCALES_IN_FLOAT32))


def test_output_that_is_too_fine_is_refused() -> None:
    model = Unary(operator="HARD_SWISH", input_scale=1.0, output_scale=1 / 128).case().model
    assert_refused(model, r"HARD_SWISH: input scale / output scale is 128, allowed: below 128")
