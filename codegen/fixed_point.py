"""The integer arithmetic of TFLite's reference kernels, on Python integers.

Same rounding in the same places as gemmlowp's fixed point (fixedpoint.h) and TFLite's `MultiplyByQuantizedMultiplier`
with double rounding, which is what both TFLite's reference kernels and TFLM are built with. Used at generation time to
fold multipliers and to compute tables; the kernels in `firmware_templates/kernels` do the same at run time.
"""

from __future__ import annotations

import math
from functools import lru_cache

from codegen.errors import QuantizationError

LARGEST_SHIFT = 31  # to the left
INT32_MAX = 2**31 - 1
INT32_MIN = -(2**31)


def wrap_int32(value: int) -> int:
    """Two's complement wrap, as the C code's left shift does."""
    return (value + 2**31) % 2**32 - 2**31


def saturate(value: int, low: int, high: int) -> int:
    return max(low, min(high, value))


def saturating_rounding_doubling_high_mul(a: int, b: int) -> int:
    """round(a * b / 2^31), ties towards plus infinity, saturated."""
    return min((a * b + (1 << 30)) >> 31, INT32_MAX)


def rounding_divide_by_pot(value: int, exponent: int) -> int:
    """value / 2^exponent, ties away from zero."""
    if exponent == 0:
        return value
    mask = (1 << exponent) - 1
    threshold = (mask >> 1) + (1 if value < 0 else 0)
    return (value >> exponent) + (1 if (value & mask) > threshold else 0)


def multiply_by_quantized_multiplier(value: int, multiplier: int, shift: int) -> int:
    """value * multiplier * 2^(shift - 31), rounded twice as TFLite does."""
    left, right = max(shift, 0), max(-shift, 0)
    return rounding_divide_by_pot(saturating_rounding_doubling_high_mul(wrap_int32(value << left), multiplier), right)


def round_half_away(value: float) -> int:
    """C's round()."""
    return math.floor(value + 0.5) if value >= 0 else math.ceil(value - 0.5)


def quantize_multiplier(real: float) -> tuple[int, int]:
    """A positive real multiplier as (31-bit mantissa, shift), TFLite's `QuantizeMultiplier`.

    Raises QuantizationError for one that no shift of 32 bits can bring about.
    """
    if not math.isfinite(real):
        raise QuantizationError(f"a ratio of scales is {real}, allowed: a finite number; quantize the model again")
    if real == 0.0:
        return 0, 0
    fraction, shift = math.frexp(real)
    mantissa = round_half_away(fraction * (1 << 31))
    if mantissa == 1 << 31:
        mantissa //= 2
        shift += 1
    if shift < -31:
        return 0, 0
    if shift > LARGEST_SHIFT:
        raise QuantizationError(
            f"a ratio of scales is {real:g}, allowed: below 2^{LARGEST_SHIFT}; quantize the model again"
        )
    return mantissa, shift


def reduced_multiplier(multiplier: int, shift: int) -> tuple[int, int]:
    """A mantissa of 15 bits and how many bits its products drop: what TFLite scales 64-bit sums by."""
    return (multiplier + (1 << 15) >> 16 if multiplier < 0x7FFF0000 else 0x7FFF), 15 - shift


def multiply_by_pot(value: int, exponent: int) -> int:
    """Saturating value * 2^exponent (gemmlowp's `SaturatingRoundingMultiplyByPOT`)."""
    if exponent >= 0:
        return saturate(value << exponent, INT32_MIN, INT32_MAX)
    return rounding_divide_by_pot(value, -exponent)


