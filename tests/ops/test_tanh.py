"""TANH against TFLM and TFLite, on all inputs."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import COARSE_INPUT, Disagreement
from tests.ops.interpolated import EDGES as INT16_EDGES
from tests.ops.interpolated import assert_scales_refused, int16_case
from tests.ops.strategies import scales
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


def fixed_case_of_int16() -> Case:
    return int16_case("TANH", INT16_EDGES["usual"])


@examples
@given(scale=scales(1e-6, 2.6))
def test_int16_agrees_with_tflm_and_tflite(scale: float) -> None:
    assert_agreement(int16_case("TANH", scale))


@pytest.mark.parametrize("scale", INT16_EDGES.values(), ids=INT16_EDGES.keys())
def test_edge_in_int16(scale: float) -> None:
    assert_agreement(int16_case("TANH", scale))


def test_scales_that_tflm_has_no_arithmetic_for_are_refused() -> None:
    assert_scales_refused("TANH")
