"""The NumPy reference of the features: samples -> log-mel -> normalised -> windows of the model's context."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.errors import DataError
from codegen.feature_spec import FeatureSpec
from codegen.feature_tables import mel_matrix, window

Float32 = NDArray[np.float32]

# Frames transformed at once: bounds memory for recordings of hours.
_FRAMES_PER_BLOCK = 4096
_PCM16_SCALE = 32768.0


def log_mel(samples: NDArray[Any], spec: FeatureSpec) -> Float32:
    """Log-mel features before normalisation, (frames, mels), computed in float64.

    `samples` is (samples,): int16 PCM, or floats in -1..1. Raises DataError for another type or shape.
    """
    signal = _to_unit_range(samples)
    frames = spec.frame_count(len(signal))
    if frames == 0:
        return np.zeros((0, spec.mel_bins), dtype=np.float32)
    framed = np.lib.stride_tricks.sliding_window_view(signal, spec.window_length)[:: spec.hop_length]
    taper, weights = window(spec), mel_matrix(spec).T
    blocks = []
    for first in range(0, frames, _FRAMES_PER_BLOCK):
        spectrum = np.fft.rfft(framed[first : first + _FRAMES_PER_BLOCK] * taper, n=spec.fft_size)
        power = spectrum.real**2 + spectrum.imag**2
        blocks.append(np.log(power @ weights + spec.log_floor).astype(np.float32))
    return np.concatenate(blocks)


def _to_unit_range(samples: NDArray[Any]) -> NDArray[np.float64]:
    if samples.ndim != 1:
        raise DataError(f"samples: got shape {samples.shape}, allowed is (samples,); downmix to mono first")
    if samples.dtype == np.int16:
        return samples.astype(np.float64) / _PCM16_SCALE
    if np.issubdtype(samples.dtype, np.floating):
        return samples.astype(np.float64)
    raise DataError(f"samples: got {samples.dtype}, allowed are int16 or floats in -1..1; convert them first")


def normalise(features: Float32, spec: FeatureSpec) -> Float32:
    """`(features - mean) / std` per mel bin; (..., mels) in and out."""
    mean, std = np.asarray(spec.mean), np.asarray(spec.std)
    return ((features - mean) / std).astype(np.float32)


def fit_normalisation(spec: FeatureSpec, features: Iterable[Float32]) -> FeatureSpec:
    """`spec` with mean and std of log-mel arrays, each (frames, mels). Raises DataError for no frames."""
    frames = np.concatenate([np.asarray(part, dtype=np.float64) for part in features])
    if len(frames) == 0:
        raise DataError("features: no frames to take the mean of; every clip is shorter than one window")
    # A constant mel bin (digital silence) would divide by zero.
    std = np.maximum(frames.std(axis=0), 1e-3)
    return replace(spec, mean=tuple(frames.mean(axis=0).tolist()), std=tuple(std.tolist()))


def window_ends(frames: int, spec: FeatureSpec) -> list[int]:
    """The frame after the last one of each window of a clip (the context rule).

    At most `context_frames` frames give one window. A longer clip gives windows ending after frame
    `context_frames` and every `stride_frames` further, and one more at the last frame when frames remain.
    """
    if frames <= spec.context_frames:
        return [frames]
    ends = list(range(spec.context_frames, frames + 1, spec.stride_frames))
    return ends if ends[-1] == frames else [*ends, frames]


def context_windows(features: Float32, spec: FeatureSpec) -> Float32:
    """All windows of a clip's normalised features: (frames, mels) -> (windows, context_frames, mels).

    A clip shorter than the context is padded at the start with 0, the corpus mean.
    """
    short = spec.context_frames - len(features)
    if short > 0:
        features = np.pad(features, ((short, 0), (0, 0)))
    ends = window_ends(len(features), spec)
    return np.stack([features[end - spec.context_frames : end] for end in ends]).astype(np.float32)


def clip_windows(samples: NDArray[Any], spec: FeatureSpec) -> Float32:
    """Samples of one clip to what the model sees, (windows, context_frames, mels)."""
    return context_windows(normalise(log_mel(samples, spec), spec), spec)
