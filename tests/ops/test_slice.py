"""SLICE against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.agreement import Case, examples
from tests.ops.int16 import assert_agreement_in_both
from tests.ops.refusals import assert_refused
from tests.ops.strategies import rows_for, seeds, shapes
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """From `begin` on, `size` elements along each dimension; -1: all that follow."""

    shape: tuple[int, ...] = (4, 5)
    begin: tuple[int, ...] = (1, 2)
    size: tuple[int, ...] = (2, 3)
    begin_type: str = "int32"
    size_type: str = "int32"
    output_shape: tuple[int, ...] | None = None
    seed: int = 0

    def model(self) -> bytes:
        builder = ModelBuilder()
        x = builder.tensor("x", self.shape, scale=0.05, zero_point=3)
        begin = builder.constant("begin", self.begin, self.begin_type)
        size = builder.constant("size", self.size, self.size_type)
        counts = [
            extent - first if count == -1 else count
            for extent, first, count in zip(self.shape, self.begin, self.size, strict=False)
        ]
        y = builder.tensor("y", self.output_shape or counts, scale=0.05, zero_point=3)
        builder.op("SLICE", [x, begin, size], [y])
        return builder.build([x], [y])

    def case(self) -> Case:
        return Case(str(self), self.model(), rows_for([self.shape], self.seed))


@st.composite
def slices(draw: st.DrawFn) -> Slice:
    shape = draw(shapes(1, 5, 6))
    begin = tuple(draw(st.integers(0, extent - 1)) for extent in shape)
    size = tuple(draw(st.just(-1) | st.integers(1, extent - first)) for extent, first in zip(shape, begin, strict=True))
    dtype = draw(st.sampled_from(("int32", "int64")))
    return Slice(shape=shape, begin=begin, size=size, begin_type=dtype, size_type=dtype, seed=draw(seeds))


def fixed_case() -> Case:
    return Slice(shape=(3, 5, 7), begin=(1, 0, 3), size=(2, 5, 3)).case()


@examples
@given(piece=slices())
def test_agrees_with_tflm_and_tflite(piece: Slice) -> None:
    assert_agreement_in_both(piece.case())


EDGES = {
    "everything": Slice(begin=(0, 0), size=(4, 5)),
    "everything that follows": Slice(begin=(0, 0), size=(-1, -1)),
    "one element": Slice(begin=(3, 4), size=(1, 1)),
    "the end": Slice(begin=(3, 4), size=(-1, -1)),
    "a box in five axes": Slice(shape=(3, 3, 3, 3, 3), begin=(1, 0, 1, 2, 1), size=(1, 2, 2, 1, 2)),
    "sizes of one": Slice(shape=(1, 7, 1), begin=(0, 3, 0), size=(1, 2, 1)),
}


@pytest.mark.parametrize("piece", EDGES.values(), ids=EDGES.keys())
def test_edge(piece: Slice) -> None:
    assert_agreement_in_both(piece.case())


REFUSED = {
    "a begin before the input": (Slice(begin=(-1, 2)), r"begin and size is \(-1, 2\) and \(2, 3\), allowed: a box ins"),
    "a size beyond the input": (Slice(size=(2, 4)), r"begin and size is \(1, 2\) and \(2, 4\), allowed: a box inside"),
    "an unknown negative size": (Slice(size=(2, -2), output_shape=(2, 1)), r"begin and size is .*, allowed: a box ins"),
    "a begin too few": (
        Slice(begin=(1,), output_shape=(2, 3)),
        r"begin and size is \(1,\) int32 and \(2,\) int32, allowed: one of each per axis, both of one type",
    ),
    "two types": (Slice(size_type="int64"), r"begin and size is \(2,\) int32 and \(2,\) int64, allowed: .*of one type"),
    "a begin of another type": (Slice(begin_type="int16"), r"operand 1 is constant int16, allowed: .*int32 or int64"),
    "a size of another type": (Slice(size_type="int16"), r"operand 2 is constant int16, allowed: .*int32 or int64"),
    "another output shape": (Slice(output_shape=(3, 2)), r"output shape is \(3, 2\), allowed: the sizes"),
    "too many axes": (
        Slice(shape=(2,) * 6, begin=(0,) * 6, size=(1,) * 6),
        r"rank of operand 0 is 6, allowed: 1 or 2 or 3 or 4 or 5",
    ),
}


@pytest.mark.parametrize(("piece", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(piece: Slice, message: str) -> None:
    assert_refused(piece.model(), message)
