"""MAXIMUM against TFLM and TFLite."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.elementwise import Binary, assert_bad_operands_refused, binaries, edges

EDGES = edges("MAXIMUM")


def fixed_case() -> Case:
    return Binary(
        operator="MAXIMUM", left=(2, 1, 3, 5), right=(4, 3, 1), left_zero_point=-4, right_zero_point=17
    ).case()


@examples
@given(binary=binaries("MAXIMUM"))
def test_agrees_with_tflm_and_tflite(binary: Binary) -> None:
    assert_agreement(binary.case())


@pytest.mark.parametrize("binary", EDGES.values(), ids=EDGES.keys())
def test_edge(binary: Binary) -> None:
    assert_agreement(binary.case())


def test_bad_operands_are_refused() -> None:
    assert_bad_operands_refused("MAXIMUM")
