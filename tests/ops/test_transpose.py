"""TRANSPOSE against TFLM and TFLite: every permutation of up to five dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.agreement import Case, examples
from tests.ops.int16 import assert_agreement_in_both
from tests.ops.strategies import rows_for, shapes
from tests.tflite_builder import ModelBuilder

SHAPE = (2, 3, 4, 5, 6)


def transpose_case(shape: tuple[int, ...], perms: Sequence[Sequence[int]]) -> Case:
    """One operator and one output per permutation."""
    builder = ModelBuilder()
    x = builder.tensor("x", shape, scale=0.05, zero_point=3)
    outputs = []
    for number, perm in enumerate(perms):
        y = builder.tensor(f"y{number}", [shape[axis] for axis in perm], scale=0.05, zero_point=3)
        builder.op("TRANSPOSE", [x, builder.constant(f"perm{number}", perm)], [y])
        outputs.append(y)
    return Case(f"transpose {shape} by {list(perms)}", builder.build([x], outputs), rows_for([shape], 0))


def fixed_case() -> Case:
    return transpose_case((2, 3, 4, 5), [(0, 2, 1, 3), (3, 1, 0, 2)])


@st.composite
def transposes(draw: st.DrawFn) -> Case:
    shape = draw(shapes(1, 5, 7))
    return transpose_case(shape, [draw(st.permutations(range(len(shape))))])


@examples
@given(case=transposes())
def test_agrees_with_tflm_and_tflite(case: Case) -> None:
    assert_agreement_in_both(case)


@pytest.mark.parametrize("rank", [1, 2, 3, 4, 5])
def test_every_permutation(rank: int) -> None:
    assert_agreement_in_both(transpose_case(SHAPE[:rank], list(permutations(range(rank)))))


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (1, 7, 1, 5), (3, 1, 1, 2), (1, 1, 9, 1)])
def test_sizes_of_one(shape: tuple[int, ...]) -> None:
    assert_agreement_in_both(transpose_case(shape, list(permutations(range(4)))))
