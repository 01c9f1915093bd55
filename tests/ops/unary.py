"""Operators from one tensor to another of its shape, value by value; tested on all values of the type at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.ops.agreement import Case
from tests.ops.disagreements import Disagreement
from tests.ops.strategies import limits, scales, zero_points
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary:
    """Runs on all values of the type from `lowest` on (values below it are replaced by it)."""

    operator: str
    dtype: str = "int8"
    output_dtype: str | None = None  # the input's if None
    shape: tuple[int, ...] = (256,)
    input_scale: float = 0.05
    input_zero_point: int = 0
    output_scale: float = 0.05
    output_zero_point: int = 0
    lowest: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def case(self, disagreement: Disagreement | None = None) -> Case:
        builder = ModelBuilder()
        x = builder.tensor("x", self.shape, self.dtype, scale=self.input_scale, zero_point=self.input_zero_point)
        output_dtype = self.output_dtype or self.dtype
        y = builder.tensor("y", self.shape, output_dtype, scale=self.output_scale, zero_point=self.output_zero_point)
        builder.op(self.operator, [x], [y], **self.options)
        low, high = limits(self.dtype)
        values = np.maximum(np.arange(low, high + 1), low if self.lowest is None else self.lowest).astype(self.dtype)
        size = int(np.prod(self.shape))
        rows = [[np.resize(np.roll(values, -start), self.shape)] for start in range(0, values.size, size)]
        return Case(str(self), builder.build([x], [y]), rows, disagreement)


ALL_OF_INT16 = (4, 32, 512)


def in_int16(unary: Unary) -> Unary:
    """The same from int16 to int16, on all its values."""
    return replace(unary, dtype="int16", shape=ALL_OF_INT16, input_zero_point=0, output_zero_point=0, lowest=None)


@st.composite
def unaries(
    draw: st.DrawFn,
    operator: str,
    output: tuple[float, int] | None = None,
    smallest: float = 1e-5,
    largest: float = 10.0,
) -> Unary:
    """Any quantization; `output` fixes scale and zero point where the operator prescribes them."""
    scale, zero_point = output or (draw(scales(smallest, largest)), draw(zero_points))
    return Unary(
        operator=operator,
        input_scale=draw(scales(smallest, largest)),
        input_zero_point=draw(zero_points),
        output_scale=scale,
        output_zero_point=zero_point,
    )


def input_edges(operator: str, output_scale: float, output_zero_point: int) -> dict[str, Unary]:
    """Shapes and input quantizations that every unary operator has to get right."""

    def edge(scale: float = 0.05, zero_point: int = 0, shape: tuple[int, ...] = (256,)) -> Unary:
        return Unary(
            operator=operator,
            shape=shape,
            input_scale=scale,
            input_zero_point=zero_point,
            output_scale=output_scale,
            output_zero_point=output_zero_point,
        )

    return {
        "one dimension": edge(),
        "four dimensions": edge(shape=(1, 5, 3, 7)),
        "lowest zero point": edge(zero_point=-128),
        "highest zero point": edge(zero_point=127),
        "power of two": edge(scale=0.0625, zero_point=-1),
        "fine": edge(scale=1e-5),
        "very fine": edge(scale=2e-7),
        "coarse": edge(scale=3.0, zero_point=5),
        "very coarse": edge(scale=500.0),
    }
