"""RSQRT against TFLM and TFLite, on all inputs that stand for zero or more."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import ROOT_OF_INT16, SCALES_IN_FLOAT32
from tests.ops.strategies import scales
from tests.ops.unary import Unary, in_int16, input_edges, unaries

EDGES = {
    **input_edges("RSQRT", 0.05, -128),
    "variance of a layer norm": Unary(operator="RSQRT", input_zero_point=-128, input_scale=0.004, output_scale=0.11),
    "saturating": Unary(operator="RSQRT", input_zero_point=-128, input_scale=1e-4, output_scale=0.01),
    "coarse output": Unary(operator="RSQRT", input_zero_point=-128, output_scale=40.0, output_zero_point=3),
}


def without_negative_inputs(unary: Unary) -> Unary:
    return replace(unary, lowest=unary.input_zero_point)


def fixed_case() -> Case:
    return without_negative_inputs(EDGES["variance of a layer norm"]).case()


@examples
@given(unary=unaries("RSQRT"), scale=scales(1e-5, 1.0), output_scale=scales(1e-2, 10.0), low=st.booleans())
def test_agrees_with_tflm_and_tflite(unary: Unary, scale: float, output_scale: float, low: bool) -> None:
    unary = replace(unary, input_scale=scale, output_scale=output_scale)
    if low:
        unary = replace(unary, input_zero_point=-128)
    assert_agreement(without_negative_inputs(unary).case(SCALES_IN_FLOAT32))


@pytest.mark.parametrize("unary", EDGES.values(), ids=EDGES.keys())
def test_edge(unary: Unary) -> None:
    assert_agreement(without_negative_inputs(unary).case(SCALES_IN_FLOAT32))


def fixed_case_of_int16() -> Case:
    return replace(in_int16(EDGES["variance of a layer norm"]), lowest=0).case()


@examples
@given(scale=scales(1e-7, 1.0), output_scale=scales(1e-4, 10.0))
def test_int16_agrees_with_tflm(scale: float, output_scale: float) -> None:
    unary = in_int16(Unary(operator="RSQRT", input_scale=scale, output_scale=output_scale))
    assert_agreement(replace(unary, lowest=0).case(ROOT_OF_INT16))


@pytest.mark.parametrize("unary", EDGES.values(), ids=EDGES.keys())
def test_edge_in_int16(unary: Unary) -> None:
    assert_agreement(replace(in_int16(unary), lowest=0).case(ROOT_OF_INT16))
