"""The NumPy reference of the features, first half: samples -> frames -> power spectrum -> log-mel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.errors import DataError
from codegen.feature_spec import FeatureSpec
from codegen.feature_tables import Float64, mel_matrix, window

Float32 = NDArray[np.float32]

# Frames transformed at once: bounds memory for recordings of hours.
_FRAMES_PER_BLOCK = 4096
_PCM16_SCALE = 32768.0
# Far beyond full scale, and far below what overflows when it is squared.
_LARGEST_SAMPLE = 1e6


def log_mel(samples: NDArray[Any], spec: FeatureSpec) -> Float32:
    """`ln(mel + log_floor)`, (frames, mels), computed in float64; no frames for less than one window of samples.

    `samples` is (samples,): int16 PCM, or floats in -1..1. Raises DataError for another type or shape, and for
    NaN and infinity.
    """
    signal = _to_unit_range(samples)
    frames = spec.frame_count(len(signal))
    if frames == 0:
        return np.zeros((0, spec.mel_bins), dtype=np.float32)
    framed = np.lib.stride_tricks.sliding_window_view(signal, spec.window_length)[:: spec.hop_length]
    taper, weights = window(spec), mel_matrix(spec).T
    blocks = []
    for first in range(0, frames, _FRAMES_PER_BLOCK):
        block = _without_offset_and_tilt(framed[first : first + _FRAMES_PER_BLOCK], spec)
        spectrum = np.fft.rfft(block * taper, n=spec.fft_size)
        power = spectrum.real**2 + spectrum.imag**2
        blocks.append(np.log(power @ weights + spec.log_floor).astype(np.float32))
    return np.concatenate(blocks)


def _to_unit_range(samples: NDArray[Any]) -> Float64:
    if samples.ndim != 1:
        raise DataError(f"samples: got shape {samples.shape}, allowed is (samples,); downmix to mono first")
    if samples.dtype == np.int16:
        return samples.astype(np.float64) / _PCM16_SCALE
    if not np.issubdtype(samples.dtype, np.floating):
        raise DataError(f"samples: got {samples.dtype}, allowed are int16 or floats in -1..1; convert them first")
    unusable = np.flatnonzero(~(np.abs(samples) <= _LARGEST_SAMPLE))
    if unusable.size:
        first = unusable[0]
        raise DataError(f"samples[{first}]: got {samples[first]}, allowed are numbers in -1..1; mend the recording")
    return samples.astype(np.float64)


def _without_offset_and_tilt(framed: Float64, spec: FeatureSpec) -> Float64:
    """DC removal and pre-emphasis inside each frame, (frames, window_length), in Kaldi's order."""
    if spec.dc_removal:
        framed = framed - framed.mean(axis=1, keepdims=True)
    if spec.pre_emphasis:
        framed = framed - spec.pre_emphasis * np.concatenate([framed[:, :1], framed[:, :-1]], axis=1)
    return framed
