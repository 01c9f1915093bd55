"""Operators on two int8 tensors, element by element, with broadcasting: ADD, SUB, MUL, MAXIMUM, ..."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.ops.agreement import Case
from tests.ops.disagreements import NO_INT16, SCALES_IN_FLOAT32, Disagreement
from tests.ops.refusals import assert_refused
from tests.ops.strategies import activations, limits, rows_for, scales, seeds, shapes, spreads, weights
from tests.ops.strategies import zero_points as int8_zero_points
from tests.tflite_builder import ModelBuilder

WITH_ACTIVATION = ("ADD", "SUB", "MUL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """One operator on operands `left` and `right`; the constant one, if any, is named in `constant`."""

    operator: str
    dtype: str = "int8"
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
        left = (self.left, self.left_scale, self.left_zero_point)
        right = (self.right, self.right_scale, self.right_zero_point)
        a, b = (self._operand(builder, name, *of) for name, of in (("left", left), ("right", right)))
        shape = np.broadcast_shapes(self.left, self.right)
        y = builder.tensor("y", shape, self.dtype, scale=self.output_scale, zero_point=self.output_zero_point)
        builder.op(self.operator, [a, b], [y], **self._options())
        named = {"left": (a, self.left), "right": (b, self.right)}
        inputs = [entry for name, entry in named.items() if name != self.constant]
        model = builder.build([index for index, _ in inputs], [y])
        rows = rows_for([shape for _, shape in inputs], self.seed, self.dtype)
        return Case(str(self), model, rows, self._disagreement())

    def _disagreement(self) -> Disagreement | None:
        if self.operator == "SQUARED_DIFFERENCE" and self.dtype == "int16":
            return NO_INT16
        return SCALES_IN_FLOAT32 if self.operator == "MUL" else None

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {}
        if self.operator in WITH_ACTIVATION:
            options["fused_activation_function"] = self.activation
        if self.operator in ("ADD", "SUB"):
            options["pot_scale_int16"] = False  # the general arithmetic of int16, which is the only one in TFLM
        return options

    def _operand(self, builder: ModelBuilder, name: str, shape: tuple[int, ...], scale: float, zero_point: int) -> int:
        data = weights(shape, self.seed, self.dtype) if self.constant == name else None
        return builder.tensor(name, shape, self.dtype, scale=scale, zero_point=zero_point, data=data)


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
    """Any case of the operator, in int8 or int16; the output scale suits the operator's range."""
    dtype = draw(st.sampled_from(("int8", "int16")))
    zero_points = int8_zero_points if dtype == "int8" else st.just(0)
    left, right = draw(operand_shapes())
    left_scale, right_scale = draw(scales(1e-3, 1.0)), draw(scales(1e-3, 1.0))
    largest = limits(dtype)[1]
    return Binary(
        operator=operator,
        dtype=dtype,
        left=left,
        right=right,
        constant=draw(st.sampled_from(("none", "left", "right"))),
        activation=draw(activations) if operator in WITH_ACTIVATION else "NONE",
        left_scale=left_scale,
        right_scale=right_scale,
        output_scale=float(np.float32(_range(operator, left_scale, right_scale, dtype) / largest * draw(spreads))),
        left_zero_point=draw(zero_points),
        right_zero_point=draw(zero_points),
        output_zero_point=draw(zero_points),
        seed=draw(seeds),
    )


