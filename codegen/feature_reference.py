"""The NumPy reference of the features, second half: log-mel -> compression -> DCT -> deltas -> normalisation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from codegen.errors import DataError
from codegen.feature_spec import FeatureSpec
from codegen.feature_tables import (
    DELTA_FRAMES,
    SMALLEST_STD,
    Float64,
    cepstrum_matrix,
    delta_weights,
    running_shares,
    smoothing,
)
from codegen.log_mel import Float32


def raw_features(log_mel: Float32, spec: FeatureSpec) -> Float64:
    """A clip's features before normalisation: log-mel (frames, mels) -> (frames, features)."""
    if len(log_mel) == 0:
        return np.zeros((0, spec.features))
    values = np.asarray(log_mel, dtype=np.float64)
    if spec.compression == "pcen":
        values = _pcen(np.maximum(np.exp(values) - spec.log_floor, 0.0), spec)
    if spec.mfcc:
        values = values @ cepstrum_matrix(spec).T
    return _with_deltas(values, spec)


def _pcen(mel: Float64, spec: FeatureSpec) -> Float64:
    """Per-channel energy normalisation (Wang et al., arXiv 1607.05666), (frames, mels) -> the same."""
    share, level = smoothing(spec.pcen_seconds, spec), mel[0]
    levels = np.empty_like(mel)
    for frame, value in enumerate(mel):
        level = level + share * (value - level)
        levels[frame] = level
    gained = mel / (spec.pcen_floor + levels) ** spec.pcen_gain
    return np.asarray((gained + spec.pcen_bias) ** spec.pcen_power - spec.pcen_bias**spec.pcen_power)


def _with_deltas(static: Float64, spec: FeatureSpec) -> Float64:
    """(frames, n) -> (frames, n * (1 + deltas)); before the first frame it is repeated."""
    past = np.repeat(static[:1], DELTA_FRAMES - 1, axis=0)
    newest = np.lib.stride_tricks.sliding_window_view(np.concatenate([past, static]), DELTA_FRAMES, axis=0)
    return np.concatenate([static, *(newest @ weights for weights in delta_weights(spec))], axis=1)


@dataclass(frozen=True, slots=True)
class Heard:
    """What running normalisation knows of a stream: mean and variance, (features,) each, and how many frames it had."""

    mean: Float64
    variance: Float64
    frames: int

    @classmethod
    def nothing(cls, spec: FeatureSpec) -> Heard:
        """The start of a stream: the corpus' statistics."""
        return cls(np.asarray(spec.mean), np.square(spec.std), 0)


def normalise(raw: Float64 | Float32, spec: FeatureSpec, heard: Heard | None = None) -> Float32:
    """Raw features of a clip, (frames, features), normalised as the corpus or the stream so far says.

    `heard`: what came before it in the stream, for normalisation "running"; None: nothing. With normalisation
    "utterance" they stay as they are: `context_windows` normalises each window by itself.
    """
    if spec.normalisation == "running":
        return normalise_running(raw, spec, heard or Heard.nothing(spec))[0]
    if spec.normalisation == "utterance":
        return np.asarray(raw, dtype=np.float32)
    return ((raw - np.asarray(spec.mean)) / np.asarray(spec.std)).astype(np.float32)


def normalise_running(raw: Float64 | Float32, spec: FeatureSpec, heard: Heard) -> tuple[Float32, Heard]:
    """Normalised by mean and variance of the stream so far, the frame itself included; and what is known then."""
    mean, variance = heard.mean, heard.variance
    normalised = np.empty(raw.shape, dtype=np.float32)
    for frame, (value, share) in enumerate(zip(raw, running_shares(spec, heard.frames, len(raw)), strict=True)):
        distance = value - mean
        mean = mean + share * distance
        variance = (1 - share) * (variance + share * distance**2)
        normalised[frame] = (value - mean) / np.maximum(np.sqrt(variance), SMALLEST_STD)
    return normalised, Heard(mean, variance, heard.frames + len(raw))


def normalise_window(heard: Float32) -> Float32:
    """The frames of a window, (frames, features), with the mean and std of these frames ("utterance")."""
    exact = heard.astype(np.float64)
    return np.asarray((exact - exact.mean(axis=0)) / np.maximum(exact.std(axis=0), SMALLEST_STD), dtype=np.float32)


def fit_normalisation(spec: FeatureSpec, log_mels: Iterable[Float32]) -> FeatureSpec:
    """`spec` with mean and std of the clips' raw features; `log_mels` (frames, mels) each.

    Raises DataError for no frames.
    """
    # Sums, not all frames at once: corpora can have hundreds of hours.
    frames, total, squares = 0, np.zeros(spec.features), np.zeros(spec.features)
    for clip in log_mels:
        raw = raw_features(clip, spec)
        frames += len(raw)
        total += raw.sum(axis=0)
        squares += np.square(raw).sum(axis=0)
    if frames == 0:
        raise DataError("features: no frames to take the mean of; every clip is shorter than one window")
    mean = total / frames
    std = np.sqrt(np.maximum(squares / frames - mean**2, SMALLEST_STD**2))
    return replace(spec, mean=tuple(mean.tolist()), std=tuple(std.tolist()))
