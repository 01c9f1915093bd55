"""The generated C front end against the NumPy reference, and against itself under other chunks and compilers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.feature_spec import FeatureSpec
from codegen.features_code import render_features
from codegen.render import template_text
from tests.projects import SPEC, write_sums_project
from tinyser.emulator import host, qemu
from tinyser.emulator.inputs import quantize
from tinyser.emulator.project_folder import Project, TensorEntry, load_project
from tinyser.features.log_mel import clip_windows, log_mel, normalise

SAMPLES = 8000
SCALE, ZERO_POINT = 0.031, -5


def spec(**settings: object) -> FeatureSpec:
    bins = int(settings.get("mel_bins", 40))  # type: ignore[call-overload]
    mean = tuple(-6.0 + 0.05 * k for k in range(bins))
    std = tuple(3.0 + 0.03 * k for k in range(bins))
    return FeatureSpec(**{"mean": mean, "std": std, "context_frames": 30, "stride_frames": 10, **settings})  # type: ignore[arg-type]


SPECS = {
    "default": spec(),
    "hamming, slaney, 1024 points": spec(
        window="hamming", mel_scale="slaney", window_length=640, hop_length=320, fft_size=1024
    ),
    "64 points": spec(window_length=50, hop_length=50, fft_size=64, mel_bins=8, low_hz=100.0, high_hz=7000.0),
    "odd sizes": spec(window_length=401, hop_length=7, fft_size=512, mel_bins=23, low_hz=0.0),
    "one mel bin": spec(window_length=2048, hop_length=2048, fft_size=2048, mel_bins=1),
}


def signals() -> dict[str, np.ndarray]:
    time = np.arange(SAMPLES) / 16000
    noise = np.random.default_rng(1).standard_normal(SAMPLES)
    square = np.where(np.sin(2 * np.pi * 125 * time) >= 0, 32767, -32768)
    chirp = 12000 * np.sin(2 * np.pi * (100 + 3000 * time) * time)
    return {
        "noise": (3000 * noise).astype(np.int16),
        "quiet noise": noise.astype(np.int16),
        "sine": (20000 * np.sin(2 * np.pi * 440 * time)).astype(np.int16),
        "chirp": chirp.astype(np.int16),
        "silence": np.zeros(SAMPLES, np.int16),
        "full-scale square": square.astype(np.int16),
        "most negative": np.full(SAMPLES, -32768, np.int16),
        "impulse": np.eye(1, SAMPLES, 1000, dtype=np.int16)[0] * 32767,
    }


@pytest.fixture
def project_for(tmp_path: Path, require_tool: Callable[..., None]) -> Callable[[FeatureSpec], Project]:
    """A folder with nothing but features/, as a Project."""
    require_tool("gcc")

    def make(wanted: FeatureSpec) -> Project:
        for name, text in render_features(wanted, SCALE, ZERO_POINT, "/* test */").items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)
        (tmp_path / "features/ser_status.h").write_text(template_text("model/ser_status.h"))
        entry = TensorEntry("features", (1, wanted.context_frames, wanted.mel_bins), "int8", SCALE, ZERO_POINT, 1)
        return Project(tmp_path, "direct", "host", 0, (entry,), (), None, wanted, 0, 0, 0, (), (), ("features",), ())

    return make


def reference(pcm: np.ndarray, wanted: FeatureSpec) -> np.ndarray:
    entry = TensorEntry("features", (), "int8", SCALE, ZERO_POINT, 1)
    return quantize(normalise(log_mel(pcm, wanted), wanted), entry)


@pytest.mark.parametrize("name", SPECS)
def test_frames_equal_the_numpy_reference(name: str, project_for: Callable[[FeatureSpec], Project]) -> None:
    wanted = SPECS[name]
    project = project_for(wanted)
    pcm = np.concatenate(list(signals().values()))
    frames = host.feature_frames(project, pcm)
    expected = reference(pcm, wanted)
    assert frames.shape == expected.shape
    difference = np.abs(frames.astype(int) - expected)
    # float32 against float64: a value next to a rounding boundary may fall on its other side.
    assert difference.max() <= 1
    assert np.mean(difference == 0) > 0.998


def test_each_signal_equals_the_numpy_reference(project_for: Callable[[FeatureSpec], Project]) -> None:
    project = project_for(SPECS["default"])
    for name, pcm in signals().items():
        difference = np.abs(host.feature_frames(project, pcm).astype(int) - reference(pcm, SPECS["default"]))
        assert difference.max() <= 1, name
        # A loud tone leaves the rounding noise of a float32 FFT in bins that are silent otherwise.
        assert np.mean(difference == 0) > (0.98 if name in ("sine", "chirp") else 0.998), name


def test_speech_equals_the_numpy_reference(
    data_dir: Path, project_for: Callable[[FeatureSpec], Project], require_module: Callable[..., None]
) -> None:
    require_module("soundfile")
    from tinyser.features.audio import read_audio

    project = project_for(SPECS["default"])
    recordings = sorted((data_dir / "emodb").rglob("*.flac"))[::100]
    assert recordings
    for path in recordings:
        pcm = read_audio(path).samples
        difference = host.feature_frames(project, pcm).astype(int) - reference(pcm, SPECS["default"])
        assert np.abs(difference).max() <= 1, path.name
        assert np.mean(difference == 0) > 0.9995, path.name


@pytest.mark.parametrize("chunk", [1, 7, 159, 161, 399, 400, 401, 100_000])
def test_chunking_never_changes_a_byte(chunk: int, project_for: Callable[[FeatureSpec], Project]) -> None:
    project = project_for(SPECS["default"])
    pcm = signals()["noise"][:3000]
    np.testing.assert_array_equal(host.feature_frames(project, pcm, chunk=chunk), host.feature_frames(project, pcm))


@pytest.mark.parametrize("samples", [1, 399, 400, 559, 560])
def test_number_of_frames(samples: int, project_for: Callable[[FeatureSpec], Project]) -> None:
    frames = host.feature_frames(project_for(SPECS["default"]), np.ones(samples, np.int16))
    assert len(frames) == SPECS["default"].frame_count(samples)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_sanitizers_and_compilers_agree(
    compiler: str, project_for: Callable[[FeatureSpec], Project], require_tool: Callable[..., None]
) -> None:
    require_tool(compiler)
    project = project_for(SPECS["odd sizes"])
    pcm = signals()["chirp"]
    checked = host.feature_frames(project, pcm, chunk=13, sanitize=True, compiler=compiler)
    np.testing.assert_array_equal(checked, host.feature_frames(project, pcm))


def test_a_wrong_table_is_seen(project_for: Callable[[FeatureSpec], Project]) -> None:
    """A test of the tests: half a window's taper changed must not pass for equal."""
    project = project_for(SPECS["default"])
    tables = project.folder / "features/ser_features_tables.c"
    text = tables.read_text()
    position = text.index("{", text.index("ser_features_twiddles")) + 1
    tables.write_text(f"{text[:position]} 0.9f, {text[position:].split(',', 1)[1]}")
    frames = host.feature_frames(project, signals()["noise"])
    assert np.mean(frames == reference(signals()["noise"], SPECS["default"])) < 0.9


