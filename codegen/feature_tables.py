"""The tables behind the log-mel features, in float64: window, mel filterbank, FFT twiddles.

Triangles follow Slaney's Auditory Toolbox as librosa draws them with `norm=None`: linear in hertz between
neighbouring mel points, peak 1, not area-normalised. HTK scale: `2595 log10(1 + f/700)`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codegen.errors import FeatureSpecError
from codegen.feature_spec import FeatureSpec

Float64 = NDArray[np.float64]

# Slaney's scale: linear up to 1 kHz (15 mel), then 27 steps per factor 6.4.
_SLANEY_HZ_PER_MEL = 200.0 / 3.0
_SLANEY_KNEE_HZ = 1000.0
_SLANEY_KNEE_MEL = _SLANEY_KNEE_HZ / _SLANEY_HZ_PER_MEL
_SLANEY_LOG_STEP = np.log(6.4) / 27.0

# Raised cosines: a0 - (1 - a0) cos(2 pi n / N).
_WINDOW_A0 = {"hann": 0.5, "hamming": 0.54}


@dataclass(frozen=True, slots=True)
class MelFilter:
    """The non-zero weights of one triangle, from FFT bin `start` on."""

    start: int
    weights: tuple[float, ...]


def window(spec: FeatureSpec) -> Float64:
    """The periodic analysis window, (window_length,)."""
    a0 = _WINDOW_A0[spec.window]
    phase = 2.0 * np.pi * np.arange(spec.window_length) / spec.window_length
    return np.asarray(a0 - (1.0 - a0) * np.cos(phase), dtype=np.float64)


def twiddles(spec: FeatureSpec) -> tuple[Float64, Float64]:
    """Real and imaginary part of `exp(-2 pi i k / fft_size)`, each (fft_size / 2,)."""
    phase = 2.0 * np.pi * np.arange(spec.fft_size // 2) / spec.fft_size
    return np.cos(phase), -np.sin(phase)


def hz_to_mel(hz: Float64, scale: str) -> Float64:
    """Hertz to mel, scale `"htk"` or `"slaney"`."""
    if scale == "htk":
        return np.asarray(2595.0 * np.log10(1.0 + hz / 700.0))
    linear = hz / _SLANEY_HZ_PER_MEL
    above = np.maximum(hz, _SLANEY_KNEE_HZ) / _SLANEY_KNEE_HZ
    return np.where(hz < _SLANEY_KNEE_HZ, linear, _SLANEY_KNEE_MEL + np.log(above) / _SLANEY_LOG_STEP)


def mel_to_hz(mel: Float64, scale: str) -> Float64:
    """Mel to hertz, the inverse of `hz_to_mel`."""
    if scale == "htk":
        return np.asarray(700.0 * (10.0 ** (mel / 2595.0) - 1.0))
    above = _SLANEY_KNEE_HZ * np.exp(_SLANEY_LOG_STEP * (mel - _SLANEY_KNEE_MEL))
    return np.where(mel < _SLANEY_KNEE_MEL, mel * _SLANEY_HZ_PER_MEL, above)


def mel_matrix(spec: FeatureSpec) -> Float64:
    """The whole filterbank, (mel_bins, fft_size / 2 + 1).

    Raises FeatureSpecError when a triangle is so narrow that it falls between two FFT bins.
    """
    limits = hz_to_mel(np.array([spec.low_hz, spec.high_hz]), spec.mel_scale)
    corners = mel_to_hz(np.linspace(limits[0], limits[1], spec.mel_bins + 2), spec.mel_scale)
    bins = np.arange(spec.fft_size // 2 + 1) * (spec.sample_rate_hz / spec.fft_size)
    low, peak, high = (corners[k : k + spec.mel_bins, None] for k in range(3))
    rising = (bins - low) / (peak - low)
    falling = (high - bins) / (high - peak)
    weights = np.maximum(0.0, np.minimum(rising, falling))
    empty = np.flatnonzero(weights.max(axis=1) == 0.0)
    if empty.size:
        raise FeatureSpecError(
            f"feature spec: mel_bins: got {spec.mel_bins}, but mel bin {empty[0]} covers no bin of a "
            f"{spec.fft_size}-point FFT; use fewer mel bins or a larger fft_size"
        )
    return np.asarray(weights, dtype=np.float64)


def mel_filters(spec: FeatureSpec) -> tuple[MelFilter, ...]:
    """The filterbank without its zeros, one `MelFilter` per mel bin."""
    filters = []
    for row in mel_matrix(spec):
        covered = np.flatnonzero(row)
        start, end = int(covered[0]), int(covered[-1]) + 1
        filters.append(MelFilter(start, tuple(float(w) for w in row[start:end])))
    return tuple(filters)
