"""RESIZE_NEAREST_NEIGHBOR against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from tests.ops.agreement import Case, examples
from tests.ops.int16 import assert_agreement_in_both
from tests.ops.refusals import assert_refused
from tests.ops.resizing import Resizing, edges, resizings

PLAIN = Resizing(operator="RESIZE_NEAREST_NEIGHBOR")
EDGES = {
    **edges(PLAIN.operator),
    "twice, both options": replace(PLAIN, align_corners=True, half_pixel_centers=True),
    "positions that float32 rounds": replace(PLAIN, size=(10, 49), output=(230, 343), channels=1),
}


def fixed_case() -> Case:
    return replace(PLAIN, size=(5, 4), output=(8, 11), half_pixel_centers=True, batch=2).case()


@examples
@given(resizing=resizings(PLAIN.operator, both=True))
def test_agrees_with_tflm_and_tflite(resizing: Resizing) -> None:
    assert_agreement_in_both(resizing.case())


@pytest.mark.parametrize("resizing", EDGES.values(), ids=EDGES.keys())
def test_edge(resizing: Resizing) -> None:
    assert_agreement_in_both(resizing.case())


@pytest.mark.parametrize(
    ("resizing", "message"),
    [
        (replace(PLAIN, said=(8, 5)), r"output shape is \(1, 8, 6, 3\), allowed: the input's batch and channels"),
        (replace(PLAIN, said=(8,)), r"output shape is \(1, 8, 6, 3\), allowed: the input's batch and channels"),
        (replace(PLAIN, constant="float32"), r"types of operands and outputs is float32, int8, allowed"),
    ],
)
def test_refused(resizing: Resizing, message: str) -> None:
    assert_refused(resizing.model(), f"RESIZE_NEAREST_NEIGHBOR: {message}")