@lru_cache(maxsize=1 << 12)  # tables are computed again by each pass that looks at one
def exp_on_negative_values(raw: int, integer_bits: int) -> int:
    """exp(x) for x <= 0 in Q(integer_bits); the result is Q0 (gemmlowp)."""
    if raw == 0:
        return INT32_MAX
    fractional_bits = 31 - integer_bits
    one_quarter = 1 << (fractional_bits - 2)
    modulo = (raw & (one_quarter - 1)) - one_quarter
    mul = saturating_rounding_doubling_high_mul

    # Taylor expansion around -1/8 on [-1/4, 0)
    x = multiply_by_pot(modulo, integer_bits) + (1 << 28)
    x2 = mul(x, x)
    x3 = mul(x2, x)
    x4_over_4 = multiply_by_pot(mul(x2, x2), -2)
    tail = multiply_by_pot(mul(x4_over_4 + x3, 715827883) + x2, -1)
    result = 1895147668 + mul(1895147668, x + tail)

    remainder = modulo - raw
    factors = ((-2, 1672461947), (-1, 1302514674), (0, 790015084), (1, 290630308), (2, 39332535), (3, 720401), (4, 242))
    for exponent, factor in factors:  # exp(-2^exponent) in Q0
        if integer_bits > exponent and remainder & (1 << (fractional_bits + exponent)):
            result = mul(result, factor)
    return result


def _rounding_half_sum(a: int, b: int) -> int:
    total = a + b
    return (total + 1) // 2 if total >= 0 else -((-total + 1) // 2)


def _newton_reciprocal(raw: int) -> int:
    """2 / (1 + x) in Q2 for x in (0, 1) in Q0, three Newton-Raphson steps (gemmlowp)."""
    mul = saturating_rounding_doubling_high_mul
    half_denominator = _rounding_half_sum(raw, INT32_MAX)
    x = 1515870810 + mul(half_denominator, -1010580540)
    for _ in range(3):
        error = (1 << 29) - mul(half_denominator, x)
        x = x + multiply_by_pot(mul(x, error), 2)
    return x


@lru_cache(maxsize=1 << 12)  # tables are computed again by each pass that looks at one
def one_over_one_plus_x(raw: int) -> int:
    """1 / (1 + x), Q0 -> Q0, for x in (0, 1)."""
    return multiply_by_pot(_newton_reciprocal(raw), 1)


def one_minus_x_over_one_plus_x(raw: int) -> int:
    """(1 - x) / (1 + x), Q0 -> Q0, for x in (0, 1)."""
    return multiply_by_pot(_newton_reciprocal(raw) - (1 << 29), 2)


def logistic(raw: int, integer_bits: int) -> int:
    """1 / (1 + exp(-x)) for x in Q(integer_bits), result Q0."""
    if raw == 0:
        return 1 << 30
    positive = one_over_one_plus_x(exp_on_negative_values(-abs(raw), integer_bits))
    return positive if raw > 0 else INT32_MAX - positive


def tanh(raw: int, integer_bits: int) -> int:
    """tanh(x) for x in Q(integer_bits), result Q0."""
    if raw == 0:
        return 0
    magnitude = one_minus_x_over_one_plus_x(exp_on_negative_values(-abs(raw), integer_bits + 1))
    return magnitude if raw > 0 else -magnitude


@lru_cache(maxsize=1 << 12)  # tables are computed again by each pass that looks at one
def inverse_square_root_multiplier(value: int) -> tuple[int, int]:
    """1 / sqrt(value) as (mantissa, left shift): TFLite's `GetInvSqrtQuantizedMultiplierExp`, shift reversed."""
    if value <= 1:
        return INT32_MAX, 0
    shift = 11
    while value >= 1 << 29:
        value //= 4
        shift += 1
    pairs = (32 - value.bit_length() - 1) // 2 - 1
    shift -= pairs
    value <<= 2 * pairs
    mul = saturating_rounding_doubling_high_mul
    x_input = value >> 1  # Q3
    half_input = multiply_by_pot(x_input, -1)
    x = 1 << 28
    for _ in range(5):  # Newton-Raphson from 1
        x3 = multiply_by_pot(mul(mul(x, x), x), 6)
        x = multiply_by_pot(mul((1 << 28) + (1 << 27), x) - mul(half_input, x3), 3)
    x = mul(x, 1518500250)  # sqrt(2) / 2
    if shift < 0:
        x <<= -shift
        shift = 0
    return x, -shift


def input_radius(integer_bits: int, left_shift: int) -> int:
    """Largest |input difference| whose rescaled value fits Q(integer_bits), TFLite's `CalculateInputRadius`."""
    return math.floor(((1 << integer_bits) - 1) * (1 << (31 - integer_bits)) / (1 << left_shift))
