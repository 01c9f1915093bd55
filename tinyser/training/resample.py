"""Linear interpolation of log-mel features along time and along the mel axis."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codegen.log_mel import Float32


def at_frames(clip: Float32, positions: NDArray[np.float64]) -> Float32:
    """The clip (frames, mels) between its frames: `positions` (n,) in 0..frames - 1 -> (n, mels)."""
    low = positions.astype(np.int64)
    high = np.minimum(low + 1, len(clip) - 1)
    share = (positions - low).astype(np.float32)[:, np.newaxis]
    return clip[low] + share * (clip[high] - clip[low])


def warp_mel_axis(features: Tensor, factors: Tensor) -> Tensor:
    """Mel bin `k` becomes what lies at `k * factor`, at most the last bin: (batch, frames, mels) -> the same.

    `factors` (batch,). Scaling the frequency axis stands for another length of the vocal tract (Jaitly and
    Hinton, "Vocal tract length perturbation (VTLP) improves speech recognition", 2013, there in Hz).
    """
    bins = torch.arange(features.shape[2], dtype=features.dtype)
    positions = (bins * factors.unsqueeze(1)).clamp(max=features.shape[2] - 1)
    # Linear interpolation as a matrix, (batch, mels in, mels out): a triangle around every position.
    weights = (1 - (positions.unsqueeze(1) - bins.unsqueeze(1)).abs()).clamp(min=0)
    return torch.bmm(features, weights)
