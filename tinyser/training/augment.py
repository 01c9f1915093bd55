"""Random changes to training windows: vocal tract, recording level, microphone slope, noise, SpecAugment, mixup."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from codegen.feature_spec import FeatureSpec
from codegen.feature_tables import mel_matrix, window
from tinyser.training.dataset import Batch
from tinyser.training.resample import warp_mel_axis
from tinyser.training.settings import TrainSettings

# White noise from inaudible to that of a noisy room, in dB of full scale.
_NOISE_DB = (-90.0, -55.0)
_DB_TO_LOG_POWER = float(np.log(10.0) / 10.0)


class Augmenter:
    """Works in the log-mel domain, where gain and slope are sums and noise is a sum of powers."""

    def __init__(self, spec: FeatureSpec, settings: TrainSettings) -> None:
        self._settings = settings
        self._mean = torch.tensor(spec.mean, dtype=torch.float32)
        self._std = torch.tensor(spec.std, dtype=torch.float32)
        # Mel power of white noise of power 1: triangle area times window energy.
        white = mel_matrix(spec).sum(axis=1) * float(np.sum(window(spec) ** 2))
        self._white = torch.tensor(np.log(white), dtype=torch.float32)
        self._slope = torch.linspace(-0.5, 0.5, spec.mel_bins)

    def __call__(self, batch: Batch, random: torch.Generator) -> Tensor:
        """Changed features, (batch, frames, mels); padding stays 0."""

        def uniform(low: float, high: float) -> Tensor:
            return low + (high - low) * torch.rand(len(batch.features), 1, 1, generator=random)

        gain, tilt = self._settings.gain_db, 2 * self._settings.tilt_db
        log_power = batch.features * self._std + self._mean
        if warp := self._settings.warp:
            log_power = warp_mel_axis(log_power, uniform(1 - warp, 1 + warp).flatten())
        log_power = log_power + _DB_TO_LOG_POWER * (uniform(-gain, gain) + uniform(-tilt, tilt) * self._slope)
        log_power = torch.logaddexp(log_power, self._white + _DB_TO_LOG_POWER * uniform(*_NOISE_DB))
        features = (log_power - self._mean) / self._std * batch.audible
        for axis in (1, 1, 2):
            features = features * self._mask(features.shape, axis, random)
        return features

    def _mask(self, shape: torch.Size, axis: int, random: torch.Generator) -> Tensor:
        """1 everywhere but on one random band of `axis` per clip (SpecAugment; 0 is the corpus mean)."""
        size = shape[axis]
        width = torch.rand(shape[0], 1, generator=random) * self._settings.masked * size
        start = torch.rand(shape[0], 1, generator=random) * (size - width)
        position = torch.arange(size).unsqueeze(0)
        kept = ((position < start) | (position >= start + width)).float()
        return kept.unsqueeze(2 if axis == 1 else 1)


def mixup(features: Tensor, targets: Tensor, alpha: float, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Blends every clip with another of the batch, and its target likewise (Zhang et al., arXiv 1710.09412).

    `features` (batch, frames, mels), `targets` (batch, classes). One share for the batch is drawn from
    Beta(alpha, alpha). Cross-entropy with a blended target is the blend of two cross-entropies. `alpha` 0: nothing
    changes.
    """
    if alpha == 0:
        return features, targets
    share = float(random.beta(alpha, alpha))
    partners = torch.from_numpy(random.permutation(len(features)))
    return features.lerp(features[partners], 1 - share), targets.lerp(targets[partners], 1 - share)
