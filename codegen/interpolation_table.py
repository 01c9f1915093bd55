"""Tables of curves over int16, which kernels interpolate linearly between 513 points (TFLite's `LUTPopulate`)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

STEPS = 512


def interpolation_table(
    curve: Callable[[float], float], input_scale: np.float32, input_zero_point: int, output_scale: np.float32
) -> np.ndarray:
    """The curve at every 128th int16 and behind the last one, (513,) int16; all in single precision.

    Entries are moved by half of how far the line to the next one misses the curve in the middle between them.
    """

    def at(place: np.ndarray) -> np.ndarray:
        return np.array([np.float32(curve(float(x))) for x in place])

    info, half = np.iinfo(np.int16), np.float32(2)
    first, last = (input_scale * np.float32(end - input_zero_point) for end in (info.min, info.max))
    reach = output_scale * np.float32(info.max) - output_scale * np.float32(info.min)
    per_unit = np.float32(1 << 16) / reach
    step = (last - first) / np.float32(STEPS)
    places = first + np.arange(STEPS + 1, dtype=np.float32) * step
    exact, middle = at(places) * per_unit, at(places[:-1] + step / half) * per_unit
    line = _round((exact[1:] + _round(exact[:-1])) / half)
    moved = _round(exact[:-1]) - _round((line - _round(middle)) / half)
    behind = _round(at(np.array([last])) * per_unit)
    return np.concatenate([moved, behind]).clip(info.min, info.max).astype(np.int16)


def _round(values: np.ndarray) -> np.ndarray:
    """C's roundf: halves away from zero."""
    return np.trunc(values + np.copysign(np.float32(0.5), values))
