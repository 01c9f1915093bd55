"""The NumPy reference against librosa, the context rule against its own words, and reading of recordings."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from codegen.errors import DataError, FeatureSpecError
from codegen.feature_reference import fit_normalisation, normalise
from codegen.feature_spec import FeatureSpec
from codegen.feature_tables import mel_matrix, window
from codegen.log_mel import log_mel
from tinyser.features.audio import read_audio
from tinyser.features.context import clip_windows, context_windows

SCALES = ("htk", "slaney")


def make_spec(**settings: object) -> FeatureSpec:
    return FeatureSpec.unnormalised(**{"context_frames": 20, "stride_frames": 5, **settings})


def noise(samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 3000, samples).astype(np.int16)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(
    ("mels", "low", "high", "fft"), [(40, 20, 8000, 512), (64, 0, 7600, 1024), (26, 300, 4000, 512)]
)
def test_filterbank_is_librosas(scale: str, mels: int, low: float, high: float, fft: int) -> None:
    ours = mel_matrix(make_spec(mel_scale=scale, mel_bins=mels, low_hz=low, high_hz=high, fft_size=fft))
    theirs = librosa.filters.mel(
        sr=16000, n_fft=fft, n_mels=mels, fmin=low, fmax=high, htk=scale == "htk", norm=None, dtype=np.float64
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


@pytest.mark.parametrize("norm", ["none", "slaney"])
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("taper", ["hann", "hamming"])
def test_log_mel_is_librosas(norm: str, scale: str, taper: str) -> None:
    spec = make_spec(mel_scale=scale, mel_norm=norm, window=taper)
    pcm = noise(16000)
    # librosa centres a window shorter than the FFT: shifted by half the difference, its frames are ours.
    shift = (spec.fft_size - spec.window_length) // 2
    power = librosa.feature.melspectrogram(
        y=np.pad(pcm / 32768.0, shift),
        sr=spec.sample_rate_hz,
        n_fft=spec.fft_size,
        win_length=spec.window_length,
        hop_length=spec.hop_length,
        window=taper,
        center=False,
        n_mels=spec.mel_bins,
        fmin=spec.low_hz,
        fmax=spec.high_hz,
        htk=scale == "htk",
        norm=None if norm == "none" else norm,
    )
    ours = log_mel(pcm, spec)
    assert ours.shape == (98, 40)
    np.testing.assert_allclose(ours, np.log(power.T + spec.log_floor), atol=1e-5)


def test_wrong_window_would_be_noticed() -> None:
    pcm = noise(4000)
    difference = log_mel(pcm, make_spec(window="hann")) - log_mel(pcm, make_spec(window="hamming"))
    assert np.abs(difference).max() > 1e-2


def test_window_is_periodic() -> None:
    spec = make_spec()
    assert window(spec)[0] == 0 and window(spec)[200] == 1


def test_blocks_join_without_a_seam() -> None:
    pcm = noise(160 * 4200)
    spec = make_spec()
    start = 4090
    np.testing.assert_array_equal(log_mel(pcm, spec)[start:], log_mel(pcm[start * 160 :], spec))


def test_float_samples_are_scaled_pcm() -> None:
    pcm = noise(2000)
    np.testing.assert_array_equal(log_mel(pcm, make_spec()), log_mel(pcm / 32768.0, make_spec()))


def test_clip_shorter_than_a_window_is_one_window_of_padding() -> None:
    spec = make_spec()
    assert log_mel(noise(399), spec).shape == (0, 40)
    np.testing.assert_array_equal(clip_windows(noise(399), spec), np.zeros((1, 20, 40)))


def test_normalised_features_have_mean_0_and_std_1() -> None:
    features = [log_mel(noise(16000, seed), make_spec()) for seed in range(3)]
    spec = fit_normalisation(make_spec(), features)
    together = np.concatenate([normalise(part, spec) for part in features])
    np.testing.assert_allclose(together.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(together.std(axis=0), 1, atol=1e-5)


@given(frames=st.integers(0, 90), context=st.integers(1, 30), data=st.data())
def test_context_rule(frames: int, context: int, data: st.DataObject) -> None:
    stride = data.draw(st.integers(1, context))
    spec = FeatureSpec.unnormalised(mel_bins=1, context_frames=context, stride_frames=stride)
    clip = np.arange(1, frames + 1, dtype=np.float32)[:, None]
    windows = context_windows(clip, spec)[:, :, 0]
    assert windows.shape[1] == context
    if frames <= context:
        np.testing.assert_array_equal(windows, [[0] * (context - frames) + list(range(1, frames + 1))])
        return
    assert windows[0, 0] == 1 and windows[-1, -1] == frames, "the first and the last frame are seen"
    np.testing.assert_array_equal(np.diff(windows, axis=1), 1)
    steps = np.diff(windows[:, -1])
    assert (steps[:-1] == stride).all() and (steps[-1:] <= stride).all()


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros((10, 2), np.int16), "downmix to mono"),
        (np.zeros(10, np.int32), "int16 or floats"),
        (np.array([0.0, np.nan]), r"samples\[1\]: got nan, allowed are numbers in -1..1"),
        (np.array([-np.inf, 0.0], np.float32), r"samples\[0\]: got -inf"),
        (np.array([0.0, 1e200]), r"samples\[1\]: got 1e\+200"),
    ],
)
def test_unusable_samples(samples: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        log_mel(samples, make_spec())


def test_no_frames_to_normalise_with() -> None:
    with pytest.raises(DataError, match="no frames"):
        fit_normalisation(make_spec(), [np.zeros((0, 40), np.float32)])


def test_too_many_mel_bins_for_the_fft() -> None:
    with pytest.raises(FeatureSpecError, match="covers no bin"):
        mel_matrix(make_spec(mel_bins=200))


def test_pcm16_is_read_exactly(tmp_path: Path) -> None:
    pcm = noise(1000)
    for name in ("clip.wav", "clip.flac"):
        soundfile.write(tmp_path / name, pcm, 16000, subtype="PCM_16")
        recording = read_audio(tmp_path / name)
        np.testing.assert_array_equal(recording.samples, pcm)
        assert recording.notes == ()


def test_stereo_at_another_rate_is_converted_with_notes(tmp_path: Path) -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(44100) / 44100)
    soundfile.write(tmp_path / "clip.wav", np.stack([tone, tone], axis=1) * 0.5, 44100)
    recording = read_audio(tmp_path / "clip.wav")
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    np.testing.assert_allclose(recording.samples[100:-100] / 32768, expected[100:-100], atol=2e-3)
    assert recording.seconds == 1.0
    assert [word in note for word, note in zip(("mono", "44100"), recording.notes, strict=True)] == [True, True]


def test_missing_recording(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_audio(tmp_path / "absent.wav")


def test_text_is_no_recording(tmp_path: Path) -> None:
    (tmp_path / "clip.wav").write_text("not audio")
    with pytest.raises(DataError, match="not a readable recording"):
        read_audio(tmp_path / "clip.wav")


def test_empty_recording(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "clip.wav", np.zeros(0), 16000)
    with pytest.raises(DataError, match="holds no samples"):
        read_audio(tmp_path / "clip.wav")
