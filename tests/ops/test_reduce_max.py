"""REDUCE_MAX against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.reductions import Reduction, assert_bad_axes_refused, reductions, shape_edges
from tests.ops.refusals import assert_refused

EDGES = shape_edges("REDUCE_MAX")


def fixed_case() -> Case:
    return Reduction(operator="REDUCE_MAX", shape=(2, 3, 5, 7), axes=(1, 2), input_zero_point=-6).case()


@examples
@given(reduction=reductions("REDUCE_MAX"))
def test_agrees_with_tflm_and_tflite(reduction: Reduction) -> None:
    assert_agreement(reduction.case())


@pytest.mark.parametrize("reduction", EDGES.values(), ids=EDGES.keys())
def test_edge(reduction: Reduction) -> None:
    assert_agreement(reduction.case())


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("keep_dims", [True, False])
def test_sets_of_axes(count: int, keep_dims: bool) -> None:
    plain = Reduction(operator="REDUCE_MAX", shape=(2, 3, 4, 5), keep_dims=keep_dims)
    for axes in combinations(range(4), count):
        assert_agreement(replace(plain, axes=axes).case())


def test_bad_axes_are_refused() -> None:
    assert_bad_axes_refused("REDUCE_MAX")


@pytest.mark.parametrize("other", [{"output_scale": 0.0500001}, {"output_zero_point": 1}], ids=["scale", "zero point"])
def test_another_output_quantization_is_refused(other: dict[str, Any]) -> None:
    """TFLM compares scales to the last bit."""
    assert_refused(Reduction(operator="REDUCE_MAX", **other).model(), "output quantization is .* allowed: the input's")
