"""A table of LOGISTIC, or of x * LOGISTIC(x), computed at run time: 20 bytes of flash instead of 256."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from codegen.fixed_point import (
    INT32_MAX,
    exp_on_negative_values,
    input_radius,
    multiply_by_quantized_multiplier,
    one_over_one_plus_x,
    round_half_away,
    saturate,
)
from codegen.kernel_call import ParamValue
from codegen.ops.logistic import INTEGER_BITS

TABLE_BYTES = 256


@dataclass(frozen=True, slots=True)
class Sigmoid:
    """Parameters of `ts_logistic_t`; `product` is (multiplier, right, rounding) of x * LOGISTIC(x)."""

    zero_point: int
    multiplier: int
    left: int
    radius: int
    product: tuple[int, int, int] | None = None

    def params(self) -> dict[str, ParamValue]:
        product: Mapping[str, ParamValue] = dict(
            zip(("multiplier", "right", "rounding"), self.product or (0, 0, 0), strict=True)
        )
        return {
            "multiplier": self.multiplier,
            "product": product,
            "radius": self.radius,
            "left": self.left,
            "zero_point": self.zero_point,
        }

    def table(self) -> tuple[int, ...]:
        """What the kernel computes, by its own steps."""
        return tuple(self._entry(q - self.zero_point) for q in range(-128, 128))

    def _entry(self, steps: int) -> int:
        distance = abs(steps)
        logistic = self._above_zero(distance) if distance < self.radius else INT32_MAX
        logistic = logistic if steps >= 0 else INT32_MAX - logistic
        value = saturate((logistic + (1 << 22) >> 23) - 128, -128, 127)
        if self.product is None:
            return value
        multiplier, right, rounding = self.product
        scaled = multiply_by_quantized_multiplier(steps * (value + 128), multiplier, -1 - right)
        return saturate(scaled + (rounding >> 1), -128, 127)

    def _above_zero(self, steps: int) -> int:
        x = multiply_by_quantized_multiplier(steps << self.left, self.multiplier, 0)
        return 1 << 30 if x == 0 else one_over_one_plus_x(exp_on_negative_values(-x, INTEGER_BITS))


def sigmoid_of(scale: float, zero_point: int) -> Sigmoid:
    """LOGISTIC of an input of this scale, which the operator's rules allow."""
    fraction, left = math.frexp(scale * float(1 << (31 - INTEGER_BITS)))
    radius = min(input_radius(INTEGER_BITS, left), TABLE_BYTES)
    return Sigmoid(zero_point, round_half_away(fraction * (1 << 31)), left, radius)
