"""MEAN against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.strategies import rows_for, scales, seeds, shapes, zero_points
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """Over `axes`, which may be negative or repeated."""

    shape: tuple[int, ...] = (2, 3, 4)
    axes: tuple[int, ...] = (-1,)
    keep_dims: bool = True
    input_scale: float = 0.05
    output_scale: float = 0.03
    input_zero_point: int = 0
    output_zero_point: int = 0
    seed: int = 0

    def case(self) -> Case:
        builder = ModelBuilder()
        x = builder.tensor("x", self.shape, scale=self.input_scale, zero_point=self.input_zero_point)
        axes = builder.constant("axes", self.axes)
        y = builder.tensor("y", self.output_shape(), scale=self.output_scale, zero_point=self.output_zero_point)
        builder.op("MEAN", [x, axes], [y], keep_dims=self.keep_dims)
        return Case(str(self), builder.build([x], [y]), rows_for([self.shape], self.seed))

    def output_shape(self) -> tuple[int, ...]:
        reduced = {axis % len(self.shape) for axis in self.axes}
        kept = [1 if axis in reduced else size for axis, size in enumerate(self.shape)]
        return tuple(size for axis, size in enumerate(kept) if self.keep_dims or axis not in reduced)


@st.composite
def means(draw: st.DrawFn) -> Mean:
    shape = draw(shapes(1, 4, 7))
    rank = len(shape)
    input_scale = draw(scales(1e-3, 1.0))
    return Mean(
        shape=shape,
        axes=tuple(draw(st.lists(st.integers(-rank, rank - 1), min_size=1, max_size=rank))),
        keep_dims=draw(st.booleans()),
        input_scale=input_scale,
        output_scale=input_scale * draw(scales(0.1, 3.0)),
        input_zero_point=draw(zero_points),
        output_zero_point=draw(zero_points),
        seed=draw(seeds),
    )


def fixed_case() -> Case:
    return Mean(shape=(2, 3, 5, 7), axes=(1, 2), input_zero_point=-6, output_zero_point=3).case()


@examples
@given(mean=means())
def test_agrees_with_tflm_and_tflite(mean: Mean) -> None:
    assert_agreement(mean.case())


EDGES = {
    "layer norm": Mean(shape=(1, 5, 64)),
    "all axes": Mean(axes=(0, 1, 2), keep_dims=False),
    "repeated axis": Mean(axes=(1, 1, -2)),
    "axis of size one": Mean(shape=(4, 1, 5), axes=(1,)),
    "one element": Mean(shape=(1,), axes=(0,)),
    "lowest zero points": Mean(input_zero_point=-128, output_zero_point=-128),
    "highest zero points": Mean(input_zero_point=127, output_zero_point=127),
    "same quantization": Mean(input_scale=0.03, input_zero_point=5, output_zero_point=5),
    "rounding ties": Mean(shape=(60, 2), input_scale=0.5, output_scale=0.5),
    "rounding ties of four": Mean(shape=(60, 4), input_scale=0.5, output_scale=1.0),
    "three elements": Mean(shape=(60, 3), input_scale=0.5, output_scale=0.5),
    "saturating": Mean(output_scale=0.001),
    "output of one value": Mean(output_scale=1e6, output_zero_point=-3),
    "multiplier too small for a shift": Mean(output_scale=1e10, output_zero_point=-3),
    "many elements": Mean(shape=(2, 1000), input_zero_point=-128),
}


@pytest.mark.parametrize("mean", EDGES.values(), ids=EDGES.keys())
def test_edge(mean: Mean) -> None:
    assert_agreement(mean.case())


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("keep_dims", [True, False])
def test_sets_of_axes(count: int, keep_dims: bool) -> None:
    for axes in combinations(range(4), count):
        assert_agreement(replace(Mean(shape=(2, 3, 4, 5)), axes=axes, keep_dims=keep_dims).case())
