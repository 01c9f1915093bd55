"""The front end without floating point: against the NumPy reference, and the same bytes on every core."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codegen.boards import load_board
from codegen.errors import FeatureSpecError
from codegen.feature_reference import fit_normalisation
from codegen.feature_spec import FeatureSpec
from codegen.features_code import render_features
from codegen.log_mel import log_mel
from tests.features.front_ends import SPECS, reference_frames, reference_windows, signals, spec, write_front_end
from tests.features.specs import specs
from tests.projects import write_sums_project
from tinyser.emulator import host, qemu
from tinyser.emulator.build import find_tool, run_tool
from tinyser.emulator.project_folder import Project, load_project

PER_FRAME = [name for name, wanted in SPECS.items() if wanted.normalisation != "utterance"]
BROADBAND = ("noise", "quiet noise", "silence", "full-scale square", "impulse")
# Of libgcc and libc: 64-bit products and shifts, divisions, moving memory.
INTEGER_HELPERS = {"__aeabi_lmul", "__aeabi_llsl", "__aeabi_llsr", "__aeabi_lasr", "__aeabi_idiv", "__aeabi_uidiv"}
MEMORY_HELPERS = {"memcpy", "memmove", "memset"}


@pytest.fixture
def project_for(tmp_path: Path, require_tool: Callable[..., None]) -> Callable[[FeatureSpec], Project]:
    """A folder with nothing but features/ in fixed point, as a Project."""
    require_tool("gcc")
    return lambda wanted: write_front_end(tmp_path, wanted, "fixed")


def fitted(wanted: FeatureSpec, pcm: np.ndarray) -> FeatureSpec:
    return fit_normalisation(wanted, [log_mel(pcm, wanted)])


def assert_close(got: np.ndarray, expected: np.ndarray, *, largest: int = 1, equal: float = 0.99) -> None:
    assert got.shape == expected.shape
    difference = np.abs(got.astype(int) - expected)
    assert difference.max() <= largest
    assert np.mean(difference == 0) > equal


@pytest.mark.parametrize("name", PER_FRAME)
def test_frames_equal_the_numpy_reference(name: str, project_for: Callable[[FeatureSpec], Project]) -> None:
    pcm = np.concatenate([signals()[kind] for kind in BROADBAND])
    frames = host.feature_frames(project_for(SPECS[name]), pcm)
    assert_close(frames, reference_frames(pcm, SPECS[name]), equal=0.995)


@pytest.mark.parametrize("settings", [{}, {"mfcc": 13, "deltas": 2}])
def test_windows_of_an_utterance(settings: dict[str, int], project_for: Callable[[FeatureSpec], Project]) -> None:
    """With statistics of that kind of sound: rows are kept in 16 bits of what the corpus reaches."""
    noise = signals()["noise"]
    pcm = (noise * (1.1 + np.sin(np.arange(len(noise)) / 900))).astype(np.int16)
    wanted = fitted(spec(normalisation="utterance", **settings), pcm)
    assert_close(host.feature_windows(project_for(wanted), pcm), reference_windows(pcm, wanted))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=specs())
def test_any_spec_equals_the_numpy_reference(
    wanted: FeatureSpec, tmp_path_factory: pytest.TempPathFactory, require_tool: Callable[..., None]
) -> None:
    require_tool("gcc")
    pcm = np.concatenate([signals(4000)[kind] for kind in ("noise", "silence", "chirp", "impulse")])
    # Frames a few samples apart hardly differ: slopes and running deviations are then rounding noise, which
    # normalisation blows up to whole steps; so it is with "utterance" in silence. PCEN that hardly compresses exceeds
    # 32 bits.
    wanted = replace(
        wanted,
        hop_length=max(wanted.hop_length, wanted.window_length // 4, 16),
        pcen_gain=max(wanted.pcen_gain, 0.5),
        pcen_power=min(wanted.pcen_power, 0.7),
        normalisation="running" if wanted.normalisation == "utterance" else wanted.normalisation,
    )
    try:
        wanted = fitted(wanted, pcm)
        project = write_front_end(tmp_path_factory.mktemp("any"), wanted, "fixed")
    except FeatureSpecError:  # a triangle between two FFT bins
        return
    expected = reference_frames(pcm, project.need_features())
    assert_close(host.feature_frames(project, pcm), expected, largest=2, equal=0.97)


def test_a_coefficient_that_the_lifter_takes_away(project_for: Callable[[FeatureSpec], Project]) -> None:
    """1 + sin(3 pi / 2) is 0: all weights of the third coefficient are."""
    pcm = signals()["noise"]
    wanted = fitted(spec(mfcc=3, lifter=2), pcm)
    frames = host.feature_frames(project_for(wanted), pcm)
    assert_close(frames, reference_frames(pcm, wanted), equal=0.98)


@pytest.mark.parametrize("kind", ["sine", "chirp", "most negative"])
def test_tones_equal_the_numpy_reference(kind: str, project_for: Callable[[FeatureSpec], Project]) -> None:
    """100 dB below a full-scale tone, the FFT's own rounding is heard."""
    pcm = signals()[kind]
    frames = host.feature_frames(project_for(SPECS["default"]), pcm)
    assert_close(frames, reference_frames(pcm, SPECS["default"]), equal=0.9)


