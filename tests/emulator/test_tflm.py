"""The real TensorFlow Lite Micro interpreter as an emulator and as the measure of the arena."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import load_board
from codegen.errors import ToolError, UnsupportedOperatorError
from codegen.model_card import ModelCard
from codegen.ops import OPERATORS
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import parse_tflite, read_tflite
from codegen.tflm_runtime import RESOLVER_METHODS, render_tflm
from tests.projects import INPUT, LABELS, SPEC, sums_model, write_sums_project
from tests.tflite_builder import ModelBuilder
from tinyser.emulator import host, tflm
from tinyser.emulator.tflm_arena import MARGIN, SMALLEST_MARGIN_BYTES, ArenaSize, measure_arena

# TFLM's own figure for its 32-bit target is the least that a 64-bit desktop can need.
ARENA_USED_ON_CORTEX_M4 = {"micro_speech": 6788, "windowed": 125_460}


@pytest.mark.parametrize("name", ARENA_USED_ON_CORTEX_M4)
def test_arena_and_outputs(name: str, bench_dir: Path, tmp_path: Path, require_module: Callable[..., None]) -> None:
    require_module("tflite_micro")
    model = read_tflite(bench_dir / f"{name}.tflite")
    arena = measure_arena(model)
    assert ARENA_USED_ON_CORTEX_M4[name] <= arena.measured_bytes < 1.3 * ARENA_USED_ON_CORTEX_M4[name]
    options = ProjectOptions(board=load_board("host"), runtime="tflm")
    folder = generate_project(model, options, tmp_path / "project", arena.recommended_bytes).folder
    inputs = np.load(bench_dir / f"{name}.input.npy")
    result = tflm.run(folder, inputs.reshape(len(inputs), -1))
    expected = np.load(bench_dir / f"{name}.expected.npy")
    np.testing.assert_array_equal(result.outputs, expected.reshape(len(expected), -1))
    assert result.arena_bytes == arena.measured_bytes


def flat_model() -> bytes:
    """(1, 30, 16) -> RESHAPE -> FULLY_CONNECTED -> SOFTMAX -> (1, 3), with features and labels in its card."""
    builder = ModelBuilder()
    given = builder.tensor("features", INPUT.shape, scale=1 / 32, zero_point=-5)
    flat = builder.tensor("flat", (1, INPUT.size), scale=1 / 32, zero_point=-5)
    shape = builder.constant("shape", [1, INPUT.size])
    data = np.random.default_rng(3).integers(-127, 128, (3, INPUT.size))
    weights = builder.tensor("weights", (3, INPUT.size), scale=0.001, data=data)
    logits = builder.tensor("logits", (1, 3), scale=0.05, zero_point=3)
    output = builder.tensor("posteriors", (1, 3), scale=1 / 256, zero_point=-128)
    builder.op("RESHAPE", [given, shape], [flat], new_shape=[1, INPUT.size])
    builder.op("FULLY_CONNECTED", [flat, weights], [logits])
    builder.op("SOFTMAX", [logits], [output], beta=1.0)
    card = ModelCard(name="flat", labels=LABELS, features=SPEC)
    return builder.build([given], [output], {"TINYSER": card.dumps().encode()})


@pytest.mark.parametrize("runtime", ["direct", "tflm"])
@pytest.mark.parametrize("samples", [3000, 9000])
def test_a_recording_equals_the_generated_c(
    runtime: str,
    samples: int,
    tmp_path: Path,
    require_tool: Callable[..., None],
    require_module: Callable[..., None],
) -> None:
    """The same windows, bytes and decision from the interpreter as from the direct runtime."""
    require_tool("gcc")
    require_module("tflite_micro")
    model = parse_tflite(flat_model())
    board = load_board("host")
    folder = generate_project(model, ProjectOptions(board=board, runtime=runtime), tmp_path / "one", 8192).folder
    direct = generate_project(model, ProjectOptions(board=board), tmp_path / "two").folder
    pcm = (3000 * np.random.default_rng(samples).standard_normal(samples)).astype(np.int16)
    result, expected = tflm.classify(folder, pcm), host.classify(direct, pcm)
    np.testing.assert_array_equal(result.emulation.outputs, expected.emulation.outputs)
    assert len(np.unique(result.emulation.outputs)) > 2
    np.testing.assert_allclose(result.posteriors, expected.posteriors, atol=1e-6)
    assert result.decision == expected.decision


def test_the_measured_arena_is_the_smallest(bench_dir: Path, require_module: Callable[..., None]) -> None:
    require_module("tflite_micro")
    from tinyser.emulator.tflm_child import ARENA_STEP, _runs

    model = read_tflite(bench_dir / "micro_speech.tflite")
    measured = measure_arena(model).measured_bytes
    assert _runs(model.content, measured)
    assert not _runs(model.content, measured - ARENA_STEP)


@pytest.mark.parametrize("measured", [16, 7584, 73_376, 1_000_000])
def test_margin(measured: int) -> None:
    arena = ArenaSize(measured)
    assert arena.recommended_bytes % 16 == 0
    assert 0 <= arena.margin_bytes - max(SMALLEST_MARGIN_BYTES, int(measured * MARGIN)) < 16


def test_a_model_that_tflm_refuses_is_a_message(tmp_path: Path, require_module: Callable[..., None]) -> None:
    require_module("tflite_micro")
    with pytest.raises(ToolError, match=r"model sums in TensorFlow Lite Micro: .*"):
        measure_arena(sums_model())


def test_host_cannot_build_an_interpreter_project(bench_dir: Path, tmp_path: Path) -> None:
    model = read_tflite(bench_dir / "micro_speech.tflite")
    options = ProjectOptions(board=load_board("host"), runtime="tflm")
    folder = generate_project(model, options, tmp_path / "project", 8192).folder
    with pytest.raises(ToolError, match="runtime tflm links to your own .*'--on tflm', or .*--runtime direct"):
        host.run(folder, np.zeros((1, 1960), np.int8))


def test_resolver_has_exactly_the_operators(bench_dir: Path) -> None:
    model = read_tflite(bench_dir / "convtransformer.tflite")
    source = str(render_tflm(model, 8192, "/* test */").files["model/ser_model_tflm.cc"])
    for operator, method in RESOLVER_METHODS.items():
        assert (f"resolver.{method}() != kTfLiteOk" in source) == (operator in model.operators)
    assert f"kOperatorCount = {len(model.operators)};" in source


def test_every_operator_of_a_file_has_a_resolver_method() -> None:
    not_in_tflm = {"GELU"}
    assert {name for name in OPERATORS if name.isupper()} - set(RESOLVER_METHODS) == not_in_tflm


def test_an_operator_without_resolver_is_refused() -> None:
    from dataclasses import replace

    model = replace(sums_model(), operators={"NO_SUCH_OPERATOR": 1})
    with pytest.raises(UnsupportedOperatorError, match="NO_SUCH_OPERATOR has no .* allowed: .*use --runtime direct"):
        render_tflm(model, 1024, "/* test */")


def test_missing_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ToolError, match=r"tflite-micro: not installed .*pip install 'tinyser\[emulate\]'"):
        tflm.run(write_sums_project(tmp_path / "project"), np.zeros((1, INPUT.size), np.int8))
