"""`TorchFeatures`: the features of `codegen.feature_reference` for a batch of clips at once, in training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from codegen.feature_reference import Heard
from codegen.feature_spec import FeatureSpec
from codegen.feature_tables import (
    DELTA_FRAMES,
    SMALLEST_STD,
    cepstrum_matrix,
    delta_weights,
    running_start_frames,
    smoothing,
)


def past_frames(spec: FeatureSpec, *, held: bool = False) -> int | None:
    """How many frames before the context its features depend on; None: all (PCEN, running normalisation not `held`)."""
    if spec.compression == "pcen" or (spec.normalisation == "running" and not held):
        return None
    return DELTA_FRAMES - 1 if spec.deltas else 0


@dataclass(frozen=True, slots=True)
class HeardBatch:
    """`Heard` of a batch of clips: mean and variance (batch, features), frames (batch, 1).

    `held`: the clips themselves do not change it.
    """

    mean: Tensor
    variance: Tensor
    frames: Tensor
    held: bool = False

    @classmethod
    def of(cls, heard: Sequence[Heard], *, held: bool = False) -> HeardBatch:
        """One row each."""
        mean, variance = (
            torch.from_numpy(np.stack([getattr(one, name) for one in heard]).astype(np.float32))
            for name in ("mean", "variance")
        )
        return cls(mean, variance, torch.tensor([[float(one.frames)] for one in heard]), held)


class TorchFeatures:
    """Log-mel of clips, or of a context and the `past_frames` before it, to what the model sees."""

    def __init__(self, spec: FeatureSpec) -> None:
        self._spec = spec
        self._mean, self._std = torch.tensor(spec.mean), torch.tensor(spec.std)
        self._cepstrum = torch.tensor(cepstrum_matrix(spec).T, dtype=torch.float32)
        self._slopes = torch.tensor(delta_weights(spec), dtype=torch.float32)

    def __call__(self, log_mel: Tensor, audible: Tensor, heard: HeardBatch | None = None) -> Tensor:
        """(batch, frames, mels), with `audible` (batch, frames, 1) -> (batch, context_frames, features).

        `audible` is 0 on the padding, which is in front, and else 1. Padding becomes 0. `heard`: what came before,
        for normalisation "running"; None: nothing.
        """
        spec = self._spec
        values = log_mel
        if past_frames(spec) != 0:
            values = _with_first_frame_in_front(values, audible)
        if spec.compression == "pcen":
            values = self._pcen(torch.clamp(values.exp() - spec.log_floor, min=0.0))
        if spec.mfcc:
            values = values @ self._cepstrum
        if spec.deltas:
            values = self._with_deltas(values)
        values = self._normalise(values, audible, heard)
        return values[:, -spec.context_frames :] * audible[:, -spec.context_frames :]

    def _pcen(self, mel: Tensor) -> Tensor:
        spec = self._spec
        share, level = smoothing(spec.pcen_seconds, spec), mel[:, 0]
        levels = []
        for value in mel.unbind(1):
            level = torch.lerp(level, value, share)
            levels.append(level)
        gained = mel / (spec.pcen_floor + torch.stack(levels, dim=1)) ** spec.pcen_gain
        # (gained + bias)^power - bias^power, as exact for quiet sounds as for loud ones.
        return spec.pcen_bias**spec.pcen_power * torch.expm1(spec.pcen_power * torch.log1p(gained / spec.pcen_bias))

    def _with_deltas(self, static: Tensor) -> Tensor:
        past = static[:, :1].expand(-1, DELTA_FRAMES - 1, -1)
        newest = torch.cat([past, static], dim=1).unfold(1, DELTA_FRAMES, 1)
        return torch.cat([static, *(newest @ weights for weights in self._slopes)], dim=2)

    def _normalise(self, values: Tensor, audible: Tensor, heard: HeardBatch | None) -> Tensor:
        if self._spec.normalisation == "corpus":
            return (values - self._mean) / self._std
        if self._spec.normalisation == "running":
            return self._running(values, audible, heard or HeardBatch.of([Heard.nothing(self._spec)] * len(values)))
        context = self._spec.context_frames
        return _by_itself(values[:, -context:], audible[:, -context:])

    def _running(self, values: Tensor, audible: Tensor, heard: HeardBatch) -> Tensor:
        if heard.held:
            return (values - heard.mean.unsqueeze(1)) / heard.variance.unsqueeze(1).sqrt().clamp(min=SMALLEST_STD)
        # On padding the share is 0: the statistics of a clip start at its first frame.
        frames = running_start_frames(self._spec) + heard.frames.unsqueeze(1) + audible.cumsum(dim=1)
        shares = (1.0 / frames).clamp(min=smoothing(self._spec.running_seconds, self._spec)) * audible
        mean, variance = heard.mean, heard.variance
        means, variances = [], []
        for value, share in zip(values.unbind(1), shares.unbind(1), strict=True):
            distance = value - mean
            mean = mean + share * distance
            variance = (1 - share) * (variance + share * distance**2)
            means.append(mean)
            variances.append(variance)
        std = torch.stack(variances, dim=1).sqrt().clamp(min=SMALLEST_STD)
        return (values - torch.stack(means, dim=1)) / std


def _with_first_frame_in_front(values: Tensor, audible: Tensor) -> Tensor:
    """Padding replaced by the clip's first frame: what precedes a clip for PCEN and deltas."""
    first = audible.argmax(dim=1, keepdim=True).expand(-1, 1, values.shape[2])
    return torch.where(audible > 0, values, values.gather(1, first))


def _by_itself(values: Tensor, audible: Tensor) -> Tensor:
    """Every window with the mean and std of its audible frames, (batch, context_frames, features)."""
    heard = audible.sum(dim=1, keepdim=True).clamp(min=1)
    distance = values - (values * audible).sum(dim=1, keepdim=True) / heard
    variance = (distance**2 * audible).sum(dim=1, keepdim=True) / heard
    return distance / variance.sqrt().clamp(min=SMALLEST_STD)
