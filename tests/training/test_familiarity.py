"""How well training knows a voice: what a device knows that heard these recordings, and how often it is only a few."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from codegen.errors import TinySerError
from codegen.feature_reference import Heard, normalise_running, raw_features
from codegen.feature_tables import running_start_frames
from codegen.log_mel import Float32
from tests.features.front_ends import spec
from tinyser.features.speaker_streams import heard_in_streams, heard_so_far
from tinyser.training.dataset import Clips, random_batches
from tinyser.training.familiarity import known_voices
from tinyser.training.settings import TrainSettings

SLOW = spec(normalisation="running", running_seconds=100.0, context_frames=4, stride_frames=1)
SPEAKERS = 8
CLIPS_EACH = 7


FRAMES_EACH = 5


def log_mels() -> list[Float32]:
    """Of SPEAKERS x CLIPS_EACH clips, each with a level of its own that is unlike any other's."""
    random, shape = np.random.default_rng(0), (FRAMES_EACH, SLOW.mel_bins)
    return [random.normal(level, 1, shape).astype(np.float32) for level in range(SPEAKERS * CLIPS_EACH)]


def corpus() -> Clips:
    clips, speakers = log_mels(), [f"{index // CLIPS_EACH}" for index in range(SPEAKERS * CLIPS_EACH)]
    heard = heard_in_streams(clips, speakers, [str(index) for index in range(len(clips))], SLOW)
    return Clips(tuple(clips), (0,) * len(clips), tuple(speakers), SLOW, heard=heard)


def test_what_a_device_knows_that_was_just_switched_on() -> None:
    """As long as each frame counts alike, it is what running normalisation has left behind."""
    clips = corpus()
    assert clips.heard is not None
    heard = Heard.nothing(SLOW)
    for index in (3, 0, 5):
        heard = normalise_running(raw_features(clips.log_mels[index], SLOW), SLOW, heard)[1]
    found = heard_so_far([clips.heard.alone[index] for index in (3, 0, 5)], SLOW)
    np.testing.assert_allclose(found.mean, heard.mean, rtol=1e-9)
    np.testing.assert_allclose(found.variance, heard.variance, rtol=1e-9)
    assert found.frames == heard.frames == 3 * FRAMES_EACH
    nothing = heard_so_far([], SLOW)
    np.testing.assert_allclose(nothing.variance, Heard.nothing(SLOW).variance)


def test_a_recording_without_frames_tells_nothing() -> None:
    heard = heard_in_streams([*log_mels()[:2], np.zeros((0, SLOW.mel_bins), np.float32)], ["a"] * 3, list("123"), SLOW)
    assert heard is not None
    with_it, without = (heard_so_far([heard.alone[index] for index in chosen], SLOW) for chosen in ((0, 2), (0,)))
    np.testing.assert_allclose(with_it.mean, without.mean)
    np.testing.assert_allclose(with_it.variance, without.variance)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_so_many_clips_are_heard_before_their_voice_is_known(share: float) -> None:
    """Such a clip knows its own frames and those of 0 to 5 of its speaker's 6 others, few more often than many."""
    clips, random = corpus(), np.random.default_rng(0)
    assert clips.heard is not None
    everything = np.arange(len(clips))
    others = []
    for _ in range(40):
        drawn = known_voices(clips.heard, SLOW, everything, share, random)
        assert drawn.held
        whole = torch.from_numpy(np.stack([one.mean for one in clips.heard.whole])).float()
        for index in np.flatnonzero((drawn.mean != whole).any(dim=1).numpy()):
            others.append(int(drawn.frames[index]) // FRAMES_EACH - 1)
    assert len(others) == pytest.approx(40 * len(clips) * share, rel=0.05)
    if share:
        counts = np.bincount(others, minlength=CLIPS_EACH)
        # n others with the share log(n + 2) - log(n + 1) of log 7.
        expected = len(others) * np.diff(np.log(np.arange(1, CLIPS_EACH + 1))) / np.log(CLIPS_EACH)
        np.testing.assert_allclose(counts[: CLIPS_EACH - 1], expected, rtol=0.25)
        assert counts[CLIPS_EACH - 1 :].sum() == 0


def test_nobody_else_is_heard() -> None:
    """The levels of each clip of a speaker are 7 above another's, so a mean tells who was heard."""
    clips, random = corpus(), np.random.default_rng(1)
    assert clips.heard is not None
    drawn = known_voices(clips.heard, SLOW, np.arange(len(clips)), 1.0, random)
    start = running_start_frames(SLOW)
    for index in range(len(clips)):
        frames = float(drawn.frames[index])
        level = (drawn.mean[index].mean() * (start + frames) - start * float(np.mean(SLOW.mean))) / frames
        lowest = index // CLIPS_EACH * CLIPS_EACH
        assert lowest - 1 < level < lowest + CLIPS_EACH


def test_training_draws_them_and_the_same_again() -> None:
    clips = corpus()
    first, again, all_known = (
        next(random_batches(clips, len(clips), np.random.default_rng(2), unfamiliar=share)).heard
        for share in (0.5, 0.5, 0.0)
    )
    assert first is not None and again is not None and all_known is not None
    torch.testing.assert_close(first.mean, again.mean, rtol=0, atol=0)
    changed = (first.mean != all_known.mean).any(dim=1).float().mean()
    assert 0.3 < changed < 0.7


def test_setting(tiny: Callable[..., TrainSettings]) -> None:
    slow = {"normalisation": "running", "running_seconds": 100.0}
    assert tiny(unfamiliar=0.0).identity() == tiny().identity()
    assert tiny(unfamiliar=0.5, features=slow).identity() != tiny(features=slow).identity()
    for features in ({}, {"normalisation": "running", "running_seconds": 10.0}):
        with pytest.raises(TinySerError, match=r"unfamiliar: got 0\.5 with features that get used to no voice"):
            tiny(unfamiliar=0.5, features=features)
    with pytest.raises(TinySerError, match=r"unfamiliar: got 1\.5, allowed is 0\.0\.\.1\.0"):
        tiny(unfamiliar=1.5, features=slow)
