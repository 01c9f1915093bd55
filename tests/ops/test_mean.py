"""MEAN against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given

from tests.ops.agreement import Case, examples
from tests.ops.int16 import assert_agreement_in_both
from tests.ops.reductions import Reduction, assert_bad_axes_refused, reductions, scaled_edges, shape_edges

EDGES = {**shape_edges("MEAN"), **scaled_edges("MEAN")}


def fixed_case() -> Case:
    return Reduction(
        operator="MEAN", shape=(2, 3, 5, 7), axes=(1, 2), input_zero_point=-6, output_scale=0.03, output_zero_point=3
    ).case()


@examples
@given(reduction=reductions("MEAN"))
def test_agrees_with_tflm_and_tflite(reduction: Reduction) -> None:
    assert_agreement_in_both(reduction.case())


@pytest.mark.parametrize("reduction", EDGES.values(), ids=EDGES.keys())
def test_edge(reduction: Reduction) -> None:
    assert_agreement_in_both(reduction.case())


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("keep_dims", [True, False])
def test_sets_of_axes(count: int, keep_dims: bool) -> None:
    plain = Reduction(operator="MEAN", shape=(2, 3, 4, 5), keep_dims=keep_dims)
    for axes in combinations(range(4), count):
        assert_agreement_in_both(replace(plain, axes=axes).case())


def test_bad_axes_are_refused() -> None:
    assert_bad_axes_refused("MEAN")
