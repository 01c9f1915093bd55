"""TANH, in int8 in gemmlowp's fixed point with 4 integer bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.fixed_point import rounding_divide_by_pot, tanh
from codegen.ir import Tensor
from codegen.ops.interpolated import Interpolated
from codegen.ops.logistic import INTEGER_BITS, q4_input


@dataclass(frozen=True, slots=True)
class Tanh(Interpolated):
    """The hyperbolic tangent; TFLM takes its output to be scale 1/128, zero point 0."""

    NAME: ClassVar[str] = "TANH"
    EXACT_SHIFTS: ClassVar[tuple[int, ...]] = (0, 1)

    def value(self, q: int, given: Tensor, output: Tensor) -> int:
        raw = q4_input(q, given)
        if raw is None:
            return -128 if q <= given.zero_point else 127
        return rounding_divide_by_pot(tanh(raw, INTEGER_BITS), 31 - 7)
