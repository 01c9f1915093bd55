"""LOGISTIC: 1 / (1 + exp(-x)), in int8 in gemmlowp's fixed point with 4 integer bits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from codegen.fixed_point import (
    input_radius,
    logistic,
    multiply_by_quantized_multiplier,
    round_half_away,
    rounding_divide_by_pot,
)
from codegen.ir import Rule, Tensor
from codegen.ops.interpolated import Interpolated
from codegen.ops.rules import of_type

INTEGER_BITS = 4


def q4_input(q: int, given: Tensor) -> int | None:
    """The input in Q4.27, or None where TFLM saturates; +-infinity is told by the sign of q - zero_point."""
    fraction, shift = math.frexp(given.scale * float(1 << (31 - INTEGER_BITS)))
    multiplier = round_half_away(fraction * (1 << 31))
    centred = q - given.zero_point
    if abs(centred) >= input_radius(INTEGER_BITS, shift):
        return None
    return multiply_by_quantized_multiplier(centred, multiplier, shift)


@dataclass(frozen=True, slots=True)
class Logistic(Interpolated):
    """The sigmoid; TFLM fixes its output to scale 1/256, zero point -128 in int8."""

    NAME: ClassVar[str] = "LOGISTIC"
    EXACT_SHIFTS: ClassVar[tuple[int, ...]] = (0,)
    RULES: ClassVar[tuple[Rule, ...]] = (
        *Interpolated.RULES,
        *of_type(
            "int8",
            Rule(
                "output zero point",
                lambda op, graph: graph.output(op).zero_point == -128,
                lambda op, graph: graph.output(op).zero_point,
                "of int8, -128",
            ),
        ),
    )

    def value(self, q: int, given: Tensor, output: Tensor) -> int:
        raw = q4_input(q, given)
        if raw is None:
            return -128 if q <= given.zero_point else 127
        return rounding_divide_by_pot(logistic(raw, INTEGER_BITS), 31 - 8) - 128