def edges(operator: str) -> dict[str, Binary]:
    """What every one of these operators has to get right, first in int8."""
    plain = Binary(operator=operator)
    powers_of_two = replace(plain, left_scale=0.25, right_scale=0.25, output_scale=0.5)
    untied = replace(plain, left=(2, 3, 7), right=(2, 3, 7), left_scale=0.0213, right_scale=0.0507, output_scale=0.0611)
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
        "column": replace(plain, left=(2, 3, 6), right=(2, 3, 1)),
        "column first": replace(plain, left=(2, 3, 1), right=(2, 3, 7)),
        "middle": replace(plain, right=(1, 3, 1)),
        "crossed": replace(plain, left=(1, 3, 1), right=(2, 1, 4)),
        "four dimensions crossed": replace(plain, left=(2, 1, 3, 1), right=(1, 4, 1, 5)),
        "batch": replace(plain, left=(3, 2, 2, 3), right=(2, 2, 3)),
        "all sizes one": replace(plain, left=(1, 1, 1), right=(1,)),
        "lowest zero points": replace(plain, left_zero_point=-128, right_zero_point=-128, output_zero_point=-128),
        "highest zero points": replace(plain, left_zero_point=127, right_zero_point=127, output_zero_point=127),
        "opposite zero points": replace(plain, left_zero_point=-128, right_zero_point=127, output_scale=0.2),
        "rounding ties": replace(powers_of_two, left=(5, 6, 7), right=(5, 6, 7)),
        "rounding ties below a step": replace(powers_of_two, output_scale=4.0, left=(5, 6, 7), right=(5, 6, 7)),
        "no ties": replace(untied, left_zero_point=-128, right_zero_point=90),
        "no ties, channel constant": replace(untied, right=(7,), constant="right", output_zero_point=-20),
        "no ties, channel constant first": replace(untied, left=(7,), constant="left", right_zero_point=-128),
        "no ties, crossed": replace(untied, left=(2, 1, 3, 7), right=(1, 2, 1, 7)),
        "no ties, three values": replace(untied, left=(3,), right=(3,)),
        "no ties, saturating": replace(untied, output_scale=0.0211),
        "saturating": replace(plain, output_scale=0.001),
        "output of one value": replace(plain, output_scale=1e6, output_zero_point=-3),
        "output of both ends": replace(plain, output_scale=8e-7, output_zero_point=-3),
        "very different scales": replace(plain, left_scale=1e-6, right_scale=3.0, output_scale=3.0),
        "very different scales, other way": replace(plain, left_scale=7.0, right_scale=1e-7, output_scale=5.0),
        **(_limited(untied) if operator in WITH_ACTIVATION else {}),
        **_edges_of_int16(operator),
    }


def _limited(untied: Binary) -> dict[str, Binary]:
    """Outputs that are not all of int8, which have kernels of their own."""
    fine = {
        "left_scale": 2.0**-8,
        "right_scale": 2.0**-8,
        "output_scale": 2.0**-6,
        "left": (5, 6, 7),
        "right": (5, 6, 7),
    }
    relu = replace(untied, activation="RELU", left_zero_point=-128, right_zero_point=90, output_zero_point=-60)
    return {
        "limited": relu,
        "limited on both sides": replace(untied, activation="RELU_N1_TO_1", output_zero_point=5),
        "limited, rounding ties": replace(untied, activation="RELU_N1_TO_1", **fine),
    }


def _edges_of_int16(operator: str) -> dict[str, Binary]:
    plain = Binary(operator=operator, dtype="int16", output_scale=_range(operator, 0.02, 0.05, "int16") / 32768)
    powers_of_two = replace(plain, left_scale=0.25, right_scale=0.25, output_scale=0.5, left=(5, 6, 7), right=(5, 6, 7))
    found = {
        "same shapes": plain,
        "scalars": replace(plain, left=(), right=()),
        "scalar constant": replace(plain, right=(), constant="right"),
        "constant of the same shape": replace(plain, left=(2, 3, 4), constant="left"),
        "channel constant": replace(plain, right=(4,), constant="right"),
        "column first": replace(plain, left=(2, 3, 1)),
        "four dimensions crossed": replace(plain, left=(2, 1, 3, 1), right=(1, 4, 1, 5)),
        "rounding ties": powers_of_two,
        "rounding ties below a step": replace(powers_of_two, output_scale=4.0),
        "saturating": replace(plain, output_scale=plain.output_scale / 50),
        "output of one value": replace(plain, output_scale=1e9),
        "same scales": replace(plain, right_scale=0.02),
        "very different scales": replace(plain, left_scale=1e-6, right_scale=3.0, output_scale=3.0),
    }
    return {f"int16, {name}": edge for name, edge in found.items()}


def _range(operator: str, left_scale: float, right_scale: float, dtype: str) -> float:
    largest = limits(dtype)[1]
    left, right = largest * left_scale, largest * right_scale
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
    mixed = "types of operands and outputs is int8, {0}, int8, allowed: the same for all"
    for dtype in ("float32", "int16"):
        assert_refused(model((2,), (2,), (2,), dtype), mixed.format(dtype))
    assert_refused(model((2,), (2,), (1, 2)), r"output shape is \(1, 2\), allowed: the broadcast of the operands'")
    assert_refused(model((2,), (3,), (3,)), r"output shape is \(3,\), allowed: the broadcast of the operands' shapes")
    assert_refused(model(odd, even, axes), "broadcast is 5 nested loops, allowed: at most 4")
    assert_refused(model((2,), (2,), (2,), "two scales"), "quantization of operands is per channel, allowed: one scale")
