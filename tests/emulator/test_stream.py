"""Streams on the desktop and in QEMU: against the same rules in Python, in any chunks, under sanitizers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codegen.boards import load_board
from codegen.stream_spec import StreamSpec, stream_numbers
from tests.projects import INPUT, LABELS, OUTPUT, SPEC, SUMS_C, expected_sums, write_sums_project
from tinyser.emulator import host, qemu
from tinyser.emulator.emulation import StreamState
from tinyser.emulator.project_folder import Project, load_project

RATE = SPEC.sample_rate_hz
HOP = SPEC.hop_length
NOTHING = StreamState(0, 0, False, None, None)
STREAMS = {
    "default": StreamSpec(),
    "every frame": StreamSpec(stride_frames=1, smoothing_seconds=0.03, margin=0.02, hold_inferences=3),
    "as it comes": StreamSpec(stride_frames=7, smoothing_seconds=0, margin=0, hold_inferences=1, gate_dbfs=None),
    "quick gate": StreamSpec(stride_frames=4, gate_dbfs=-20, gate_seconds=0.005, smoothing_seconds=10),
}


def sound() -> np.ndarray:
    """Noise, near silence on an offset, a tone, digital silence, a full-scale square wave, an offset alone."""
    random, time = np.random.default_rng(3), np.arange(12000)
    square = np.where(np.sin(2 * np.pi * 125 * time / RATE) >= 0, 32767, -32768)
    parts = [
        3000 * random.standard_normal(12000),
        5 * random.standard_normal(14000) + 800,
        8000 * np.sin(0.1 * time),
        np.zeros(12000),
        square,
        np.full(12000, -32768),
    ]
    return np.concatenate(parts).astype(np.int16)


def quiet_frames(pcm: np.ndarray, power: int) -> list[bool]:
    """Of each frame, whether its new samples without their running mean are below `power` in the mean square."""
    offset, squares = int(pcm[0]) * 1024, []
    for sample in pcm.tolist():
        squares.append((sample - int(offset / 1024)) ** 2)
        offset += int((sample * 1024 - offset) / 1024)
    ends = range(SPEC.window_length, len(pcm) + 1, HOP)
    heard = [squares[max(0, end - HOP) if end > SPEC.window_length else 0 : end] for end in ends]
    return [sum(part) < power * len(part) for part in heard]


class Decider:
    """Smoothing and hysteresis by the rules in app/ser_decision.h."""

    def __init__(self, stream: StreamSpec) -> None:
        self._numbers = stream_numbers(stream, SPEC)
        self._margin = round(stream.margin / OUTPUT.scale * 2**16)
        self.label: int | None = None
        self.forget()

    def forget(self) -> None:
        self.smoothed: list[int] | None = None
        self._leaders: list[int | None] = []

    def take(self, outputs: list[int]) -> None:
        target = [value << 16 for value in outputs]
        old = target if self.smoothed is None else self.smoothed
        weight = self._numbers.weight_q15
        self.smoothed = [a + int(weight * (b - a) / 32768) for a, b in zip(old, target, strict=True)]
        best = max(range(len(LABELS)), key=lambda label: (self.smoothed[label], label == self.label, -label))
        in_force = self.label is not None and self.label < len(LABELS)
        leads = not in_force or (best != self.label and self.smoothed[best] - self.smoothed[self.label] >= self._margin)
        self._leaders.append(best if leads else None)
        newest = self._leaders[-self._numbers.hold_inferences :]
        if newest == [best] * self._numbers.hold_inferences:
            self.label, self._leaders = best, []

    def posteriors(self) -> tuple[int, ...] | None:
        """Times 2^24: a step is 1/256, 0 lies at -128."""
        return None if self.smoothed is None else tuple(value + (128 << 16) for value in self.smoothed)


def expected_states(project: Project, stream: StreamSpec, pcm: np.ndarray) -> list[StreamState]:
    """States after each hop in which one changed."""
    frames, numbers = host.feature_frames(project, pcm), stream_numbers(stream, SPEC)
    padded = np.pad(frames, ((SPEC.context_frames, 0), (0, 0)), constant_values=INPUT.zero_point)
    outputs = expected_sums(np.stack([padded[i + 1 : i + 1 + SPEC.context_frames].ravel() for i in range(len(frames))]))
    decider, windows, quiet = Decider(stream), 0, 0
    states = [NOTHING]
    for index, is_quiet in enumerate(quiet_frames(pcm, numbers.gate_power)):
        quiet = quiet + 1 if is_quiet else 0
        silent = quiet >= numbers.gate_frames
        if silent:
            decider.forget()
            decider.label = len(LABELS)
        elif (index + 1) % numbers.stride_frames == 0:
            decider.take(outputs[index].tolist())
            windows += 1
        heard = min(-(-(SPEC.window_length + index * HOP) // HOP) * HOP, len(pcm))
        state = StreamState(heard, windows, silent, decider.label, decider.posteriors())
        if replace(state, samples=0) != replace(states[-1], samples=0):
            states.append(state)
    return states[1:]


@pytest.fixture(scope="module")
def project_of(tmp_path_factory: pytest.TempPathFactory, require_tool: Callable[..., None]) -> Callable[..., Project]:
    require_tool("gcc")
    made: dict[tuple[str, str, str], Project] = {}

    def project(name: str, board: str = "host", arithmetic: str = "auto") -> Project:
        key = (name, board, arithmetic)
        if key not in made:
            folder = tmp_path_factory.mktemp("stream") / "project"
            write_sums_project(folder, board, stream=STREAMS[name], arithmetic=arithmetic)
            made[key] = load_project(folder)
        return made[key]

    return project


@pytest.mark.parametrize("arithmetic", ["float", "fixed"])
@pytest.mark.parametrize("name", STREAMS)
def test_states_follow_the_rules(name: str, arithmetic: str, project_of: Callable[..., Project]) -> None:
    project = project_of(name, arithmetic=arithmetic)
    result = host.stream(project, sound(), sanitize=True)
    expected = expected_states(project, STREAMS[name], sound())
    assert list(result.states) == expected
    assert {state.silent for state in expected} == ({False} if STREAMS[name].gate_dbfs is None else {False, True})
    assert len({state.decision for state in expected}) > 2, "a stream that decides nothing tests nothing"
    assert len(result.emulation.outputs) == expected[-1].windows


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(st.one_of(st.just(1), st.integers(1, 20), st.integers(1, 5000)), min_size=1, max_size=6),
    arithmetic=st.sampled_from(["float", "fixed"]),
    name=st.sampled_from(["default", "quick gate"]),
)
def test_chunks_change_nothing(
    sizes: list[int], arithmetic: str, name: str, project_of: Callable[..., Project]
) -> None:
    """After any chunk the state is what it is when samples come one by one."""
    project, pcm = project_of(name, arithmetic=arithmetic), sound()[9000:35000]
    single = [NOTHING, *host.stream(project, pcm, chunks=[1]).states]
    for state in host.stream(project, pcm, chunks=sizes).states:
        latest = [one for one in single if one.samples <= state.samples][-1]
        assert replace(latest, samples=state.samples) == state


@pytest.mark.parametrize("board", ["mps2-an385", "mps2-an386"])
def test_the_same_bytes_on_a_cortex_m(
    board: str, project_of: Callable[..., Project], require_tool: Callable[..., None]
) -> None:
    """The M3 computes features in fixed point, the M4F in float32."""
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    arithmetic = "fixed" if board == "mps2-an385" else "float"
    pcm = sound()[6000:40000]
    emulated = qemu.stream(project_of("default", board), pcm)
    expected = host.stream(project_of("default", arithmetic=arithmetic), pcm)
    assert emulated.states == expected.states
    np.testing.assert_array_equal(emulated.emulation.outputs, expected.emulation.outputs)
    assert emulated.emulation.instructions_per_inference is not None


# What GCC calls for floating point on a core without it (Arm's run-time ABI); not __aeabi_div0 and its like.
FLOAT_CALLS = tuple(
    f"__aeabi_{name}"
    for name in ("fadd", "fsub", "fmul", "fdiv", "fcmp", "f2", "d2", "dadd", "dmul", "i2", "ui2", "l2", "ul2")
)


def undefined_symbols(folder: Path, sources: list[str], flags: list[str]) -> str:
    from tinyser.emulator.build import compile_objects, run_tool

    objects = compile_objects(load_project(folder), sources, "arm-none-eabi-gcc", flags)
    return run_tool(["arm-none-eabi-nm", "-u", *map(str, objects)], folder)


@pytest.mark.parametrize("core", ["cortex-m0plus", "cortex-m3"])
def test_the_classifier_needs_no_float(core: str, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("arm-none-eabi-gcc")
    folder = write_sums_project(tmp_path / "project", "mps2-an385")
    sources = [name for name in load_project(folder).portable_sources if name.startswith("app/ser_")]
    assert len(sources) == 6
    flags = [f"-mcpu={core}", "-mthumb", "-Os", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]
    symbols = undefined_symbols(folder, sources, flags)
    assert "ser_model_invoke" in symbols
    assert not [name for name in symbols.split() if name.startswith(FLOAT_CALLS)]


def test_a_firmware_in_fixed_point_has_no_float(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    """Nor has the emulator's job, so that what is counted is what is shipped."""
    require_tool("arm-none-eabi-gcc")
    from tinyser.emulator.build import run_tool

    symbols = {}
    for arithmetic in ("fixed", "float"):
        folder = write_sums_project(tmp_path / arithmetic, "mps2-an385", arithmetic=arithmetic)
        image = qemu.build_image(load_project(folder), load_board("mps2-an385"), tmp_path)
        symbols[arithmetic] = run_tool(["arm-none-eabi-nm", str(image)], tmp_path).split()
    assert [name for name in symbols["float"] if name.startswith(FLOAT_CALLS)]
    assert not [name for name in symbols["fixed"] if name.startswith(FLOAT_CALLS)]


