"""The parts of training: metrics, windows, calibration, augmentation, feature cache."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from codegen.errors import DataError
from codegen.feature_spec import FeatureSpec
from codegen.log_mel import log_mel
from tinyser.features.cache import FeatureCache
from tinyser.training.augment import Augmenter
from tinyser.training.dataset import Batch, Clips, all_windows, calibration_windows, random_batches
from tinyser.training.loop import posteriors
from tinyser.training.metrics import measure
from tinyser.training.settings import TrainSettings

SPEC = FeatureSpec.unnormalised(mel_bins=8, fft_size=512, context_frames=10, stride_frames=4)


def clips(lengths: list[int], labels: list[int] | None = None, speakers: str = "") -> Clips:
    features = tuple(np.full((n, 8), index + 1, np.float32) for index, n in enumerate(lengths))
    count = len(lengths)
    return Clips(features, tuple(labels or [0] * count), tuple(speakers or "a" * count), SPEC)


def test_metrics_by_hand() -> None:
    figures = measure(np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 1, 0]), ("x", "y", "z", "unused"))
    assert figures.wa == pytest.approx(4 / 6)
    assert figures.recall == {"x": pytest.approx(2 / 3), "y": 1.0, "z": 0.0, "unused": None}
    assert figures.uar == pytest.approx((2 / 3 + 1 + 0) / 3)
    # F1: x 2*2/(3+3), y 2*2/(3+2), z 0; weighted by 3, 2, 1.
    assert figures.wf1 == pytest.approx((3 * 2 / 3 + 2 * 0.8) / 6)
    assert figures.confusion == [[2, 1, 0, 0], [0, 2, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]


def test_metrics_of_nothing() -> None:
    with pytest.raises(DataError, match="got 0 labels and 0 decisions"):
        measure(np.array([], int), np.array([], int), ("x",))


def test_random_batches_see_every_clip_once_and_pad_the_start() -> None:
    batches = list(random_batches(clips([3, 10, 25, 0]), 3, np.random.default_rng(0)))
    assert [len(batch.labels) for batch in batches] == [3, 1]
    features = torch.cat([batch.log_mel for batch in batches])
    audible = torch.cat([batch.audible for batch in batches])
    assert sorted(audible.sum(dim=(1, 2)).tolist()) == [0, 3, 10, 10]
    assert sorted(features.amax(dim=(1, 2)).tolist()) == [0, 1, 2, 3]
    short = features[features.amax(dim=(1, 2)) == 1][0, :, 0]
    assert short.tolist() == [0] * 7 + [1] * 3


def test_clip_posteriors_are_the_mean_over_its_windows() -> None:
    class Count(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            heard = (x[:, :, 0] != 0).sum(1).float()
            return torch.log(torch.stack([heard + 1, 20 - heard], dim=1))

    part = clips([3, 25])
    windows, owners = all_windows(part)
    assert len(windows) == 6 and owners.tolist() == [0, 1, 1, 1, 1, 1]
    found = posteriors(Count(), part, torch.device("cpu"))
    torch.testing.assert_close(found, torch.tensor([[4 / 21, 17 / 21], [11 / 21, 10 / 21]]))


def test_calibration_is_dealt_over_classes_and_speakers() -> None:
    labels, speakers = [0] * 20 + [1] * 4 + [0] * 4, "a" * 20 + "a" * 4 + "b" * 4
    part = clips([12] * 28, labels, speakers)
    chosen = calibration_windows(part, 9, np.random.default_rng(0))
    assert chosen.shape == (9, 10, 8)
    heap = [(labels[int(w[-1, 0]) - 1], speakers[int(w[-1, 0]) - 1]) for w in chosen]
    assert {key: heap.count(key) for key in heap} == {(0, "a"): 3, (1, "a"): 3, (0, "b"): 3}
    assert len(calibration_windows(part, 100, np.random.default_rng(0))) == 28


def test_augmentation_changes_sound_and_leaves_padding() -> None:
    settings = TrainSettings(corpus="spoken", output=Path("unused"))
    audible = torch.ones(64, 10, 1)
    audible[:, :4] = 0
    features = torch.randn(64, 10, 8) * audible
    batch = Batch(features, audible, torch.zeros(64, dtype=torch.int64), torch.zeros(64, dtype=torch.int64))
    changed = Augmenter(clips([10]), settings)(batch, torch.Generator().manual_seed(0))
    assert (changed[:, :4] == 0).all() and torch.isfinite(changed).all()
    assert (changed[:, 4:] != features[:, 4:]).any(dim=2).any(dim=1).all()
    again = Augmenter(clips([10]), settings)(batch, torch.Generator().manual_seed(0))
    assert torch.equal(changed, again)


def test_augmentation_switched_off_adds_only_the_faintest_noise() -> None:
    settings = TrainSettings(corpus="spoken", output=Path("unused"), gain_db=0, tilt_db=0, masked=0)
    loud = torch.full((4, 10, 8), 5.0)
    batch = Batch(loud, torch.ones(4, 10, 1), torch.zeros(4, dtype=torch.int64), torch.zeros(4, dtype=torch.int64))
    torch.testing.assert_close(Augmenter(clips([10]), settings)(batch, torch.Generator()), loud, atol=0.05, rtol=0)


def test_cache_is_keyed_by_what_decides_log_mel(tmp_path: Path) -> None:
    """Any field: another value gives another log-mel and another key, or the same log-mel and the same key."""
    common = {"mel_bins": 20, "mfcc": 12, "context_frames": 10, "stride_frames": 4}
    other: dict[str, object] = {
        "sample_rate_hz": 22050, "dc_removal": True, "pre_emphasis": 0.5, "window": "hamming", "window_length": 399,
        "hop_length": 159, "fft_size": 1024, "mel_scale": "slaney", "mel_norm": "slaney", "mel_bins": 19,
        "low_hz": 30.0, "high_hz": 7000.0, "compression": "pcen", "log_floor": 1e-5, "pcen_gain": 0.5,
        "pcen_bias": 1.0, "pcen_power": 0.3, "pcen_seconds": 0.3, "pcen_floor": 1e-5, "mfcc": 11, "lifter": 22,
        "deltas": 1, "normalisation": "running", "running_seconds": 4.0, "context_frames": 11, "stride_frames": 5,
    }  # fmt: skip
    spec = FeatureSpec.unnormalised(**common)
    assert set(other) == set(spec.settings()) - {"version"}
    noise = np.random.default_rng(0).normal(0.01, 0.1, 4000)
    key, heard = FeatureCache(spec, tmp_path)._front_end, log_mel(noise, spec)
    for name, value in other.items():
        changed = FeatureSpec.unnormalised(**{**common, name: value})
        same = np.array_equal(log_mel(noise, changed), heard)
        assert (FeatureCache(changed, tmp_path)._front_end == key) == same, name


def test_feature_cache(recordings: Path, tmp_path: Path) -> None:
    clip = sorted((recordings / "sad").iterdir())[0]
    first = FeatureCache(SPEC, tmp_path).load(clip)
    files = list(tmp_path.rglob("*.npy"))
    assert len(files) == 1
    stamp = files[0].stat().st_mtime_ns
    other_context = FeatureSpec.unnormalised(mel_bins=8, context_frames=99, stride_frames=1)
    np.testing.assert_array_equal(FeatureCache(other_context, tmp_path).load(clip), first)
    assert files[0].stat().st_mtime_ns == stamp, "read, not computed again"
    other_front_end = FeatureSpec.unnormalised(mel_bins=8, hop_length=80, context_frames=10, stride_frames=4)
    assert len(FeatureCache(other_front_end, tmp_path).load(clip)) > len(first)
    files[0].write_bytes(b"damaged")
    np.testing.assert_array_equal(FeatureCache(SPEC, tmp_path).load(clip), first)
