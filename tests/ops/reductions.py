"""Operators that reduce any axes of a tensor: MEAN, SUM, REDUCE_MAX."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import strategies as st

from tests.ops.agreement import Case
from tests.ops.disagreements import SUM_OF_UINT8
from tests.ops.refusals import assert_refused
from tests.ops.strategies import rows_for, scales, seeds, shapes, zero_points
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """Over `axes`, which may be negative or repeated; an output quantization of None is the input's."""

    operator: str
    shape: tuple[int, ...] = (2, 3, 4)
    axes: tuple[int, ...] = (-1,)
    keep_dims: bool = True
    input_scale: float = 0.05
    input_zero_point: int = 0
    output_scale: float | None = None
    output_zero_point: int | None = None
    seed: int = 0

    def case(self) -> Case:
        rows = rows_for([self.shape], self.seed)
        return Case(str(self), self.model(), rows, SUM_OF_UINT8 if self.operator == "SUM" else None)

    def model(self, axes_type: str = "int32", output_shape: tuple[int, ...] | None = None) -> bytes:
        builder = ModelBuilder()
        x = builder.tensor("x", self.shape, scale=self.input_scale, zero_point=self.input_zero_point)
        axes = builder.constant("axes", self.axes, axes_type)
        y = builder.tensor(
            "y",
            self.output_shape() if output_shape is None else output_shape,
            scale=self.input_scale if self.output_scale is None else self.output_scale,
            zero_point=self.input_zero_point if self.output_zero_point is None else self.output_zero_point,
        )
        builder.op(self.operator, [x, axes], [y], keep_dims=self.keep_dims)
        return builder.build([x], [y])

    def output_shape(self) -> tuple[int, ...]:
        reduced = {axis % len(self.shape) for axis in self.axes}
        kept = [1 if axis in reduced else size for axis, size in enumerate(self.shape)]
        return tuple(size for axis, size in enumerate(kept) if self.keep_dims or axis not in reduced)


@st.composite
def reductions(draw: st.DrawFn, operator: str) -> Reduction:
    """Any axes of tensors up to four dimensions; REDUCE_MAX keeps the quantization."""
    shape = draw(shapes(1, 4, 7))
    rank = len(shape)
    input_scale = draw(scales(1e-3, 1.0))
    requantized = operator != "REDUCE_MAX"
    return Reduction(
        operator=operator,
        shape=shape,
        axes=tuple(draw(st.lists(st.integers(-rank, rank - 1), min_size=1, max_size=rank))),
        keep_dims=draw(st.booleans()),
        input_scale=input_scale,
        output_scale=input_scale * draw(scales(0.1, 30.0)) if requantized else None,
        input_zero_point=draw(zero_points),
        output_zero_point=draw(zero_points) if requantized else None,
        seed=draw(seeds),
    )


def shape_edges(operator: str) -> dict[str, Reduction]:
    """What every reduction has to get right, whatever it computes."""
    plain = Reduction(operator=operator)
    return {
        "last axis": plain,
        "first axis": replace(plain, axes=(0,)),
        "outer axes": replace(plain, shape=(2, 3, 4, 5), axes=(0, 2)),
        "six dimensions": replace(plain, shape=(2, 2, 2, 2, 2, 2), axes=(0, 2, 4)),
        "all axes": replace(plain, axes=(0, 1, 2), keep_dims=False),
        "repeated axis": replace(plain, axes=(1, 1, -2)),
        "axis of size one": replace(plain, shape=(4, 1, 5), axes=(1,)),
        "one element": replace(plain, shape=(1,), axes=(0,)),
        "lowest zero points": replace(plain, input_zero_point=-128),
        "highest zero points": replace(plain, input_zero_point=127),
    }


def scaled_edges(operator: str) -> dict[str, Reduction]:
    """What every reduction that requantizes has to get right."""
    plain = Reduction(operator=operator, output_scale=0.03)
    return {
        "layer norm": replace(plain, shape=(1, 5, 64)),
        "opposite zero points": replace(plain, input_zero_point=-128, output_zero_point=127),
        "rounding ties": replace(plain, shape=(60, 2), input_scale=0.5, output_scale=0.5),
        "rounding ties of four": replace(plain, shape=(60, 4), input_scale=0.5, output_scale=1.0),
        "rounding ties of sums": replace(plain, shape=(60, 4), input_scale=0.5, output_scale=4.0),
        "three elements": replace(plain, shape=(60, 3), input_scale=0.5, output_scale=0.5),
        "saturating": replace(plain, output_scale=0.001),
        "output of one value": replace(plain, output_scale=1e6, output_zero_point=-3),
        "multiplier too small for a shift": replace(plain, output_scale=1e10, output_zero_point=-3),
        "many elements": replace(plain, shape=(2, 1000), input_zero_point=-128),
    }


def assert_bad_axes_refused(operator: str) -> None:
    """One bad input for each message about axes and the output's size."""
    plain = Reduction(operator=operator)
    assert_refused(plain.model(axes_type="int64"), rf"{operator}: operand 1 is constant int64, allowed: .* int32")
    assert_refused(replace(plain, axes=(3,)).model(output_shape=(2, 3)), r"axes is \(3,\), allowed: axes of the input")
    assert_refused(plain.model(output_shape=(2, 4)), r"output size is 8, allowed: the product of the kept extents")