@pytest.mark.parametrize("floor", [1e-20, 3e-9, 1e-6, 0.02, 1.0])
def test_silence_is_the_floor(floor: float, project_for: Callable[[FeatureSpec], Project]) -> None:
    wanted, pcm = spec(log_floor=floor), signals()["silence"]
    np.testing.assert_array_equal(host.feature_frames(project_for(wanted), pcm), reference_frames(pcm, wanted))


@pytest.mark.parametrize("corpus", ["emodb", "ravdess"])
@pytest.mark.parametrize("settings", [{}, {"mfcc": 13, "lifter": 22, "deltas": 2}, {"compression": "pcen"}])
def test_speech_equals_the_numpy_reference(
    corpus: str,
    settings: dict[str, object],
    data_dir: Path,
    project_for: Callable[[FeatureSpec], Project],
    require_module: Callable[..., None],
) -> None:
    require_module("soundfile")
    from tinyser.features.audio import read_audio

    pcm = np.concatenate([read_audio(path).samples for path in sorted((data_dir / corpus).rglob("*.flac"))[::150]])
    wanted = fitted(spec(**settings), pcm)
    assert_close(host.feature_frames(project_for(wanted), pcm), reference_frames(pcm, wanted), equal=0.995)


@st.composite
def hard_sounds(draw: st.DrawFn) -> np.ndarray:
    """int16 (samples,): stretches of anything, from silence to squares at full scale, with odd lengths."""
    random = np.random.default_rng(draw(st.integers(0, 999)))
    parts = []
    for _ in range(draw(st.integers(1, 6))):
        samples = draw(st.integers(1, 1500))
        level = draw(st.sampled_from([0, 1, 2, 100, 5000, 32767]))
        values = {
            "constant": np.full(samples, draw(st.sampled_from([-1, 1])) * level),
            "lowest": np.full(samples, -32768),
            "noise": random.integers(-level - 1, level + 1, samples),
            "alternating": np.where(np.arange(samples) // draw(st.integers(1, 300)) % 2, level, -level - 1),
            "impulses": np.where(random.random(samples) < 0.005, -level - 1, 0),
        }
        parts.append(values[draw(st.sampled_from(sorted(values)))])
    return np.concatenate([*parts, np.zeros(500)]).astype(np.int16)


@pytest.mark.parametrize("name", ["odd sizes", "everything", "utterance, mfcc, deltas"])
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pcm=hard_sounds())
def test_no_sound_is_undefined_behaviour(
    name: str, pcm: np.ndarray, project_for: Callable[[FeatureSpec], Project]
) -> None:
    project = project_for(SPECS[name])
    checked = host.feature_windows(project, pcm, sanitize=True)
    np.testing.assert_array_equal(checked, host.feature_windows(project, pcm))


@pytest.mark.parametrize("name", SPECS)
def test_compilers_and_chunks_agree(
    name: str, project_for: Callable[[FeatureSpec], Project], require_tool: Callable[..., None]
) -> None:
    require_tool("clang")
    project = project_for(SPECS[name])
    pcm = np.concatenate(list(signals(2000).values()))
    windows = host.feature_windows(project, pcm)
    np.testing.assert_array_equal(host.feature_windows(project, pcm, compiler="clang"), windows)
    if name in PER_FRAME:
        frames = host.feature_frames(project, pcm)
        np.testing.assert_array_equal(host.feature_frames(project, pcm, chunk=13, compiler="clang"), frames)


