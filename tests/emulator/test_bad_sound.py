"""Sound that no corpus holds: one line or a defined result, on the desktop under sanitizers and in QEMU."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from codegen.errors import DataError
from tests.projects import LABELS, write_sums_project
from tinyser.emulator import host, qemu
from tinyser.features.audio import read_audio

RATE = 16000
SAMPLES = 12000


def sounds() -> dict[str, np.ndarray]:
    time = np.arange(SAMPLES)
    return {
        "silence": np.zeros(SAMPLES),
        "positive offset": np.full(SAMPLES, 32767),
        "negative offset": np.full(SAMPLES, -32768),
        "slow square": np.where(time % 320 < 160, 32767, -32768),
        "fast square": np.where(time % 2 < 1, 32767, -32768),
        "impulse": np.where(time == 10000, -32768, 0),
        "one sample": np.array([32767]),
        "a sample less than a window": np.full(399, -1000),
    }


@pytest.mark.parametrize("arithmetic", ["float", "fixed"])
@pytest.mark.parametrize("name", sounds())
def test_results_are_defined(name: str, arithmetic: str, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    """No undefined behaviour; posteriors and a decision for a clip; the same state for samples one by one."""
    require_tool("gcc")
    folder = write_sums_project(tmp_path / "project", "host", arithmetic=arithmetic)
    pcm = sounds()[name].astype(np.int16)
    clip = host.classify(folder, pcm, sanitize=True)
    assert np.isfinite(clip.posteriors).all() and clip.decision in range(len(LABELS))
    stream = host.stream(folder, pcm, chunks=[1], sanitize=True)
    assert [state.decision for state in host.stream(folder, pcm, chunks=[len(pcm)]).states] in (
        [],
        [stream.states[-1].decision] if stream.states else [],
    )


@pytest.mark.parametrize(
    ("name", "gates"),
    [
        ("silence", [True]),
        ("positive offset", [True]),
        ("negative offset", [True]),
        ("slow square", []),
        ("fast square", []),
        ("impulse", [True, False]),
    ],
)
def test_what_the_gate_takes_for_silence(
    name: str, gates: list[bool], tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    """An offset of the microphone is silence; a click opens the gate."""
    require_tool("gcc")
    states = host.stream(write_sums_project(tmp_path / "project", "host"), sounds()[name].astype(np.int16)).states
    closed = [False, *(state.silent for state in states)]
    assert [after for before, after in itertools.pairwise(closed) if after != before] == gates


@pytest.mark.parametrize("board", ["mps2-an385", "mps2-an386"])
def test_the_same_on_a_cortex_m(board: str, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("gcc", "arm-none-eabi-gcc", "qemu-system-arm")
    folder = write_sums_project(tmp_path / "project", board)
    pcm = np.concatenate(list(sounds().values())).astype(np.int16)
    emulated, expected = qemu.stream(folder, pcm), host.stream(folder, pcm)
    assert emulated.states == expected.states
    np.testing.assert_array_equal(emulated.emulation.outputs, expected.emulation.outputs)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers(value: float, tmp_path: Path) -> None:
    samples = np.zeros((100, 2), np.float32)
    samples[7, 1] = value
    path = tmp_path / "clip.wav"
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    message = f"{path}: sample 7 is {value}, allowed are numbers in -1..1; mend the recording"
    with pytest.raises(DataError, match=re.escape(message)):
        read_audio(path)


def test_floats_beyond_full_scale_are_clipped_and_said(tmp_path: Path) -> None:
    path = tmp_path / "clip.wav"
    soundfile.write(path, np.array([0.5, 1.0, 1.5, -3e38, -1.0], np.float32), RATE, subtype="FLOAT")
    recording = read_audio(path)
    np.testing.assert_array_equal(recording.samples, [16384, 32767, 32767, -32768, -32768])
    assert recording.notes == ("clip.wav: 2 of 5 samples are beyond full scale and clipped",)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
@pytest.mark.parametrize("wanted", [8000, 16000, 48000])
def test_other_rates_become_the_features_rate(rate: int, wanted: int, tmp_path: Path) -> None:
    path = tmp_path / "clip.wav"
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate), rate, subtype="PCM_16")
    recording = read_audio(path, wanted)
    assert recording.seconds == 1.0 and len(recording.samples) == wanted
    spectrum = np.abs(np.fft.rfft(recording.samples))
    assert int(spectrum.argmax()) == 440
    assert recording.notes == (() if rate == wanted else (f"clip.wav: resampled from {rate} to {wanted} Hz",))


def test_stereo_of_opposite_phase_is_silence(tmp_path: Path) -> None:
    left = np.random.default_rng(0).uniform(-1, 1, 1000)
    soundfile.write(tmp_path / "clip.wav", np.stack([left, -left], axis=1), RATE, subtype="FLOAT")
    recording = read_audio(tmp_path / "clip.wav")
    assert not recording.samples.any()
    assert recording.notes == ("clip.wav: 2 channels mixed down to mono",)
