"""The generated C front end against the NumPy reference, and against itself under other chunks and compilers."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings

from codegen.boards import load_board
from codegen.errors import DataError, FeatureSpecError
from codegen.feature_spec import FeatureSpec
from codegen.features_code import render_features
from tests.features.front_ends import SPECS, reference_frames, reference_windows, signals, spec, write_front_end
from tests.features.specs import specs
from tests.projects import SPEC, write_sums_project
from tinyser.emulator import host, qemu
from tinyser.emulator.build import find_tool, run_tool
from tinyser.emulator.project_folder import Project, load_project
from tinyser.features.context import clip_windows

PER_FRAME = [name for name, wanted in SPECS.items() if wanted.normalisation != "utterance"]


@pytest.fixture
def project_for(tmp_path: Path, require_tool: Callable[..., None]) -> Callable[[FeatureSpec], Project]:
    """A folder with nothing but features/, as a Project."""
    require_tool("gcc")
    return lambda wanted: write_front_end(tmp_path, wanted)


@pytest.mark.parametrize("name", PER_FRAME)
def test_frames_equal_the_numpy_reference(name: str, project_for: Callable[[FeatureSpec], Project]) -> None:
    pcm = np.concatenate(list(signals().values()))
    frames = host.feature_frames(project_for(SPECS[name]), pcm)
    expected = reference_frames(pcm, SPECS[name])
    assert frames.shape == expected.shape
    difference = np.abs(frames.astype(int) - expected)
    # float32 against float64: a value next to a rounding boundary may fall on its other side.
    assert difference.max() <= 1
    assert np.mean(difference == 0) > 0.999


@pytest.mark.parametrize("name", ["default", "everything", "utterance", "utterance, mfcc, deltas"])
def test_windows_equal_the_numpy_reference(name: str, project_for: Callable[[FeatureSpec], Project]) -> None:
    """Noise: beside a loud pure tone, `utterance` would divide rounding noise by its own deviation."""
    project = project_for(SPECS[name])
    for pcm in (signals()["noise"], signals()["quiet noise"][:2000]):
        difference = np.abs(host.feature_windows(project, pcm).astype(int) - reference_windows(pcm, SPECS[name]))
        assert difference.max() <= 1
        assert np.mean(difference == 0) > 0.998


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=specs())
def test_any_spec_equals_the_numpy_reference(
    wanted: FeatureSpec, tmp_path_factory: pytest.TempPathFactory, require_tool: Callable[..., None]
) -> None:
    """But `utterance`, which may divide rounding noise by its own deviation."""
    require_tool("gcc")
    assume(wanted.normalisation != "utterance")
    pcm = np.concatenate([signals(4000)[name] for name in ("noise", "silence", "chirp", "impulse")])
    try:
        project = write_front_end(tmp_path_factory.mktemp("any"), wanted)
    except FeatureSpecError:  # a triangle between two FFT bins
        return
    difference = np.abs(host.feature_frames(project, pcm).astype(int) - reference_frames(pcm, wanted))
    assert difference.max() <= 1
    assert np.mean(difference == 0) > 0.99


def test_each_signal_equals_the_numpy_reference(project_for: Callable[[FeatureSpec], Project]) -> None:
    project = project_for(SPECS["default"])
    for name, pcm in signals().items():
        difference = np.abs(host.feature_frames(project, pcm).astype(int) - reference_frames(pcm, SPECS["default"]))
        assert difference.max() <= 1, name
        # A loud tone leaves the rounding noise of a float32 FFT in bins that are silent otherwise.
        assert np.mean(difference == 0) > (0.98 if name in ("sine", "chirp") else 0.998), name


@pytest.mark.parametrize("corpus", ["emodb", "ravdess"])
def test_speech_equals_the_numpy_reference(
    corpus: str, data_dir: Path, project_for: Callable[[FeatureSpec], Project], require_module: Callable[..., None]
) -> None:
    require_module("soundfile")
    from tinyser.features.audio import read_audio

    project = project_for(SPECS["default"])
    recordings = sorted((data_dir / corpus).rglob("*.flac"))[::150]
    assert recordings
    for path in recordings:
        pcm = read_audio(path).samples
        difference = host.feature_frames(project, pcm).astype(int) - reference_frames(pcm, SPECS["default"])
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
@pytest.mark.parametrize("name", ["odd sizes", "everything", "utterance, mfcc, deltas"])
def test_sanitizers_and_compilers_agree(
    name: str, compiler: str, project_for: Callable[[FeatureSpec], Project], require_tool: Callable[..., None]
) -> None:
    """Over every signal, the bad ones too: no undefined behaviour, the same bytes."""
    require_tool(compiler)
    project = project_for(SPECS[name])
    pcm = np.concatenate(list(signals(2000).values()))
    checked = host.feature_windows(project, pcm, sanitize=True, compiler=compiler)
    np.testing.assert_array_equal(checked, host.feature_windows(project, pcm))


def test_a_wrong_table_is_seen(project_for: Callable[[FeatureSpec], Project]) -> None:
    """A test of the tests: one wrong number in the window must not pass for equal."""
    project = project_for(SPECS["default"])
    tables = project.folder / "features/ser_features_tables.c"
    text = tables.read_text()
    position = text.index("{", text.index("ser_features_taper")) + 1
    tables.write_text(f"{text[:position]} 0.9f, {text[position:].split(',', 1)[1]}")
    frames = host.feature_frames(project, signals()["noise"])
    assert np.mean(frames == reference_frames(signals()["noise"], SPECS["default"])) < 0.9


@pytest.mark.parametrize("name", SPECS)
def test_it_needs_no_library_and_little_ram(
    name: str, project_for: Callable[[FeatureSpec], Project], require_tool: Callable[..., None]
) -> None:
    """Besides moving memory, nothing is called, and without an FPU single precision alone."""
    require_tool("arm-none-eabi-gcc")
    wanted = SPECS[name]
    project = project_for(wanted)
    (project.folder / "state.c").write_text('#include "ser_features.h"\nser_features_t state;\n')
    for board, arithmetic in (("mps2-an386", ""), ("mps2-an385", "|__aeabi_(u?i2f|f.*)")):
        flags = [*load_board(board).c_flags, "-Wconversion", "-Wshadow", "-Ifeatures", "-nostdlib", "-r"]
        sources = [*project.portable_sources, "state.c"]
        run_tool([find_tool("arm-none-eabi-gcc"), *flags, *sources, "-o", "features.o"], project.folder)
        undefined = set(run_tool(["arm-none-eabi-nm", "-u", "features.o"], project.folder).split()) - {"U"}
        assert all(re.fullmatch("mem(cpy|move|set)" + arithmetic, symbol) for symbol in undefined), undefined
    size = run_tool(["arm-none-eabi-nm", "-S", "features.o"], project.folder)
    (state,) = (int(line.split()[1], 16) for line in size.splitlines() if line.endswith(" state"))
    ring = wanted.context_frames * wanted.features * (4 if wanted.normalisation == "utterance" else 1)
    if wanted.fft_size <= 512:
        assert state - ring <= 6 * 1024


def test_only_what_the_spec_uses_is_emitted() -> None:
    """No table, no member, no function of what is switched off."""
    words = ("pcen", "cepstrum", "delta_frames", "slopes", "variance", "level", "mel_scales", "exponential", "root")
    for name, all_used in (("default", False), ("everything", True)):
        text = "".join(render_features(SPECS[name], 0.03, 0, "").values())
        code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL).lower()
        assert all((word in code) == all_used for word in words)


ELEMENTARY_C = """
#include "ser_elementary.h"
#include <stdio.h>
int main(void)
{
    float value;
    while (fread(&value, sizeof value, 1, stdin) == 1) {
        const float positive = value < 0.0f ? -value : value;
        const float results[3] = {ser_natural_logarithm(positive), ser_exponential(value),
                                  ser_inverse_square_root(positive)};
        fwrite(results, sizeof results, 1, stdout);
    }
    return 0;
}
"""


def test_elementary_functions_keep_their_bounds(project_for: Callable[[FeatureSpec], Project]) -> None:
    folder = project_for(SPECS["everything"]).folder
    (folder / "elementary.c").write_text(ELEMENTARY_C)
    run_tool([find_tool("gcc"), *load_board("host").c_flags, "-Ifeatures", "elementary.c", "-o", "elementary"], folder)
    random = np.random.default_rng(0)
    near_one = 1 + 0.01 * random.standard_normal(50_000)
    values = np.concatenate([random.uniform(-80, 80, 50_000), near_one, np.exp(random.uniform(-80, 4, 50_000))])
    values = values.astype(np.float32)
    done = subprocess.run([folder / "elementary"], input=values.tobytes(), capture_output=True, check=True)
    logarithm, exponential, root = np.frombuffer(done.stdout, np.float32).reshape(-1, 3).T.astype(np.float64)
    exact = values.astype(np.float64)
    expected = np.log(np.abs(exact))
    assert np.max(np.abs(logarithm - expected) / np.spacing(np.maximum(np.abs(expected), 1).astype(np.float32))) < 2
    assert np.max(np.abs(exponential / np.exp(exact) - 1)) < 3e-7
    assert np.max(np.abs(root * np.sqrt(np.abs(exact)) - 1)) < 3e-7


def test_cmsis_dsp_in_fixed_point() -> None:
    with pytest.raises(
        DataError, match=r"^--fft: got cmsis-dsp, an FFT in float32, with features in fixed point, allowed is own"
    ):
        render_features(SPECS["default"], 0.03, 0, "", arithmetic="fixed", fft="cmsis-dsp")


def test_a_triangle_between_two_bins() -> None:
    with pytest.raises(FeatureSpecError, match="covers no bin of a 64-point FFT"):
        render_features(spec(window_length=64, hop_length=64, fft_size=64), 0.03, 0, "")


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
    project = load_project(write_sums_project(tmp_path / "project", board, arithmetic="float"))
    pcm = signals()["chirp"]
    emulated, expected = qemu.classify(project, pcm), host.classify(project, pcm)
    np.testing.assert_array_equal(emulated.emulation.outputs, expected.emulation.outputs)
    assert emulated.posteriors == expected.posteriors
    assert emulated.decision == expected.decision
    assert emulated.labels == ("anger", "joy", "calm")
