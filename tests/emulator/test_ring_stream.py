"""A stream whose frames lie in the model's input: it gives TFLM's bytes for what the features computed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import load_board
from codegen.ir import Model
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import read_tflite
from codegen.stream_spec import StreamSpec
from tests.reference_runtimes import run_tflm
from tinyser.emulator import host, qemu
from tinyser.emulator.project_folder import Project, load_project

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "spoken.tflite"
STRIDE = 13  # frames; no divisor of the blocks that the model reads, nor of its context
EVERYTHING = StreamSpec(stride_frames=STRIDE, gate_dbfs=None)


@pytest.fixture(scope="module")
def model(require_tool: Callable[..., None], require_module: Callable[..., None]) -> Model:
    require_tool("gcc")
    require_module("tflite_micro")
    return read_tflite(EXAMPLE)


def project_for(board: str, model: Model, folder: Path) -> Project:
    generate_project(model, ProjectOptions(board=load_board(board), arithmetic="float", stream=EVERYTHING), folder)
    project = load_project(folder)
    assert "#define SER_MODEL_INPUT_RING_ROWS" in (folder / "model" / "ser_model.h").read_text()
    return project


def sound(project: Project) -> np.ndarray:
    """Swelling noise, a little over two contexts long, so that the ring is overwritten twice."""
    spec = project.need_features()
    samples = spec.hop_length * (2 * spec.context_frames + 30)
    swell = 4000 * (1.1 + np.sin(np.arange(samples) / 3000))
    return (swell * np.random.default_rng(0).standard_normal(samples)).clip(-32768, 32767).astype(np.int16)


def expected_outputs(model: Model, project: Project, pcm: np.ndarray) -> np.ndarray:
    """TFLM's outputs for the windows that end every STRIDE frames, rows before the first frame at the zero point."""
    spec, given = project.need_features(), model.graph.tensors[model.graph.inputs[0]]
    frames = host.feature_frames(project, pcm)
    padded = np.pad(frames, ((spec.context_frames, 0), (0, 0)), constant_values=given.zero_point)
    ends = range(STRIDE, len(frames) + 1, STRIDE)
    windows = [padded[end : end + spec.context_frames].reshape(given.shape) for end in ends]
    return np.stack([output.ravel() for (output,) in run_tflm(model.content, [[window] for window in windows])])


def test_stream(model: Model, tmp_path: Path) -> None:
    project = project_for("host", model, tmp_path / "project")
    pcm = sound(project)
    expected = expected_outputs(model, project, pcm)
    assert len(np.unique(expected, axis=0)) > len(expected) // 2
    for chunks in (None, [1, 7, 150]):
        result = host.stream(project, pcm, chunks=chunks, sanitize=True)
        np.testing.assert_array_equal(result.emulation.outputs, expected)


def test_clips(model: Model, tmp_path: Path) -> None:
    """Windows in the ring give what they give when each is written whole."""
    project = project_for("host", model, tmp_path / "project")
    pcm = sound(project)
    for length in (len(pcm), len(pcm) // 3):
        windows = host.feature_windows(project, pcm[:length])
        expected = host.run(project, windows).outputs
        np.testing.assert_array_equal(host.classify(project, pcm[:length]).emulation.outputs, expected)


def test_the_same_in_qemu(model: Model, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    project = project_for("mps2-an386", model, tmp_path / "project")
    pcm = sound(project)
    emulated = qemu.stream(project, pcm)
    np.testing.assert_array_equal(emulated.emulation.outputs, expected_outputs(model, project, pcm))
