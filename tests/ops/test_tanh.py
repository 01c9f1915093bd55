"""TANH against TFLM and TFLite, on all inputs."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import COARSE_INPUT, Disagreement
from tests.ops.refusals import assert_refused
from tests.ops.strategies import scales
from tests.ops.unary import Unary, in_int16, input_edges, unaries

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


OUTPUT_OF_INT16 = 2.0**-15
INT16_EDGES = {
    "steps of the table": 2.0**-12,
    "twice as coarse": 2.0**-11,
    "half as coarse": 2.0**-13,
    "nearly a power of two": 2.0**-12 * 1.0005,
    "no longer a power of two": 2.0**-12 * 1.001,
    "very fine": 1e-9,
    "the finest": 4e-14,
    "usual": 3e-4,
    "coarse": 0.1,
    "the coarsest": 2.66,
}


def int16_case(scale: float, output_scale: float = OUTPUT_OF_INT16) -> Case:
    return in_int16(Unary(operator="TANH", input_scale=scale, output_scale=output_scale)).case()


def fixed_case_of_int16() -> Case:
    return int16_case(INT16_EDGES["usual"])


@examples
@given(scale=scales(1e-6, 2.6))
def test_int16_agrees_with_tflm_and_tflite(scale: float) -> None:
    assert_agreement(int16_case(scale))


@pytest.mark.parametrize("scale", INT16_EDGES.values(), ids=INT16_EDGES.keys())
def test_edge_in_int16(scale: float) -> None:
    assert_agreement(int16_case(scale))


def test_scales_that_tflm_has_no_arithmetic_for_are_refused() -> None:
    for scale in (3e-14, 2.67):
        assert_refused(int16_case(scale).model, r"TANH: input scale is .*, allowed: of int16, from 2\^-31 / 12288 on")
    assert_refused(int16_case(0.1, 2.0**-14).model, r"TANH: output scale is 6.*, allowed: of int16, 2\^-15")
