"""STRIDED_SLICE against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.ops.agreement import Case, examples
from tests.ops.int16 import assert_agreement_in_both
from tests.ops.strategies import rows_for, shapes
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """begin:end:strides per dimension; bit `i` of a mask speaks of dimension `i`."""

    shape: tuple[int, ...]
    begin: tuple[int, ...]
    end: tuple[int, ...]
    strides: tuple[int, ...]
    begin_mask: int = 0
    end_mask: int = 0
    shrink_axis_mask: int = 0

    def output_shape(self) -> tuple[int, ...]:
        """Python's own slices say what the shape is; a shrunk dimension is one index."""
        index: list[slice | int] = []
        for axis, limits in enumerate(zip(self.begin, self.end, self.strides, strict=True)):
            begin, end, stride = limits
            bit = 1 << axis
            if self.shrink_axis_mask & bit:
                index.append(0 if self.begin_mask & bit else begin)
                continue
            index.append(slice(None if self.begin_mask & bit else begin, None if self.end_mask & bit else end, stride))
        return np.zeros(self.shape)[tuple(index)].shape

    def case(self) -> Case:
        builder = ModelBuilder()
        x = builder.tensor("x", self.shape, scale=0.05, zero_point=3)
        limits = [builder.constant(name, getattr(self, name)) for name in ("begin", "end", "strides")]
        y = builder.tensor("y", self.output_shape(), scale=0.05, zero_point=3)
        masks = {name: getattr(self, name) for name in ("begin_mask", "end_mask", "shrink_axis_mask")}
        builder.op("STRIDED_SLICE", [x, *limits], [y], **masks)
        return Case(str(self), builder.build([x], [y]), rows_for([self.shape], 0))


@st.composite
def slices(draw: st.DrawFn) -> Slice:
    shape = draw(shapes(1, 4, 6))
    masks = st.integers(0, 2 ** len(shape) - 1)
    shrink = draw(st.one_of(st.just(0), masks))
    begin, end, strides = [], [], []
    for axis, size in enumerate(shape):
        begin.append(draw(st.integers(-size, size - 1)))
        end.append(draw(st.integers(-size - 1, size + 1)))
        strides.append(1 if shrink >> axis & 1 else draw(st.sampled_from((1, 1, 2, 3, -1, -2))))
    piece = Slice(
        shape=shape,
        begin=tuple(begin),
        end=tuple(end),
        strides=tuple(strides),
        begin_mask=draw(masks),
        end_mask=draw(masks),
        shrink_axis_mask=shrink,
    )
    assume(0 not in piece.output_shape())
    return piece


def fixed_case() -> Case:
    return Slice(shape=(3, 5, 7), begin=(0, 1, 6), end=(3, 5, 0), strides=(1, 2, -1)).case()


@examples
@given(piece=slices())
def test_agrees_with_tflm_and_tflite(piece: Slice) -> None:
    assert_agreement_in_both(piece.case())


EDGES = {
    "everything": Slice(shape=(2, 3), begin=(0, 0), end=(2, 3), strides=(1, 1)),
    "one element": Slice(shape=(2, 3), begin=(1, 2), end=(2, 3), strides=(1, 1)),
    "shrunk to a scalar": Slice(shape=(2, 3), begin=(1, 2), end=(2, 3), strides=(1, 1), shrink_axis_mask=3),
    "query of a fused projection": Slice(
        shape=(1, 5, 12), begin=(0, 0, 4), end=(0, 0, 8), strides=(1, 1, 1), begin_mask=3, end_mask=3
    ),
    "last frame": Slice(
        shape=(1, 5, 4), begin=(0, -1, 0), end=(0, 0, 0), strides=(1, 1, 1),
        begin_mask=5, end_mask=5, shrink_axis_mask=2,
    ),
    "reversed": Slice(shape=(7,), begin=(0,), end=(0,), strides=(-1,), begin_mask=1, end_mask=1),
    "every second": Slice(shape=(2, 8, 3), begin=(0, 0, 0), end=(2, 8, 3), strides=(1, 2, 1)),
    "every second backwards": Slice(shape=(2, 8, 3), begin=(0, 7, 0), end=(2, 0, 3), strides=(1, -2, 1)),
    "end past the size": Slice(shape=(4, 5), begin=(1, 1), end=(9, 9), strides=(1, 1)),
    "stride past the size": Slice(shape=(4, 5), begin=(0, 1), end=(4, 5), strides=(9, 9)),
    "from the end": Slice(shape=(6, 6), begin=(-3, -5), end=(-1, -2), strides=(1, 1)),
}  # fmt: skip


@pytest.mark.parametrize("piece", EDGES.values(), ids=EDGES.keys())
def test_edge(piece: Slice) -> None:
    assert_agreement_in_both(piece.case())
