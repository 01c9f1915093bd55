"""Scales and zero points of int8 tensors."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from tinyser.convert.linear_layers import Real

STEPS, LOWEST = 255, -128
_SHARES = tuple(1 - 0.1 * tenths for tenths in range(7))  # of the least and the largest value, tried as limits
LEAST = 1e-6  # a channel that is always 0 has a largest value, too


def set_range(model: Any, tensor: int, step: float, zero_point: int) -> None:
    """Of an int8 tensor."""
    quantization = model.subgraphs[0].tensors[tensor].quantization
    quantization.scale, quantization.zeroPoint = np.array([step], np.float32), np.array([zero_point])


def range_of(low: float, high: float) -> tuple[float, int]:
    """Scale and zero point of what lies between, and 0."""
    low, high = min(low, 0.0), max(high, LEAST)
    step = (high - low) / STEPS
    return step, round(LOWEST - low / step)


def least_error(
    values: npt.NDArray[Any],
    judged: Callable[[Real], Real] = lambda values: values,
    above: float | None = None,
) -> tuple[float, int]:
    """Scale and zero point of the least mean square error of what `judged` makes of (n, channels).

    What is least the range need not hold, nor what is largest; with `above` it reaches to so many times that.
    """
    real = np.asarray(values, np.float64)
    low, high = min(float(real.min()), 0.0), max(float(real.max()), LEAST)
    lows = [low * share for share in _SHARES] if low < 0 else [0.0]
    wanted, tried = judged(real), []
    for limits in product(lows, [high * share for share in (_SHARES if above is None else (above,))]):
        step, zero_point = range_of(*limits)
        integers = np.clip(np.rint(real / step) + zero_point, LOWEST, LOWEST + STEPS)
        tried.append((float(np.mean((judged(step * (integers - zero_point)) - wanted) ** 2)), step, zero_point))
    return min(tried)[1:]


def softmax(logits: Real) -> Real:
    """(n, classes)."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def to_int8(values: Real, step: float, zero_point: int) -> npt.NDArray[np.int8]:
    """The nearest integers that stand for values."""
    return np.clip(np.rint(values / step) + zero_point, LOWEST, LOWEST + STEPS).astype(np.int8)
