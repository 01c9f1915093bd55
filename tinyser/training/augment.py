"""Random changes to training windows: vocal tract, recording level, microphone slope, noise, SpecAugment, mixup."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from codegen.feature_spec import FeatureSpec
from codegen.feature_tables import Float64, mel_matrix, window
from tinyser.features.torch_features import TorchFeatures
from tinyser.training.dataset import Batch, Clips
from tinyser.training.resample import warp_mel_axis
from tinyser.training.settings import TrainSettings

# White noise from inaudible to that of a noisy room, in dB of full scale.
_NOISE_DB = (-90.0, -55.0)
_DB_TO_LOG_POWER = float(np.log(10.0) / 10.0)


class Augmenter:
    """Works in the log-mel domain, where gain and slope are sums and noise is a sum of powers; then come the features.

    `clips`: what is trained on; their mean log-mel takes the place of what SpecAugment blanks. Where features are not
    normalised by the corpus, the mean of the clip's speaker does.
    """

    def __init__(self, clips: Clips, settings: TrainSettings) -> None:
        spec = clips.spec
        self._settings, self._features, self._context = settings, TorchFeatures(spec), spec.context_frames
        owners = ["" if spec.normalisation == "corpus" else speaker for speaker in clips.speakers]
        self._blanks = torch.tensor(_means(clips, owners), dtype=torch.float32)
        self._white = torch.tensor(np.log(_white_noise(spec)), dtype=torch.float32)
        self._slope = torch.linspace(-0.5, 0.5, spec.mel_bins)

    def __call__(self, batch: Batch, random: torch.Generator) -> Tensor:
        """Features of the changed clips, (batch, context_frames, features); padding is 0."""

        def uniform(low: float, high: float) -> Tensor:
            return low + (high - low) * torch.rand(len(batch.labels), 1, 1, generator=random)

        gain, tilt = self._settings.gain_db, 2 * self._settings.tilt_db
        log_power = batch.log_mel
        if warp := self._settings.warp:
            log_power = warp_mel_axis(log_power, uniform(1 - warp, 1 + warp).flatten())
        log_power = log_power + _DB_TO_LOG_POWER * (uniform(-gain, gain) + uniform(-tilt, tilt) * self._slope)
        log_power = torch.logaddexp(log_power, self._white + _DB_TO_LOG_POWER * uniform(*_NOISE_DB))
        seen = torch.Size((len(log_power), self._context, log_power.shape[2]))
        masks = [self._mask(seen, axis, random) for axis in (1, 1, 2)]
        kept = torch.ones_like(log_power)
        kept[:, -self._context :] = (masks[0] * masks[1]) * masks[2]
        blank = self._blanks[batch.clips].unsqueeze(1).expand_as(log_power)
        return self._features(torch.lerp(blank, log_power, kept), batch.audible, batch.heard)

    def _mask(self, shape: torch.Size, axis: int, random: torch.Generator) -> Tensor:
        """Of what the model sees: 1 everywhere but on one random band of `axis` per clip (SpecAugment)."""
        size = shape[axis]
        width = torch.rand(shape[0], 1, generator=random) * self._settings.masked * size
        start = torch.rand(shape[0], 1, generator=random) * (size - width)
        position = torch.arange(size).unsqueeze(0)
        kept = ((position < start) | (position >= start + width)).float()
        return kept.unsqueeze(2 if axis == 1 else 1)


def _means(clips: Clips, owners: Sequence[str]) -> Float64:
    """For each clip the mean log-mel of all clips of its owner, (clips, mels)."""
    of_owner: dict[str, Float64] = {}
    for owner in dict.fromkeys(owners):
        own = [clip for clip, its in zip(clips.log_mels, owners, strict=True) if its == owner]
        total = np.sum([clip.sum(axis=0, dtype=np.float64) for clip in own], axis=0)
        of_owner[owner] = total / max(sum(map(len, own)), 1)
    return np.stack([of_owner[owner] for owner in owners])


def _white_noise(spec: FeatureSpec) -> Float64:
    """Mel power of white noise of power 1, (mels,): triangle area after pre-emphasis times window energy."""
    delay = np.exp(-2j * np.pi * np.arange(spec.fft_size // 2 + 1) / spec.fft_size)
    response = np.abs(1 - spec.pre_emphasis * delay) ** 2
    return np.asarray(mel_matrix(spec) @ response * np.sum(window(spec) ** 2))


def mixup(features: Tensor, targets: Tensor, alpha: float, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Blends every clip with another of the batch, and its target likewise (Zhang et al., arXiv 1710.09412).

    `features` (batch, frames, features), `targets` (batch, classes). One share for the batch is drawn from
    Beta(alpha, alpha). Cross-entropy with a blended target is the blend of two cross-entropies. `alpha` 0: nothing
    changes.
    """
    if alpha == 0:
        return features, targets
    share = float(random.beta(alpha, alpha))
    partners = torch.from_numpy(random.permutation(len(features)))
    return features.lerp(features[partners], 1 - share), targets.lerp(targets[partners], 1 - share)
