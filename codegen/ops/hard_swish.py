"""HARD_SWISH: x * min(max(x + 3, 0), 6) / 6 in 16-bit fixed point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.fixed_point import quantize_multiplier, saturate
from codegen.ir import Rule, Tensor
from codegen.ops.unary import Unary

INT16_MIN, INT16_MAX = -(2**15), 2**15 - 1
INPUT_BITS = 7  # that an input is shifted left by, to fill 16 bits
THREE_AT = 2**15  # where the gate has the value 3: it saturates at -3 and 3


@dataclass(frozen=True, slots=True)
class HardSwish(Unary):
    """x times a gate that rises from 0 at -3 to 1 at 3 (TFLite reference/hard_swish.h)."""

    NAME: ClassVar[str] = "HARD_SWISH"
    RULES: ClassVar[tuple[Rule, ...]] = (
        *Unary.RULES,
        Rule(
            "input scale / output scale",
            lambda op, graph: _multiplier(graph.operand(op, 0).scale, graph.output(op).scale)[1] <= 0,
            lambda op, graph: f"{graph.operand(op, 0).scale / graph.output(op).scale:g}",
            f"below {1 << INPUT_BITS}",
        ),
    )

    def value(self, q: int, given: Tensor, output: Tensor) -> int:
        shifted = (q - given.zero_point) << INPUT_BITS
        mantissa, shift = _multiplier(given.scale, output.scale)
        product = _gate(shifted, given.scale) * _rounding_high_mul(shifted, mantissa)
        truncated = product >> 15 if product >= 0 else -(-product >> 15)
        return _rounding_divide_by_pot(truncated, -shift) + output.zero_point


def _multiplier(input_scale: float, unit: float) -> tuple[int, int]:
    """(16-bit mantissa, shift) that bring a shifted input to multiples of `unit`."""
    mantissa, shift = quantize_multiplier(input_scale / (1 << INPUT_BITS) / unit)
    return min((mantissa + 2**15) >> 16, INT16_MAX), shift


def _gate(shifted: int, input_scale: float) -> int:
    """min(max(x + 3, 0), 6) / 6 in Q0.15."""
    mantissa, shift = _multiplier(input_scale, 3 / THREE_AT)
    # All but one bit of a left shift come first: what saturates then, saturates at the end anyway.
    value = saturate(shifted << max(shift - 1, 0), INT16_MIN, INT16_MAX)
    value = _rounding_high_mul(value, mantissa)
    if shift > 0:
        value = saturate(value << 1, INT16_MIN, INT16_MAX)
    return (_rounding_divide_by_pot(value, max(-shift, 0)) + THREE_AT) >> 1


def _rounding_high_mul(a: int, b: int) -> int:
    """round(a * b / 2^15), ties towards plus infinity; b is not negative."""
    return (a * b + (1 << 14)) >> 15


def _rounding_divide_by_pot(value: int, exponent: int) -> int:
    """value / 2^exponent, ties away from zero. From 16 on, the mask overflows its 16 bits: the sign is left."""
    if exponent > 15:
        return 1 if value >= 0 else -1
    mask = (1 << exponent) - 1
    return (value >> exponent) + (1 if value & mask > (mask >> 1) + (1 if value < 0 else 0) else 0)
