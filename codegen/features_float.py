"""Tables of the float32 front end: the context of the templates in `features/float/`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from codegen.feature_spec import FeatureSpec
from codegen.feature_tables import SMALLEST_STD, cepstrum_matrix, delta_weights, smoothing, window
from codegen.mel_segments import mel_segments

FULL_SCALE = 32768.0  # of a 16-bit sample
# Our FFT takes X[k] = (Z[k] + conj Z[-k]) / 2 - i exp(-2 pi i k / N) (Z[k] - conj Z[-k]) / 2 without its halves.
_INPUT_GAIN = {"own": 0.5, "cmsis-dsp": 1.0}


def float_tables(spec: FeatureSpec, input_scale: float, input_zero_point: int, fft: str) -> dict[str, object]:
    """Arrays and numbers, by the names that the templates use."""
    points = spec.fft_size // 2
    std_in_steps = np.asarray(spec.std) * input_scale
    odd_sample = spec.window_length % 2
    return {
        "window": np.pad(window(spec) * (_INPUT_GAIN[fft] / FULL_SCALE), (0, odd_sample)),
        "first_radix": first_radix(points),
        "input_order": 2 * np.array(input_order(points)),
        "twiddles": stage_twiddles(points),
        "unpacking": turns(np.arange(points // 4 + 1) / spec.fft_size),
        **mel_segments(spec),
        "cepstrum": cepstrum_matrix(spec),
        "slopes": delta_weights(spec),
        "pcen_smoothing": smoothing(spec.pcen_seconds, spec),
        "running_smoothing": smoothing(spec.running_seconds, spec),
        "steps_per_unit": 1.0 / input_scale,
        "gains": 1.0 / std_in_steps,
        "offsets": input_zero_point - np.asarray(spec.mean) / std_in_steps,
        "mean": np.asarray(spec.mean),
        "variance": np.square(spec.std),
        "smallest_variance": SMALLEST_STD**2,
    }


def first_radix(points: int) -> int:
    """Radix of the first stage of a complex FFT, the others being 4: 4, or 2 for an odd power of two."""
    return 2 if points.bit_length() % 2 == 0 else 4


def input_order(points: int) -> list[int]:
    """The first input of each butterfly of the first stage; its others follow `points / first_radix` apart."""
    if points <= 4:
        return [0]
    inner = input_order(points // 4)
    return [4 * index + residue for residue in range(4) for index in inner]


def turns(fractions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cosine and sine of fractions of a turn, on a new last axis."""
    return np.stack([np.cos(2 * np.pi * fractions), np.sin(2 * np.pi * fractions)], axis=-1)


def stage_twiddles(points: int) -> NDArray[np.float64]:
    """Turns by k, 2 k and 3 k of `points`: what a radix-4 butterfly needs, (points / 4, 3, cosine and sine)."""
    return turns(np.arange(points // 4)[:, None] * np.arange(1, 4) / points)