@pytest.mark.parametrize("samples", [0, 300, 2000, 5199, 5200, 5201, 6800, 9000, 16_123])
def test_context_rule_on_the_desktop(samples: int, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    """Windows that the C classifier runs equal those that Python cuts, for clips around every limit."""
    require_tool("gcc")
    from tests.projects import expected_sums

    project = load_project(write_sums_project(tmp_path / "project"))
    pcm = (3000 * np.random.default_rng(samples).standard_normal(samples)).astype(np.int16)
    windows = host.feature_windows(project, pcm)
    assert len(windows) == len(clip_windows(pcm, SPEC))
    expected = expected_sums(windows)
    result = host.classify(project, pcm)
    np.testing.assert_array_equal(result.emulation.outputs, expected)
    posteriors = (expected.mean(axis=0) + 128) / 256
    np.testing.assert_allclose(result.posteriors, posteriors, atol=1e-6)
    assert result.decision == int(np.argmax(expected.sum(axis=0, dtype=int)))


@pytest.mark.parametrize("board", ["mps2-an385", "mps2-an386", "mps2-an500"])
def test_a_clip_gives_the_same_bytes_on_a_cortex_m(
    board: str, tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    """With and without a floating-point unit."""
    require_tool("gcc", "arm-none-eabi-gcc", "qemu-system-arm")
    project = load_project(write_sums_project(tmp_path / "project", board))
    pcm = signals()["chirp"]
    emulated, expected = qemu.classify(project, pcm), host.classify(project, pcm)
    np.testing.assert_array_equal(emulated.emulation.outputs, expected.emulation.outputs)
    assert emulated.posteriors == expected.posteriors
    assert emulated.decision == expected.decision
    assert emulated.labels == ("anger", "joy", "calm")