# One of two labels, and quite sure: joy where the newest frames are loud.
LOUDNESS_C = SUMS_C.replace("sums[i] % 128", "(i == (sums[0] > 0 ? 1u : 0u) ? 127 : -128)").replace(
    "sums[i % SER_MODEL_OUTPUT_0_BYTES] += arena[i] * (int32_t)(1 + i % 5)", "sums[0] += arena[i]"
)


@pytest.mark.parametrize("name", ["default", "every frame"])
def test_latency_is_what_the_header_says(name: str, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    """From one emotion to another, from the start to a decision, from the last sound to silence."""
    require_tool("gcc")
    folder = write_sums_project(tmp_path / "project", "host", source=LOUDNESS_C, stream=STREAMS[name])
    noise = np.random.default_rng(0).standard_normal(3 * RATE)
    pcm = np.concatenate([60 * noise, 9000 * noise, 0 * noise]).astype(np.int16)
    states = host.stream(folder, pcm).states
    numbers = stream_numbers(STREAMS[name], SPEC)
    hop_ms = 1000 * HOP // RATE
    decided = {
        label: 1000 * next(state.samples for state in states if state.decision == label) // RATE for label in (0, 1, 3)
    }
    assert 0 <= decided[0] - numbers.first_ms <= hop_ms
    assert 3000 < decided[1] <= 3000 + numbers.change_ms + hop_ms
    assert decided[3] <= 6000 + (numbers.silence_ms or 0) + hop_ms
    settings_h = (folder / "app/ser_classifier_settings.h").read_text()
    shown = [value for key, value in asdict(numbers).items() if key.endswith("_ms")]
    assert all(f" {value}" in settings_h for value in shown)


def test_a_lead_below_the_margin_changes_nothing(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("gcc")
    close = LOUDNESS_C.replace("? 127 : -128", "? 10 : 0")
    noise = np.random.default_rng(0).standard_normal(3 * RATE)
    pcm = np.concatenate([60 * noise, 9000 * noise]).astype(np.int16)
    decisions = {}
    for margin in (0.03, 0.05):  # ten steps of 1/256 are 0.039
        stream = StreamSpec(margin=margin, smoothing_seconds=0)
        folder = write_sums_project(tmp_path / str(margin), "host", source=close, stream=stream)
        decisions[margin] = host.stream(folder, pcm).states[-1].decision
    assert decisions == {0.03: 1, 0.05: 0}
