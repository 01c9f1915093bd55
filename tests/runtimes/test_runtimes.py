"""All runtimes answer alike, and a runtime that dies is a message."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import load_board
from codegen.errors import ModelFormatError, ToolError
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import read_tflite
from tests.converted import LABELS, Converted
from tinyser.convert.tflite_file import TfliteFile, read_tflite_file
from tinyser.runtimes import AudioRuntime, Runtime, integer_model
from tinyser.runtimes.generated_audio import GeneratedAudio
from tinyser.runtimes.onnx_model import OnnxRuntime
from tinyser.runtimes.tflite_reference import run_reference
from tinyser.runtimes.torch_model import TorchRuntime


@pytest.fixture(scope="module")
def model(model_files: Converted) -> TfliteFile:
    return read_tflite_file(model_files.tflite)


@pytest.fixture(scope="module")
def project(model_files: Converted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runtimes") / "project"
    options = ProjectOptions(board=load_board("mps2-an386"))
    return generate_project(read_tflite(model_files.tflite), options, out).folder


def test_int8_stages_give_equal_bytes(
    model_files: Converted, model: TfliteFile, project: Path, require_tool: Callable[..., None]
) -> None:
    require_tool("gcc", "arm-none-eabi-gcc", "qemu-system-arm")
    windows = np.load(model_files.calibration)[:4]
    runtimes: list[Runtime] = [
        integer_model.tflite_reference(model),
        integer_model.tflm(project, model),
        integer_model.generated_c_host(project, model),
        integer_model.generated_c_qemu(project, model),
    ]
    expected, *others = [runtime.run(windows) for runtime in runtimes]
    assert expected.integers is not None and len(np.unique(expected.integers)) > 2
    for answer in others:
        assert answer.integers is not None
        assert np.array_equal(answer.integers, expected.integers)
        assert np.array_equal(answer.posteriors, expected.posteriors)


def test_float_stages_agree_and_only_pytorch_gives_logits(model_files: Converted) -> None:
    windows = np.load(model_files.calibration)
    torch, onnx = TorchRuntime(model_files.checkpoint).run(windows), OnnxRuntime(model_files.onnx).run(windows)
    assert torch.posteriors.shape == onnx.posteriors.shape == (len(windows), len(LABELS))
    assert np.allclose(torch.posteriors, onnx.posteriors, atol=1e-5)
    assert torch.logits is not None and onnx.logits is None


def test_recordings_make_their_own_features(project: Path, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    """Two clips in one call give what `host.classify` gives for each."""
    import soundfile

    from tinyser.emulator import host

    require_tool("gcc")
    noise = np.random.default_rng(5).normal(0, 3000, 16000).astype(np.int16)
    clips = [tmp_path / "loud.wav", tmp_path / "faint.wav"]
    for path, pcm in zip(clips, (noise, noise[:9000] // 50), strict=True):
        soundfile.write(path, pcm, 16000, subtype="PCM_16")
    runtime = GeneratedAudio(project, {})
    assert isinstance(runtime, AudioRuntime)
    rows = runtime.classify(clips)
    assert np.allclose(rows[1], host.classify(project, noise[:9000] // 50).posteriors, atol=1e-6)
    assert not np.allclose(rows[0], rows[1], atol=1e-3)
    behind = GeneratedAudio(project, {clips[1]: clips[:1]}).classify(clips)
    np.testing.assert_array_equal(behind, rows)  # features of this model do not know what came before


def test_a_refusing_interpreter_is_one_message(model_files: Converted, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"TFLite: .*exit status"):
        run_reference(tmp_path / "missing.tflite", np.zeros((1, 4), np.int8))
    with pytest.raises(ToolError, match=r"TFLite: .*reshape"):
        run_reference(model_files.tflite, np.zeros((1, 4), np.int8))


def test_onnx_runtime_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(ModelFormatError, match=r"m\.onnx: cannot read it"):
        OnnxRuntime(tmp_path / "m.onnx")


def test_what_onnx_runtime_refuses_is_one_message(tmp_path: Path, model_files: Converted) -> None:
    """Windows of another shape than the file takes, in a child process."""
    with pytest.raises(ToolError, match=r"model\.onnx: ONNX Runtime: exit status 1: .*dimensions"):
        OnnxRuntime(model_files.onnx).run(np.zeros((1, 3, 5), np.float32))
