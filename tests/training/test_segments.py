"""Segments of long recordings, and utterances that are decided together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from rich.console import Console

from codegen.errors import DataError
from codegen.feature_spec import FeatureSpec
from codegen.log_mel import log_mel
from tests.corpora.interviews import DEV_SCORES, write_corpus
from tests.corpora.noise import record
from tinyser.corpora import load_corpus
from tinyser.features.cache import FeatureCache
from tinyser.training.dataset import Clips, load_fold
from tinyser.training.loop import judge
from tinyser.training.metrics import vote
from tinyser.training.run import train
from tinyser.training.settings import TrainSettings

SPEC = FeatureSpec.unnormalised(mel_bins=8, context_frames=10, stride_frames=4)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return record(tmp_path / "long.wav", seconds=2)


@pytest.mark.parametrize(("start", "end"), [(0.5, 1.0), (0.0, 0.3), (1.25, None), (1.9, 60.0)])
def test_features_of_a_segment(recording: Path, tmp_path: Path, start: float, end: float | None) -> None:
    samples, _ = soundfile.read(recording, dtype="int16")
    expected = log_mel(samples[round(16000 * start) : None if end is None else round(16000 * end)], SPEC)
    cache = FeatureCache(SPEC, tmp_path / "cache")
    assert np.array_equal(cache.load(recording, start, end), expected)
    assert np.array_equal(FeatureCache(SPEC, tmp_path / "cache").load(recording, start, end), expected)
    assert np.array_equal(cache.load(recording), log_mel(samples, SPEC)), "not the segment's"


def test_segments_are_kept_apart_and_read_again_from_disk(recording: Path, tmp_path: Path) -> None:
    cache = FeatureCache(SPEC, tmp_path / "cache")
    segments = [(0.0, None), (0.0, 0.5), (0.5, 1.0), (0.5, None)]
    first = [cache.load(recording, *segment) for segment in segments]
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.npy")}
    assert len(files) == 4
    again = FeatureCache(SPEC, tmp_path / "cache")
    assert all(np.array_equal(again.load(recording, *s), array) for s, array in zip(segments, first, strict=True))
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.npy")} == files


def test_a_recording_of_many_segments_has_one_note(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "slow.wav", np.zeros(16000), 8000)
    cache = FeatureCache(SPEC, tmp_path / "cache")
    for start in (0.0, 0.5, 1.0):
        cache.load(tmp_path / "slow.wav", start, start + 0.5)
    assert cache.notes == ["slow.wav: resampled from 8000 to 16000 Hz"]


@pytest.mark.parametrize(
    ("start", "end", "asked"), [(2.5, 3.0, "2.500 s to 3.000 s"), (7.0, None, "7.000 s to its end")]
)
def test_segment_beyond_the_recording(
    recording: Path, tmp_path: Path, start: float, end: float | None, asked: str
) -> None:
    with pytest.raises(DataError, match=rf"long\.wav: got a segment from {asked}, allowed is 0\.\.2\.000 s"):
        FeatureCache(SPEC, tmp_path / "cache").load(recording, start, end)


def test_vote() -> None:
    posteriors = np.array(
        [
            *([0.6, 0.4], [0.6, 0.4], [0.0, 1.0]),  # two against one, though the mean says the other
            *([0.9, 0.1], [0.4, 0.6]),  # a tie, which the mean breaks
            *([0.1, 0.9], [0.6, 0.4]),
            [0.3, 0.7],
        ]
    )
    found = vote(posteriors, np.array([0, 0, 0, 1, 1, 2, 2, 3]))
    assert found.argmax(axis=1).tolist() == [0, 0, 1, 1]
    assert found[0].tolist() == pytest.approx([(2 + 0.4) / 4, (1 + 0.6) / 4])
    assert found.sum(axis=1) == pytest.approx(np.ones(4))


def test_groups_are_judged_as_one() -> None:
    nothing = tuple(np.zeros((1, 8), np.float32) for _ in range(5))
    per_clip = torch.tensor([[0.6, 0.4], [0.1, 0.9], [0.6, 0.4], [0.2, 0.8], [0.1, 0.9]])
    alone = Clips(nothing, (0, 1, 0, 1, 0), tuple("abaca"), SPEC)
    together = Clips(nothing, alone.labels, alone.speakers, SPEC, groups=(0, 1, 0, 2, 0))
    assert judge(per_clip, alone, ("x", "y")).confusion == [[2, 1], [0, 2]]
    figures = judge(per_clip, together, ("x", "y"))
    assert figures.confusion == [[1, 0], [0, 2]] and figures.clips == 3


def test_fold_of_interviews(tmp_path: Path) -> None:
    corpus = load_corpus("daic-woz", write_corpus(tmp_path))
    data = load_fold(corpus, 0, SPEC, Console(quiet=True))
    assert data.test.groups == (0, 0, 1, 1, 2, 2, 3, 3)
    # Turns of 1.5 and 3.25 s.
    assert [len(array) for array in data.test.log_mels[:2]] == [148, 323]
    assert not np.array_equal(data.test.log_mels[0], data.test.log_mels[2])


def test_training_is_judged_by_participant(tiny: Callable[..., TrainSettings], tmp_path: Path) -> None:
    settings = tiny(corpus="daic-woz", data=write_corpus(tmp_path / "data"), epochs=1, batch_size=9)
    metrics = train(settings, Console(quiet=True)).metrics
    assert metrics["test"]["clips"] == len(DEV_SCORES) and metrics["validation"]["clips"] == 3
    assert metrics["labels"] == ["not depressed", "depressed"]
