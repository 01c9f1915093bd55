"""Operators on two int8 tensors, element by element, with broadcasting: ADD, SUB, MUL, MAXIMUM, ..."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.ops.agreement import Case
from tests.ops.disagreements import SCALES_IN_FLOAT32
from tests.ops.refusals import assert_refused
from tests.ops.strategies import activations, rows_for, scales, seeds, shapes, spreads, weights, zero_points
from tests.tflite_builder import ModelBuilder

WITH_ACTIVATION = ("ADD", "SUB", "MUL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """One operator on operands `left` and `right`; the constant one, if any, is named in `constant`."""

    operator: str
    left: tuple[int, ...] = (2, 3, 4)
    right: tuple[int, ...] = (2, 3, 4)
    constant: str = "none"
    activation: str = "NONE"
    left_scale: float = 0.02
    right_scale: float = 0.05
    output_scale: float = 0.06
    left_zero_point: int = 0
    right_zero_point: int = 0
    output_zero_point: int = 0
    seed: int = 0

    def case(self) -> Case:
        builder = ModelBuilder()
        left_data = weights(self.left, self.seed) if self.constant == "left" else None
        right_data = weights(self.right, self.seed) if self.constant == "right" else None
        a = builder.tensor("a", self.left, scale=self.left_scale, zero_point=self.left_zero_point, data=left_data)
        b = builder.tensor("b", self.right, scale=self.right_scale, zero_point=self.right_zero_point, data=right_data)
        shape = np.broadcast_shapes(self.left, self.right)
        y = builder.tensor("y", shape, scale=self.output_scale, zero_point=self.output_zero_point)
        options: dict[str, Any] = {"fused_activation_function": self.activation}
        builder.op(self.operator, [a, b], [y], **(options if self.operator in WITH_ACTIVATION else {}))
        named = {"left": (a, self.left), "right": (b, self.right)}
        inputs = [entry for name, entry in named.items() if name != self.constant]
        model = builder.build([index for index, _ in inputs], [y])
        rows = rows_for([shape for _, shape in inputs], self.seed)
        return Case(str(self), model, rows, SCALES_IN_FLOAT32 if self.operator == "MUL" else None)


@st.composite
def operand_shapes(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two shapes that broadcast, up to four dimensions, scalars included."""
    full = draw(shapes(0, 4))
    sides = [tuple(1 if draw(st.booleans()) else size for size in full) for _ in range(2)]
    shortened = draw(st.integers(0, 1))
    sides[shortened] = sides[shortened][draw(st.integers(0, len(full))) :]
    if draw(st.booleans()):
        sides[draw(st.integers(0, 1))] = full
    return sides[0], sides[1]


@st.composite
def binaries(draw: st.DrawFn, operator: str) -> Binary:
    """Any case of the operator; the output scale suits the operator's range."""
    left, right = draw(operand_shapes())
    left_scale, right_scale = draw(scales(1e-3, 1.0)), draw(scales(1e-3, 1.0))
    return Binary(
        operator=operator,
        left=left,
        right=right,
        constant=draw(st.sampled_from(("none", "left", "right"))),
        activation=draw(activations) if operator in WITH_ACTIVATION else "NONE",
        left_scale=left_scale,
        right_scale=right_scale,
        output_scale=float(np.float32(_range(operator, left_scale, right_scale) / 128 * draw(spreads))),
        left_zero_point=draw(zero_points),
        right_zero_point=draw(zero_points),
        output_zero_point=draw(zero_points),
        seed=draw(seeds),
    )


def edges(operator: str) -> dict[str, Binary]:
    """What every one of these operators has to get right."""
    plain = Binary(operator=operator)
    powers_of_two = replace(plain, left_scale=0.25, right_scale=0.25, output_scale=0.5)
    return {
        "same shapes": plain,
        "scalars": replace(plain, left=(), right=()),
        "scalar constant": replace(plain, right=(), constant="right"),
        "scalar constant first": replace(plain, left=(), constant="left"),
        "one element constant": replace(plain, right=(1,), constant="right"),
        "constant of the same shape": replace(plain, constant="right"),
        "channel constant": replace(plain, right=(4,), constant="right"),
        "channel constant first": replace(plain, left=(4,), constant="left"),
        "row": replace(plain, right=(1, 1, 4)),
        "column": replace(plain, right=(2, 3, 1)),
        "column first": replace(plain, left=(2, 3, 1)),
        "middle": replace(plain, right=(1, 3, 1)),
        "crossed": replace(plain, left=(1, 3, 1), right=(2, 1, 4)),
        "four dimensions crossed": replace(plain, left=(2, 1, 3, 1), right=(1, 4, 1, 5)),
        "batch": replace(plain, left=(3, 2, 2, 4), right=(2, 2, 4)),
        "all sizes one": replace(plain, left=(1, 1, 1), right=(1,)),
        "lowest zero points": replace(plain, left_zero_point=-128, right_zero_point=-128, output_zero_point=-128),
        "highest zero points": replace(plain, left_zero_point=127, right_zero_point=127, output_zero_point=127),
        "opposite zero points": replace(plain, left_zero_point=-128, right_zero_point=127, output_scale=0.2),
        "rounding ties": replace(powers_of_two, left=(5, 6, 7), right=(5, 6, 7)),
        "rounding ties below a step": replace(powers_of_two, output_scale=4.0, left=(5, 6, 7), right=(5, 6, 7)),
        "saturating": replace(plain, output_scale=0.001),
        "output of one value": replace(plain, output_scale=1e6, output_zero_point=-3),
        "very different scales": replace(plain, left_scale=1e-6, right_scale=3.0, output_scale=3.0),
        "very different scales, other way": replace(plain, left_scale=7.0, right_scale=1e-7, output_scale=5.0),
    }


def _range(operator: str, left_scale: float, right_scale: float) -> float:
    left, right = 128 * left_scale, 128 * right_scale
    if operator == "MUL":
        return left * right
    if operator == "SQUARED_DIFFERENCE":
        return (left + right) ** 2
    return left + right


def assert_bad_operands_refused(operator: str) -> None:
    """One bad input for each message about operands and shapes."""

    def model(left: tuple[int, ...], right: tuple[int, ...], shape: tuple[int, ...], dtype: str = "int8") -> bytes:
        builder = ModelBuilder()
        a = builder.tensor("a", left, scale=0.05)
        scale = (0.05, 0.06) if dtype == "two scales" else 0.05
        kind = "int8" if dtype == "two scales" else dtype
        b = builder.tensor("b", right, kind, scale=scale, data=np.ones(right))
        y = builder.tensor("y", shape, scale=0.05)
        builder.op(operator, [a, b], [y])
        return builder.build([a], [y])

    axes = (2,) * 5
    odd, even = ((2, 1, 2, 1, 2), (1, 2, 1, 2, 1))
    assert_refused(model((2,), (2,), (2,), "float32"), "type of operand 1 is float32, allowed: int8")
    assert_refused(model((2,), (2,), (1, 2)), r"output shape is \(1, 2\), allowed: the broadcast of the operands'")
    assert_refused(model((2,), (3,), (3,)), r"output shape is \(3,\), allowed: the broadcast of the operands' shapes")
    assert_refused(model(odd, even, axes), "broadcast is 5 nested loops, allowed: at most 4")
    assert_refused(model((2,), (2,), (2,), "two scales"), "quantization of operands is per channel, allowed: one scale")
