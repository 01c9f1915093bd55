"""Folders with nothing but a generated front end, signals to feed it, and what the NumPy reference says to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from codegen.feature_reference import normalise, raw_features
from codegen.feature_spec import FeatureSpec
from codegen.features_code import feature_sources, render_features
from codegen.log_mel import log_mel
from codegen.render import template_text
from tinyser.emulator.inputs import quantize
from tinyser.emulator.project_folder import Project, TensorEntry
from tinyser.features.context import clip_windows

SAMPLES = 8000
SCALE, ZERO_POINT = 0.031, -5


def spec(**settings: object) -> FeatureSpec:
    """A spec with the statistics of a made-up corpus."""
    plain = FeatureSpec.unnormalised(**{"context_frames": 30, "stride_frames": 10, **settings})
    mean = tuple(-6.0 + 0.05 * k for k in range(plain.features))
    std = tuple(3.0 + 0.03 * k for k in range(plain.features))
    return FeatureSpec(**plain.settings(), mean=mean, std=std)


SPECS = {
    "default": spec(),
    "hamming, slaney, 1024 points": spec(
        window="hamming", mel_scale="slaney", mel_norm="slaney", window_length=640, hop_length=320, fft_size=1024
    ),
    "64 points": spec(window_length=50, hop_length=50, fft_size=64, mel_bins=8, low_hz=100.0, high_hz=7000.0),
    "128 points": spec(window_length=100, hop_length=50, fft_size=128, mel_bins=12),
    "256 points, half empty": spec(window_length=100, hop_length=50, fft_size=256, mel_bins=20),
    "4096 points": spec(window_length=4096, hop_length=1000, fft_size=4096),
    "odd sizes": spec(window_length=401, hop_length=7, fft_size=512, mel_bins=23, low_hz=0.0),
    "one mel bin": spec(window_length=2048, hop_length=2048, fft_size=2048, mel_bins=1),
    "dc removal": spec(dc_removal=True),
    "pre-emphasis": spec(pre_emphasis=0.97),
    "kaldi": spec(dc_removal=True, pre_emphasis=0.97, window_length=401, window="hamming"),
    "mfcc": spec(mfcc=13, lifter=22),
    "deltas": spec(deltas=1),
    "mfcc, deltas of deltas": spec(mfcc=13, deltas=2),
    "pcen": spec(compression="pcen"),
    "running": spec(normalisation="running"),
    "running, slowly": spec(normalisation="running", running_seconds=100.0),
    # Each frame counts alike up to the 1019th, the corpus' statistics standing for 1000.
    "running, 10.2 seconds, deltas": spec(normalisation="running", running_seconds=10.2, deltas=1),
    "utterance": spec(normalisation="utterance"),
    "utterance, mfcc, deltas": spec(normalisation="utterance", mfcc=13, deltas=2, context_frames=100),
    "everything": spec(
        dc_removal=True,
        pre_emphasis=0.5,
        mel_norm="slaney",
        compression="pcen",
        mfcc=20,
        lifter=9,
        deltas=2,
        normalisation="running",
    ),
}


def signals(samples: int = SAMPLES) -> dict[str, np.ndarray]:
    """int16 (samples,) each, of 16 kHz: speech-like, quiet, tonal, and bad."""
    time = np.arange(samples) / 16000
    noise = np.random.default_rng(1).standard_normal(samples)
    square = np.where(np.sin(2 * np.pi * 125 * time) >= 0, 32767, -32768)
    chirp = 12000 * np.sin(2 * np.pi * (100 + 3000 * time) * time)
    return {
        "noise": (3000 * noise).astype(np.int16),
        "quiet noise": noise.astype(np.int16),
        "sine": (20000 * np.sin(2 * np.pi * 440 * time)).astype(np.int16),
        "chirp": chirp.astype(np.int16),
        "silence": np.zeros(samples, np.int16),
        "full-scale square": square.astype(np.int16),
        "most negative": np.full(samples, -32768, np.int16),
        "impulse": np.eye(1, samples, 1000, dtype=np.int16)[0] * 32767,
    }


def write_front_end(folder: Path, wanted: FeatureSpec, arithmetic: str = "float", fft: str = "own") -> Project:
    """`features/` in `folder`, as a Project."""
    code = {"arithmetic": arithmetic, "fft": fft}
    for name, text in render_features(wanted, SCALE, ZERO_POINT, "/* test */", **code).items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text)
    (folder / "features/ser_status.h").write_text(template_text("model/ser_status.h"))
    shape = (1, wanted.context_frames, wanted.features)
    entry = TensorEntry("features", shape, "int8", SCALE, ZERO_POINT, wanted.context_frames * wanted.features)
    sources = feature_sources(**code)
    inputs, include_dirs = (entry,), ("features",)
    return Project(folder, "direct", "host", 0, inputs, (), None, wanted, 0, 0, 0, sources, (), include_dirs, (), fft)


def reference_frames(pcm: np.ndarray, wanted: FeatureSpec) -> np.ndarray:
    """int8 (frames, features); not with normalisation `utterance`."""
    return quantized(normalise(raw_features(log_mel(pcm, wanted), wanted), wanted))


def reference_windows(pcm: np.ndarray, wanted: FeatureSpec) -> np.ndarray:
    """int8 (windows, context_frames * features)."""
    windows = clip_windows(pcm, wanted)
    return quantized(windows.reshape(len(windows), -1))


def quantized(features: np.ndarray) -> np.ndarray:
    return quantize(features, TensorEntry("features", (), "int8", SCALE, ZERO_POINT, 1))
