"""The batched features of training equal the NumPy reference, clip by clip."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.feature_reference import raw_features
from codegen.feature_spec import FeatureSpec
from codegen.feature_tables import SMALLEST_STD
from tests.features.specs import specs
from tinyser.features.context import log_mel_windows
from tinyser.features.torch_features import TorchFeatures, past_frames


def batch(clips: list[np.ndarray], frames: int) -> tuple[torch.Tensor, torch.Tensor]:
    log_mel = np.zeros((len(clips), frames, clips[0].shape[1]), np.float32)
    audible = np.zeros((len(clips), frames, 1), np.float32)
    for row, clip in enumerate(clips):
        if len(clip):
            log_mel[row, -len(clip) :], audible[row, -len(clip) :] = clip, 1
    return torch.from_numpy(log_mel), torch.from_numpy(audible)


@given(spec=specs(), lengths=st.lists(st.integers(0, 70), min_size=1, max_size=5), seed=st.integers(0, 99))
@settings(deadline=None)
def test_equal_to_the_reference(spec: FeatureSpec, lengths: list[int], seed: int) -> None:
    random = np.random.default_rng(seed)
    floor = np.log(spec.log_floor)
    clips = [random.uniform(floor, 4, (length, spec.mel_bins)).astype(np.float32) for length in lengths]
    found = TorchFeatures(spec)(*batch(clips, max(spec.context_frames, *lengths)))
    for window, clip in zip(found, clips, strict=True):
        expected = torch.from_numpy(log_mel_windows(clip, spec)[-1])
        torch.testing.assert_close(window, expected, atol=1e-5 + rounding(clip, spec), rtol=1e-5)


def rounding(clip: np.ndarray, spec: FeatureSpec) -> float:
    """What float32 loses of the clip's features, over the smallest deviation that they are divided by."""
    if len(clip) == 0:
        return 0.0
    raw = raw_features(clip, spec)
    deviation = min(spec.std)
    if spec.normalisation != "corpus":
        deviation = min(deviation, raw[-spec.context_frames :].std(axis=0).min())
    return 1e-6 * np.abs(raw).max() / max(deviation, SMALLEST_STD)


@pytest.mark.parametrize(
    "settings", [{}, {"deltas": 2}, {"normalisation": "utterance"}, {"mfcc": 4, "deltas": 1}], ids=str
)
def test_frames_before_the_past_do_not_matter(settings: dict[str, object]) -> None:
    spec = FeatureSpec.unnormalised(mel_bins=8, context_frames=10, stride_frames=5, **settings)
    past = past_frames(spec)
    assert past is not None
    clip = np.random.default_rng(0).normal(-3, 2, (40, 8)).astype(np.float32)
    expected = torch.from_numpy(log_mel_windows(clip, spec)[-1])
    end = clip[-10 - past :]
    torch.testing.assert_close(TorchFeatures(spec)(*batch([end], len(end)))[0], expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("settings", [{"compression": "pcen"}, {"normalisation": "running"}], ids=str)
def test_all_frames_of_a_stream_matter(settings: dict[str, object]) -> None:
    spec = FeatureSpec.unnormalised(mel_bins=8, context_frames=10, stride_frames=5, **settings)
    assert past_frames(spec) is None
    clip = np.random.default_rng(0).normal(-3, 2, (40, 8)).astype(np.float32)
    changed = np.concatenate([clip[:1] + 1, clip[1:]])
    assert (log_mel_windows(clip, spec)[-1] != log_mel_windows(changed, spec)[-1]).any()
