"""The NumPy reference against what torchaudio computed (see record_torchaudio.py)."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from codegen.feature_spec import FeatureSpec
from codegen.log_mel import log_mel
from tests.features.record_torchaudio import FFT, HIGH, HOP, LOW, MELS, PRE_EMPHASIS, RATE, RECORDED, WINDOW

SIZES = {
    "sample_rate_hz": RATE, "window_length": WINDOW, "hop_length": HOP, "fft_size": FFT, "mel_bins": MELS,
    "low_hz": LOW, "high_hz": HIGH, "context_frames": 1, "stride_frames": 1,
}  # fmt: skip


def ours(recorded: np.lib.npyio.NpzFile, **settings: object) -> np.ndarray:
    return log_mel(recorded["samples"], FeatureSpec.unnormalised(**SIZES, **settings))


@pytest.fixture
def recorded() -> np.lib.npyio.NpzFile:
    return np.load(RECORDED)


@pytest.mark.parametrize(("scale", "norm"), [("htk", "none"), ("slaney", "slaney")])
def test_mel_spectrogram(recorded: np.lib.npyio.NpzFile, scale: str, norm: str) -> None:
    theirs = np.log(recorded[f"mel_{scale}"] + 1e-6)
    np.testing.assert_allclose(ours(recorded, mel_scale=scale, mel_norm=norm), theirs, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("emphasis", {"pre_emphasis": PRE_EMPHASIS}),
        ("dc", {"dc_removal": True}),
        ("both", {"pre_emphasis": PRE_EMPHASIS, "dc_removal": True}),
    ],
)
def test_kaldi_frames(recorded: np.lib.npyio.NpzFile, name: str, settings: dict[str, object]) -> None:
    """Kaldi's triangles are straight in mel, ours in hertz: librosa's on Kaldi's power spectrum. Bin 0 is in none."""
    triangles = librosa.filters.mel(
        sr=RATE, n_fft=FFT, n_mels=MELS, fmin=LOW, fmax=HIGH, htk=True, norm=None, dtype=np.float64
    )
    assert not triangles[:, 0].any()
    theirs = np.log(np.exp(recorded[f"kaldi_{name}"]) @ triangles.T + 1e-6)
    np.testing.assert_allclose(ours(recorded, **settings), theirs, atol=1e-5)
    assert np.abs(ours(recorded) - theirs).max() > 1e-2, "the settings change something"
