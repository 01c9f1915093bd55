"""RELU6 against TFLM and TFLite, on all inputs.

TFLite Micro clamps and does not rescale; converters give input and output one quantization, and so do these tests.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.unary import Unary, in_int16, input_edges, unaries

EDGES = input_edges("RELU6", 0.05, 0)


def in_place(unary: Unary) -> Unary:
    return replace(unary, output_scale=unary.input_scale, output_zero_point=unary.input_zero_point)


def fixed_case() -> Case:
    return in_place(EDGES["one dimension"]).case()


@examples
@given(unary=unaries("RELU6", smallest=1e-3, largest=1.0))
def test_agrees_with_tflm_and_tflite(unary: Unary) -> None:
    assert_agreement(in_place(unary).case())


@pytest.mark.parametrize("unary", EDGES.values(), ids=EDGES.keys())
def test_edge(unary: Unary) -> None:
    assert_agreement(in_place(unary).case())


@examples
@given(unary=unaries("RELU6", smallest=1e-3, largest=1.0))
def test_int16_agrees_with_tflm_and_tflite(unary: Unary) -> None:
    assert_agreement(in_int16(in_place(unary)).case())


@pytest.mark.parametrize("unary", EDGES.values(), ids=EDGES.keys())
def test_edge_in_int16(unary: Unary) -> None:
    assert_agreement(in_int16(in_place(unary)).case())
