"""The second half of the NumPy reference, from log-mel on, against librosa."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from codegen.feature_reference import normalise, raw_features
from codegen.feature_spec import FeatureSpec
from codegen.feature_tables import smoothing
from codegen.log_mel import log_mel
from tinyser.features.context import clip_windows, context_windows, log_mel_windows


def make_spec(**settings: object) -> FeatureSpec:
    return FeatureSpec.unnormalised(**{"context_frames": 20, "stride_frames": 5, **settings})


@pytest.fixture(scope="module")
def clip() -> np.ndarray:
    """Log-mel of noise that grows louder, (98, 40)."""
    noise = np.random.default_rng(0).normal(0, 1, 16000) * np.geomspace(1e-3, 0.3, 16000)
    return log_mel(noise, make_spec())


@pytest.mark.parametrize(("count", "lifter"), [(13, 0), (13, 22), (40, 7)])
def test_mfcc(clip: np.ndarray, count: int, lifter: int) -> None:
    theirs = librosa.feature.mfcc(S=clip.T.astype(np.float64), n_mfcc=count, lifter=lifter).T
    np.testing.assert_allclose(raw_features(clip, make_spec(mfcc=count, lifter=lifter)), theirs, atol=1e-5)


def test_pcen(clip: np.ndarray) -> None:
    spec = make_spec(compression="pcen", pcen_gain=0.8, pcen_bias=10.0, pcen_power=0.25, pcen_seconds=0.06)
    mel = np.exp(clip.T.astype(np.float64)) - spec.log_floor
    share = smoothing(spec.pcen_seconds, spec)
    theirs = librosa.pcen(
        mel, sr=16000, hop_length=160, gain=0.8, bias=10.0, power=0.25, time_constant=0.06, eps=1e-6,
        zi=(1 - share) * mel[:, :1],
    )  # fmt: skip
    np.testing.assert_allclose(raw_features(clip, spec), theirs.T, atol=1e-5)


@pytest.mark.parametrize("order", [1, 2])
def test_deltas_are_librosas_two_frames_later(clip: np.ndarray, order: int) -> None:
    found = raw_features(clip, make_spec(deltas=order))[:, 40 * order :]
    theirs = librosa.feature.delta(clip.T.astype(np.float64), width=5, order=order).T
    np.testing.assert_allclose(found[4:], theirs[2:-2], atol=1e-5)


def test_before_the_first_frame_it_is_repeated(clip: np.ndarray) -> None:
    spec = make_spec(deltas=2)
    repeated = np.concatenate([clip[:1]] * 9 + [clip[1:]])
    np.testing.assert_allclose(raw_features(clip, spec), raw_features(repeated, spec)[8:], atol=1e-12)


def test_mfccs_then_their_deltas(clip: np.ndarray) -> None:
    spec = make_spec(mfcc=13, deltas=1)
    found = raw_features(clip, spec)
    assert found.shape == (98, spec.features) == (98, 26)
    theirs = librosa.feature.delta(librosa.feature.mfcc(S=clip.T.astype(np.float64), n_mfcc=13), width=5).T
    np.testing.assert_allclose(found[4:, 13:], theirs[2:-2], atol=1e-5)


def test_running_statistics_of_a_long_stream_are_weighted_sums(clip: np.ndarray) -> None:
    spec = make_spec(normalisation="running", running_seconds=0.5, mel_bins=40)
    share, frame = smoothing(0.5, spec), 60
    seen = clip[: frame + 1].astype(np.float64)
    weights = share * (1 - share) ** np.arange(frame, -1, -1)
    start = (1 - share) ** (frame + 1)  # weight of the corpus, of mean 0 and std 1
    mean = weights @ seen
    variance = weights @ (seen - mean) ** 2 + start * (1 + mean**2)
    np.testing.assert_allclose(normalise(clip, spec)[frame], (seen[-1] - mean) / np.sqrt(variance), atol=1e-5)


def test_utterance_statistics_are_those_of_each_window(clip: np.ndarray) -> None:
    windows = log_mel_windows(clip, make_spec(normalisation="utterance"))
    np.testing.assert_allclose(windows.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(windows.std(axis=1), 1, atol=1e-5)
    short = log_mel_windows(clip[:7], make_spec(normalisation="utterance"))
    assert (short[0, :-7] == 0).all()
    np.testing.assert_allclose(short[0, -7:].std(axis=0), 1, atol=1e-5)


@pytest.mark.parametrize("normalisation", ["corpus", "running", "utterance"])
@pytest.mark.parametrize("compression", ["log", "pcen"])
@pytest.mark.parametrize("value", [0, 12000, -32768])
def test_silence_and_offsets_give_finite_features(normalisation: str, compression: str, value: int) -> None:
    spec = make_spec(normalisation=normalisation, compression=compression, deltas=2, dc_removal=True)
    assert np.isfinite(clip_windows(np.full(8000, value, np.int16), spec)).all()


@pytest.mark.parametrize("samples", [0, 1, 399])
def test_less_than_a_window_is_padding(samples: int) -> None:
    spec = make_spec(compression="pcen", mfcc=13, deltas=2, normalisation="running")
    np.testing.assert_array_equal(clip_windows(np.ones(samples, np.int16), spec), np.zeros((1, 20, 39)))
    assert context_windows(np.zeros((0, 39), np.float32), spec).shape == (1, 20, 39)
