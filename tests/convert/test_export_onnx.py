"""Export against PyTorch, and its refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codegen.errors import ModelFormatError, ToolError
from tests.converted import FRAMES, LABELS, MELS, Converted, save_model
from tinyser.convert import export_onnx as module
from tinyser.convert.export_onnx import export_onnx
from tinyser.convert.onnx_file import read_onnx
from tinyser.runtimes.onnx_model import OnnxRuntime
from tinyser.runtimes.torch_model import TorchRuntime


def test_interface_and_card(model_files: Converted) -> None:
    exported = read_onnx(model_files.onnx)
    assert (exported.input_name, exported.input_shape) == ("features", (1, FRAMES, MELS))
    assert (exported.output_name, exported.output_shape) == ("posteriors", (1, len(LABELS)))
    assert exported.card.labels == LABELS
    assert exported.card.features is not None and exported.card.features.context_frames == FRAMES


def test_equals_pytorch(model_files: Converted) -> None:
    windows = np.load(model_files.calibration)
    expected = TorchRuntime(model_files.checkpoint).run(windows)
    actual = OnnxRuntime(model_files.onnx).run(windows)
    assert np.abs(actual.posteriors - expected.posteriors).max() < 1e-5
    assert np.allclose(actual.posteriors.sum(axis=1), 1)
    assert len(set(expected.posteriors.argmax(axis=1))) > 1, "a model with one answer would prove little"


def test_same_input_gives_same_bytes(model_files: Converted, tmp_path: Path) -> None:
    export_onnx(model_files.checkpoint, tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == model_files.onnx.read_bytes()


def test_refuses_an_unmerged_checkpoint(tmp_path: Path) -> None:
    save_model(tmp_path / "model.pt", hrf_ratio=2)
    with pytest.raises(ModelFormatError, match="still has its HRF layers.*run tinyser merge"):
        export_onnx(tmp_path / "model.pt", tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()


def test_refuses_a_file_that_disagrees(model_files: Converted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison must be able to fail: with the tolerance at -1 nothing is equal enough."""
    monkeypatch.setattr(module, "LARGEST_DIFFERENCE", -1.0)
    with pytest.raises(ToolError, match="ONNX Runtime differs from PyTorch"):
        export_onnx(model_files.checkpoint, tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()
