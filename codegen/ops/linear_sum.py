"""ADD and SUB of int8 as one linear form of both values, where that gives the same byte for every pair of them.

TFLite brings both values to a common scale and the sum to the output's, and rounds each time. A linear form rounds
elsewhere, so that it is not the same in general; but there are 65,536 pairs of bytes at most, and all are tried here.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

BITS = 21  # TS_LINEAR_SUM_BITS
_DROPPED = 8  # bits of each factor's product
_NUDGES = (0, 8, -8, 32, -32)  # of a factor, where the nearest ones are off by a hair for some pair
_LIMIT = 2**31

Form = tuple[int, int, int]
Int64s = np.ndarray[Any, np.dtype[np.int64]]


def scaled_back(values: Int64s, multiplier: int, shift: int, zero_point: int) -> Int64s:
    """The kernels' ts_to_output of all of int8, of values between -2^30 and 2^30 and a negative shift."""
    high = (values * multiplier + (1 << 30)) >> 31
    rounded = (((high + (high >> 63)) >> (-shift - 1)) + 1) >> 1
    return np.clip(rounded + zero_point, -128, 127)


def linear_form(outputs: Int64s, first: Int64s, second: Int64s, ratios: tuple[float, float]) -> Form | None:
    """Factors of both values and an offset that give `outputs`[i, j] of `first`[i] and `second`[j]; None where none of
    those that were tried does, or where they do not fit into 32 bits. `ratios`: how many steps of the output a step of
    each value is."""
    nearest = [round(ratio * 2 ** (BITS + _DROPPED)) for ratio in ratios]
    if any(abs(factor) + max(_NUDGES) >= _LIMIT for factor in nearest):
        return None
    least = np.where(outputs > -128, outputs << BITS, -_LIMIT)
    largest = np.where(outputs < 127, (outputs + 1 << BITS) - 1, _LIMIT - 1)
    for nudges in product(_NUDGES, repeat=2):
        factors = nearest[0] + nudges[0], nearest[1] + nudges[1]
        terms = (factors[0] * first >> _DROPPED)[:, np.newaxis] + (factors[1] * second >> _DROPPED)
        low, high = int((least - terms).max()), int((largest - terms).min())
        offset = (low + high) // 2
        if low <= high and _fits(terms, offset):
            return *factors, offset
    return None


def _fits(terms: Int64s, offset: int) -> bool:
    """Whether no sum of these terms and the offset wraps, in whatever order."""
    return int(np.abs(terms).max()) + abs(offset) < _LIMIT