@pytest.mark.parametrize("cpu", ["cortex-m0plus", "cortex-m3"])
@pytest.mark.parametrize("name", SPECS)
def test_it_holds_no_float_and_little_ram(
    name: str, cpu: str, project_for: Callable[[FeatureSpec], Project], require_tool: Callable[..., None]
) -> None:
    """Nothing is called but integer helpers; warnings that the board's flags leave out are errors here."""
    require_tool("arm-none-eabi-gcc")
    wanted, board = SPECS[name], replace(load_board("mps2-an385"), cpu=cpu)
    project = project_for(wanted)
    (project.folder / "state.c").write_text('#include "ser_features.h"\nser_features_t state;\n')
    compiler = [find_tool("arm-none-eabi-gcc"), *board.c_flags, "-Wconversion", "-Wshadow", "-Ifeatures"]
    assert f"-mcpu={cpu}" in compiler
    sources = [*project.portable_sources, "state.c"]
    run_tool([*compiler, "-nostdlib", "-r", *sources, "-o", "features.o"], project.folder)
    undefined = run_tool(["arm-none-eabi-nm", "-u", "features.o"], project.folder).split()
    assert set(undefined) - {"U"} <= MEMORY_HELPERS | (INTEGER_HELPERS if cpu != "cortex-m3" else set())
    size = run_tool(["arm-none-eabi-nm", "-S", "features.o"], project.folder)
    (state,) = (int(line.split()[1], 16) for line in size.splitlines() if line.endswith(" state"))
    ring = wanted.context_frames * wanted.features * (2 if wanted.normalisation == "utterance" else 1)
    if wanted.fft_size <= 1024:
        assert state - ring <= 6 * 1024


def test_float_would_be_noticed(
    project_for: Callable[[FeatureSpec], Project], require_tool: Callable[..., None]
) -> None:
    """A test of the test above."""
    require_tool("arm-none-eabi-gcc")
    project = project_for(SPECS["default"])
    source = project.folder / "features/ser_rows.c"
    source.write_text(source.read_text().replace("features[index] -", "(int32_t)((float)features[index] * 1.5f) -", 1))
    compiler = [find_tool("arm-none-eabi-gcc"), *load_board("mps2-an385").c_flags, "-Ifeatures"]
    run_tool([*compiler, "-c", "features/ser_rows.c", "-o", "rows.o"], project.folder)
    assert "__aeabi_fmul" in run_tool(["arm-none-eabi-nm", "-u", "rows.o"], project.folder)


@pytest.mark.parametrize("board, cpu", [("mps2-an385", "cortex-m0plus"), ("mps2-an385", None), ("mps2-an386", None)])
def test_the_same_bytes_on_every_core(
    board: str, cpu: str | None, tmp_path: Path, require_tool: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Cortex-M3 runs code for a Cortex-M0+; the timer's assembly is the board's own."""
    require_tool("gcc", "arm-none-eabi-gcc", "qemu-system-arm")
    project = load_project(write_sums_project(tmp_path / "project", board, arithmetic="fixed"))
    if cpu:
        monkeypatch.setattr(qemu, "board_of", lambda _: replace(load_board(board), cpu=cpu))
    pcm = np.concatenate([signals(4000)[kind] for kind in ("noise", "chirp", "full-scale square")])
    emulated, expected = qemu.classify(project, pcm), host.classify(project, pcm)
    np.testing.assert_array_equal(emulated.emulation.outputs, expected.emulation.outputs)


@pytest.mark.parametrize("table", ["taper", "twiddles", "split_twiddles", "rising_weights", "means", "gains"])
def test_a_wrong_table_is_seen(table: str, project_for: Callable[[FeatureSpec], Project]) -> None:
    """A test of the tests: some wrong numbers must not pass for equal."""
    project = project_for(SPECS["default"])
    tables = project.folder / "features/ser_features_tables.c"
    before, array = tables.read_text().split(f"ser_features_{table}[", 1)
    declared, numbers = array.split("{", 1)
    tables.write_text(f"{before}ser_features_{table}[{declared}{{{'1, ' * 40}{numbers.split(',', 40)[-1]}")
    pcm = signals()["noise"]
    frames = host.feature_frames(project, pcm)
    assert np.mean(frames == reference_frames(pcm, SPECS["default"])) < 0.99


def test_only_what_the_spec_uses_is_emitted() -> None:
    text = "".join(render_features(SPECS["default"], 0.03, 0, "/* test */", arithmetic="fixed").values()).lower()
    for word in ("pcen_", "cepstrum_", "delta_", "variance", "level", "norm_", "scaled_exp", "scaled_multiply"):
        assert word not in text, word


def test_the_most_extreme_statistics(project_for: Callable[[FeatureSpec], Project]) -> None:
    """Means and deviations that no corpus has, as far as a specification may have them, give defined results."""
    for normalisation in ("corpus", "running"):
        ordinary = SPECS["default"]
        wanted = replace(ordinary, normalisation=normalisation, mean=(1e6, -1e6) * 20, std=(1e-6, 1e6) * 20)
        frames = host.feature_frames(project_for(wanted), signals()["noise"], sanitize=True)
        assert frames.shape == (48, 40)
