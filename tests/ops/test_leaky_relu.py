"""LEAKY_RELU against TFLM and TFLite, on all inputs."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import SCALES_IN_FLOAT32
from tests.ops.refusals import assert_refused
from tests.ops.unary import Unary, in_int16, input_edges, unaries

GENTLE = {"alpha": 0.1}
EDGES = {
    **{name: replace(edge, options=GENTLE) for name, edge in input_edges("LEAKY_RELU", 0.05, 0).items()},
    "alpha above one": Unary(operator="LEAKY_RELU", options={"alpha": 1.7}),
    "alpha of one": Unary(operator="LEAKY_RELU", options={"alpha": 1.0}),
    "alpha of zero": Unary(operator="LEAKY_RELU", options={"alpha": 0.0}),
    "negative alpha": Unary(operator="LEAKY_RELU", options={"alpha": -0.3}),
    "negative alpha and rounding ties": Unary(operator="LEAKY_RELU", options={"alpha": -0.5}),
    "rounding ties": Unary(operator="LEAKY_RELU", input_scale=0.25, output_scale=0.5, options={"alpha": 0.25}),
    "saturating": Unary(operator="LEAKY_RELU", output_scale=0.001, options=GENTLE),
    "coarse output": Unary(operator="LEAKY_RELU", output_scale=1e6, output_zero_point=127, options=GENTLE),
}


def fixed_case() -> Case:
    return replace(EDGES["four dimensions"], input_zero_point=-9, output_zero_point=3).case()


@examples
@given(unary=unaries("LEAKY_RELU"), alpha=st.floats(-2.0, 2.0, width=32, allow_subnormal=False))
def test_agrees_with_tflm_and_tflite(unary: Unary, alpha: float) -> None:
    assert_agreement(replace(unary, options={"alpha": alpha}).case(SCALES_IN_FLOAT32))


@pytest.mark.parametrize("unary", EDGES.values(), ids=EDGES.keys())
def test_edge(unary: Unary) -> None:
    assert_agreement(unary.case(SCALES_IN_FLOAT32))


@examples
@given(unary=unaries("LEAKY_RELU"), alpha=st.floats(-2.0, 2.0, width=32, allow_subnormal=False))
def test_int16_agrees_with_tflm_and_tflite(unary: Unary, alpha: float) -> None:
    assert_agreement(in_int16(replace(unary, options={"alpha": alpha})).case(SCALES_IN_FLOAT32))


@pytest.mark.parametrize("unary", EDGES.values(), ids=EDGES.keys())
def test_edge_in_int16(unary: Unary) -> None:
    assert_agreement(in_int16(unary).case(SCALES_IN_FLOAT32))


def test_alpha_that_is_no_number_is_refused() -> None:
    model = replace(EDGES["one dimension"], options={"alpha": math.nan}).case().model
    assert_refused(model, r"LEAKY_RELU: alpha is nan, allowed: a finite number")
