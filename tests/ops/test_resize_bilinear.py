"""RESIZE_BILINEAR against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.refusals import assert_refused
from tests.ops.resizing import Resizing, edges, resizings

PLAIN = Resizing(operator="RESIZE_BILINEAR")
EDGES = {
    **edges(PLAIN.operator),
    "rounding ties": replace(PLAIN, size=(8, 8), output=(16, 16), channels=4),
    "scale rounded up": replace(PLAIN, size=(5, 3), output=(37, 113), channels=1),
}


def fixed_case() -> Case:
    return replace(PLAIN, size=(5, 4), output=(8, 11), half_pixel_centers=True, batch=2).case()


@examples
@given(resizing=resizings(PLAIN.operator, both=False))
def test_agrees_with_tflm_and_tflite(resizing: Resizing) -> None:
    assert_agreement(resizing.case())


@pytest.mark.parametrize("resizing", EDGES.values(), ids=EDGES.keys())
def test_edge(resizing: Resizing) -> None:
    assert_agreement(resizing.case())


@pytest.mark.parametrize(
    ("resizing", "message"),
    [
        (replace(PLAIN, said=(8, 5)), r"output shape is \(1, 8, 6, 3\), allowed: the input's batch and channels"),
        (replace(PLAIN, constant="float32"), r"types of operands and outputs is float32, int8, allowed"),
        (replace(PLAIN, align_corners=True, half_pixel_centers=True), r"align_corners and half_pixel_centers is both"),
        (replace(PLAIN, size=(1, 1), output=(600, 1)), r"sizes is \(1, 1\) to \(600, 1\), allowed: such that TFLM's"),
    ],
)
def test_refused(resizing: Resizing, message: str) -> None:
    assert_refused(resizing.model(), f"RESIZE_BILINEAR: {message}")
