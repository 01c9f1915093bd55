"""What the model sees of a clip: windows of its context, by the context rule."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.feature_reference import Heard, normalise, normalise_window, raw_features
from codegen.feature_spec import FeatureSpec
from codegen.log_mel import Float32, log_mel


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
    """All windows of what `normalise` gives for a clip: (frames, features) -> (windows, context_frames, features).

    A clip shorter than the context is padded at the start with 0, the mean of normalised features.
    """
    ends = window_ends(len(features), spec)
    windows = np.zeros((len(ends), spec.context_frames, spec.features), dtype=np.float32)
    for window, end in zip(windows, ends, strict=True):
        heard = features[max(0, end - spec.context_frames) : end]
        if len(heard):
            window[-len(heard) :] = normalise_window(heard) if spec.normalisation == "utterance" else heard
    return windows


def log_mel_windows(clip: Float32, spec: FeatureSpec, heard: Heard | None = None) -> Float32:
    """A clip's log-mel, (frames, mels), to what the model sees, (windows, context_frames, features).

    `heard`: what came before it, for normalisation "running".
    """
    return context_windows(normalise(raw_features(clip, spec), spec, heard), spec)


def clip_windows(samples: NDArray[Any], spec: FeatureSpec) -> Float32:
    """Samples of one clip to what the model sees, (windows, context_frames, features)."""
    return log_mel_windows(log_mel(samples, spec), spec)
