"""The tables behind the features, in float64: window, mel filterbank, DCT, slopes, smoothing.

Triangles follow Slaney's Auditory Toolbox as librosa draws them: linear in hertz between neighbouring mel
points, of peak 1 (`mel_norm` "none") or of area 1 in hertz ("slaney"). HTK scale: `2595 log10(1 + f/700)`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from codegen.errors import FeatureSpecError
from codegen.feature_spec import FeatureSpec

Float64 = NDArray[np.float64]

_NARROWEST_HZ = 1e-9  # no triangle that reaches from one FFT bin to another is that narrow
# Slaney's scale: linear up to 1 kHz (15 mel), then 27 steps per factor 6.4.
_SLANEY_HZ_PER_MEL = 200.0 / 3.0
_SLANEY_KNEE_HZ = 1000.0
_SLANEY_KNEE_MEL = _SLANEY_KNEE_HZ / _SLANEY_HZ_PER_MEL
_SLANEY_LOG_STEP = np.log(6.4) / 27.0

# What a least-squares line and parabola through the newest 5 frames have for slope and second derivative, as
# librosa.feature.delta(width=5) of order 1 and 2 has them for the frame in the middle; oldest frame first.
_SLOPES = np.array([[-2, -1, 0, 1, 2], [2, -1, -2, -1, 2]]) / np.array([[10.0], [7.0]])
DELTA_FRAMES = _SLOPES.shape[1]

# Raised cosines: a0 - (1 - a0) cos(2 pi n / N).
_WINDOW_A0 = {"hann": 0.5, "hamming": 0.54}

# By which running and utterance normalisation divide at least: a constant feature (digital silence) has none.
SMALLEST_STD = 1e-3
RUNNING_START_SECONDS = 10.0


def window(spec: FeatureSpec) -> Float64:
    """The periodic analysis window, (window_length,)."""
    a0 = _WINDOW_A0[spec.window]
    phase = 2.0 * np.pi * np.arange(spec.window_length) / spec.window_length
    return np.asarray(a0 - (1.0 - a0) * np.cos(phase), dtype=np.float64)


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


def mel_corners(spec: FeatureSpec) -> Float64:
    """Corners of the triangles in hertz, (mel_bins + 2,): triangle `k` goes from `k` over its peak to `k + 2`."""
    limits = hz_to_mel(np.array([spec.low_hz, spec.high_hz]), spec.mel_scale)
    return mel_to_hz(np.linspace(limits[0], limits[1], spec.mel_bins + 2), spec.mel_scale)


def mel_matrix(spec: FeatureSpec) -> Float64:
    """The whole filterbank, (mel_bins, fft_size / 2 + 1).

    Raises FeatureSpecError when a triangle is so narrow that it falls between two FFT bins.
    """
    corners = mel_corners(spec)
    bins = np.arange(spec.fft_size // 2 + 1) * (spec.sample_rate_hz / spec.fft_size)
    low, peak, high = (corners[k : k + spec.mel_bins, None] for k in range(3))
    # Triangles without any width, which have no slope, cover nothing.
    rising = (bins - low) / np.maximum(peak - low, _NARROWEST_HZ)
    falling = (high - bins) / np.maximum(high - peak, _NARROWEST_HZ)
    weights = np.maximum(0.0, np.minimum(rising, falling))
    if spec.mel_norm == "slaney":
        weights = weights * (2.0 / np.maximum(high - low, _NARROWEST_HZ))
    empty = np.flatnonzero(weights.max(axis=1) == 0.0)
    if empty.size:
        raise FeatureSpecError(
            f"feature spec: mel_bins: got {spec.mel_bins}, but mel bin {empty[0]} covers no bin of a "
            f"{spec.fft_size}-point FFT; use fewer mel bins or a larger fft_size"
        )
    return np.asarray(weights, dtype=np.float64)


def cepstrum_matrix(spec: FeatureSpec) -> Float64:
    """The orthonormal DCT-II with the lifter in it, (mfcc, mel_bins): MFCCs are this times the compressed mel."""
    order, bins = np.arange(spec.mfcc)[:, None], np.arange(spec.mel_bins)
    cosines = np.cos(np.pi * order * (2 * bins + 1) / (2 * spec.mel_bins)) * np.sqrt(2.0 / spec.mel_bins)
    cosines[:1] /= np.sqrt(2.0)
    if not spec.lifter:
        return cosines
    return cosines * (1.0 + spec.lifter / 2.0 * np.sin(np.pi * (order + 1) / spec.lifter))


def delta_weights(spec: FeatureSpec) -> Float64:
    """Weights of the newest DELTA_FRAMES frames, oldest first, per order of deltas: (deltas, DELTA_FRAMES)."""
    return _SLOPES[: spec.deltas]


def running_start_frames(spec: FeatureSpec) -> int:
    """How many frames the corpus' statistics stand for where running normalisation starts."""
    return round(RUNNING_START_SECONDS * spec.sample_rate_hz / spec.hop_length)


def running_alike_frames(spec: FeatureSpec) -> int:
    """Frames up to which each counts alike in running normalisation, those of the start included; 0: none does."""
    if spec.normalisation != "running":
        return 0
    frames = math.ceil(1.0 / smoothing(spec.running_seconds, spec)) - 1
    return frames if frames > running_start_frames(spec) else 0


def running_shares(spec: FeatureSpec, heard: int, count: int) -> Float64:
    """The newest frame's share in mean and variance, (count,), for the frames behind `heard` others.

    Each counts alike until the time constant is reached; one of at most RUNNING_START_SECONDS is from the start.
    """
    frames = running_start_frames(spec) + heard + np.arange(1, count + 1)
    return np.maximum(smoothing(spec.running_seconds, spec), 1.0 / frames)


def smoothing(seconds: float, spec: FeatureSpec) -> float:
    """The share `s` of the newest frame in `m[t] = (1 - s) m[t-1] + s x[t]` of that time constant (librosa.pcen)."""
    frames_squared = (seconds * spec.sample_rate_hz / spec.hop_length) ** 2
    return (math.sqrt(1.0 + 4.0 * frames_squared) - 1.0) / (2.0 * frames_squared)
