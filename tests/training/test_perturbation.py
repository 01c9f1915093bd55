"""Tempo, vocal tract length and mixup: what they do to known features, and to the loss."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from rich.console import Console
from torch import nn
from torch.nn import functional

from codegen.feature_spec import FeatureSpec
from tests.training.test_run import stop_after
from tinyser.models.checkpoint import load_checkpoint
from tinyser.training.augment import Augmenter, mixup
from tinyser.training.dataset import Batch, Clips, FoldData, random_batches
from tinyser.training.loop import Trainer
from tinyser.training.resample import at_frames, warp_mel_axis
from tinyser.training.run import train
from tinyser.training.settings import TrainSettings

Settings = Callable[..., TrainSettings]
MELS, CONTEXT = 8, 30
SPEC = FeatureSpec.unnormalised(mel_bins=MELS, context_frames=CONTEXT, stride_frames=4)


def ramps(lengths: list[int]) -> Clips:
    """Every mel bin of frame `t` is `t + 1`, so that a frame says where in its clip it comes from."""
    features = tuple(np.tile(np.arange(1, n + 1, dtype=np.float32)[:, np.newaxis], MELS) for n in lengths)
    return Clips(features, (0,) * len(lengths), ("a",) * len(lengths), SPEC)


def windows(clips: Clips, tempo: float, seed: int = 0) -> Batch:
    """One window of every clip."""
    return next(random_batches(clips, len(clips), np.random.default_rng(seed), tempo))


def test_interpolation_between_frames() -> None:
    clip = ramps([5]).log_mels[0]
    found = at_frames(clip, np.array([0.0, 0.25, 2.0, 3.5, 4.0]))
    np.testing.assert_allclose(found[:, 0], [1, 1.25, 3, 4.5, 5])
    assert found.dtype == np.float32 and found.shape == (5, MELS)


def test_tempo_keeps_a_whole_short_clip_and_its_padding() -> None:
    batch = windows(ramps([20] * 200), tempo=0.2)
    heard = batch.audible.sum(dim=(1, 2)).long().tolist()
    # Speeds 0.8..1.2 give lengths 20 / 1.2 .. 20 / 0.8.
    assert set(heard) == set(range(17, 26))
    for features, audible, length in zip(batch.log_mel, batch.audible, heard, strict=True):
        assert (features[:-length] == 0).all() and (audible[:-length] == 0).all() and (audible[-length:] == 1).all()
        torch.testing.assert_close(features[-length:, 0], torch.linspace(1, 20, length))


def test_tempo_crops_what_it_made_too_long() -> None:
    batch = windows(ramps([28] * 300), tempo=0.5)
    steps = batch.log_mel[:, -1, 0] - batch.log_mel[:, -2, 0]
    # Frames of the clip a frame: its speed (a clip's ends stay its ends, so 0.5..1.5 are not met exactly).
    assert steps.min() == pytest.approx(0.5, abs=0.02) and steps.max() == pytest.approx(1.5, abs=0.06)
    last = batch.log_mel[:, -1, 0]
    inside = (last > 2) & (last < 27)
    assert inside.any(), "a window somewhere in a slow clip"
    assert (batch.audible[inside] == 1).all() and (steps[inside] < 1).all()


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_tempo_of_next_to_nothing(frames: int) -> None:
    batch = windows(ramps([frames]), tempo=0.5)
    assert torch.isfinite(batch.log_mel).all()
    assert batch.log_mel.count_nonzero() == batch.audible.sum() * MELS


def test_without_tempo_windows_are_cut_out_of_the_clip() -> None:
    batch = windows(ramps([50, 20]), tempo=0.0)
    heard = batch.log_mel[batch.audible.squeeze(2) == 1]
    assert torch.equal(heard, heard.round())


@pytest.mark.parametrize(
    ("factor", "expected"),
    [
        (1.0, [0.0, 1, 2, 3, 4, 5, 6, 7]),
        (0.5, [0.0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]),
        (1.25, [0.0, 1.25, 2.5, 3.75, 5, 6.25, 7, 7]),
    ],
)
def test_warp_of_a_ramp(factor: float, expected: list[float]) -> None:
    ramp = torch.arange(MELS, dtype=torch.float32).expand(2, 3, MELS)
    found = warp_mel_axis(ramp, torch.tensor([factor, 1.0]))
    torch.testing.assert_close(found[0], torch.tensor(expected).expand(3, MELS))
    assert torch.equal(found[1], ramp[1]), "the other clip has a factor of its own"


def test_augmentation_warps_clip_by_clip_within_its_bounds() -> None:
    settings = TrainSettings(corpus="spoken", output=Path("unused"), warp=0.1, gain_db=0, tilt_db=0, masked=0)
    ramp = 20 + torch.arange(MELS, dtype=torch.float32).expand(500, CONTEXT, MELS)
    audible = torch.ones(500, CONTEXT, 1)
    audible[:, :5] = 0
    batch = Batch(ramp * audible, audible, torch.zeros(500, dtype=torch.int64), torch.zeros(500, dtype=torch.int64))
    found = Augmenter(ramps([5]), settings)(batch, torch.Generator().manual_seed(0))
    assert (found[:, :5] == 0).all()
    factors = (found[:, 5:, 5] - 20) / 5
    torch.testing.assert_close(factors, factors[:, :1].expand_as(factors))
    assert 0.9 <= factors.min() < 0.905 and 1.095 < factors.max() <= 1.1


def test_mixup_blends_pairs() -> None:
    features = torch.arange(6.0).reshape(6, 1, 1).expand(6, 4, 2)
    targets = functional.one_hot(torch.arange(6), 6).float()
    mixed, blended = mixup(features, targets, 0.7, np.random.default_rng(3))
    again = np.random.default_rng(3)
    share, partners = again.beta(0.7, 0.7), again.permutation(6)
    for row, partner in enumerate(partners):
        torch.testing.assert_close(mixed[row], share * features[row] + (1 - share) * features[partner])
        torch.testing.assert_close(blended[row], share * targets[row] + (1 - share) * targets[partner])


def test_mixup_switched_off_draws_nothing() -> None:
    random = np.random.default_rng(0)
    features, targets = torch.randn(3, 4, 2), torch.eye(3)
    assert mixup(features, targets, 0.0, random) == (features, targets)
    assert random.random() == np.random.default_rng(0).random()


def test_loss_of_a_mixed_batch_is_the_blend_of_two(tiny: Settings) -> None:
    """With classes of unequal size and label smoothing, against torch's cross-entropy with label indices."""
    labels = (0, 0, 0, 0, 1, 1, 2, 0)
    features = tuple(np.full((CONTEXT, MELS), index, np.float32) for index in range(len(labels)))
    clips = Clips(features, labels, ("a",) * len(labels), SPEC)
    model = nn.Sequential(nn.Flatten(), nn.Linear(CONTEXT * MELS, 3))
    fabric = Fabric(accelerator="cpu", devices=1)
    trainer = Trainer(model, FoldData(SPEC, clips, clips, clips), ("x", "y", "z"), tiny(label_smoothing=0.1), fabric)

    truth, batch = torch.tensor(labels), torch.randn(len(labels), CONTEXT, MELS)
    mixed, targets = mixup(batch, functional.one_hot(truth, 3).float(), 2.0, np.random.default_rng(1))
    again = np.random.default_rng(1)
    share, partners = again.beta(2.0, 2.0), torch.from_numpy(again.permutation(len(labels)))
    assert 0.2 < share < 0.8
    weights = torch.tensor([8 / 3 / 5, 8 / 3 / 2, 8 / 3 / 1])
    losses = [
        functional.cross_entropy(model(mixed), some, weight=weights, label_smoothing=0.1)
        for some in (truth, truth[partners])
    ]
    torch.testing.assert_close(trainer._loss(mixed, targets), share * losses[0] + (1 - share) * losses[1])


def test_going_on_with_every_perturbation(tiny: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = {"tempo": 0.2, "warp": 0.1, "mixup": 0.4}
    unbroken = train(tiny(output=tmp_path / "unbroken", **changed), Console(quiet=True)).folder
    with monkeypatch.context() as patch:
        stop_after(2, patch)
        with pytest.raises(KeyboardInterrupt):
            train(tiny(**changed), Console(quiet=True))
    broken = train(tiny(**changed), Console(quiet=True)).folder
    states = [load_checkpoint(folder).state_dict for folder in (unbroken, broken)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    plain = load_checkpoint(train(tiny(output=tmp_path / "plain"), Console(quiet=True)).folder).state_dict
    assert any(not torch.equal(plain[name], states[0][name]) for name in plain)
