"""Quantization through the real onnx2tf: what comes out, and one bad input per message."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from codegen.errors import DataError, ModelFormatError, QuantizationError, ToolError
from codegen.feature_spec import FeatureSpec
from tests.converted import FRAMES, LABELS, MELS, Converted
from tinyser.convert import converter
from tinyser.convert.calibration import load_calibration
from tinyser.convert.onnx_file import read_onnx
from tinyser.convert.quantize import quantize, sqnr_db
from tinyser.convert.tflite_file import read_tflite_file
from tinyser.emulator.tflm import run_model
from tinyser.runtimes.integer_model import tflite_reference
from tinyser.runtimes.onnx_model import OnnxRuntime


def test_ports_and_card(model_files: Converted) -> None:
    model = read_tflite_file(model_files.tflite)
    assert (model.input.name, model.input.shape) == ("features", (1, FRAMES, MELS))
    assert (model.output.name, model.output.shape) == ("posteriors", (1, len(LABELS)))
    assert (model.output.scale, model.output.zero_point) == (1 / 256, -128), "softmax has a fixed scale"
    assert model.card is not None and model.card.labels == LABELS
    assert FeatureSpec.load(model_files.folder / "features.json") == model.card.features


def test_selftest_is_what_tflm_gives(model_files: Converted, require_module: Callable[..., None]) -> None:
    require_module("tflite_micro")
    model = read_tflite_file(model_files.tflite)
    assert model.card is not None and model.card.selftest is not None
    selftest = model.card.selftest
    first = np.load(model_files.calibration)[:1]
    assert selftest.input == model.input.quantize(first).tobytes()
    rows = np.frombuffer(selftest.input, np.int8).reshape(1, -1)
    assert selftest.output == run_model(model_files.tflite, rows)[0].tobytes()


def test_decides_as_onnx_does(model_files: Converted) -> None:
    windows = np.load(model_files.calibration)
    floats = OnnxRuntime(model_files.onnx).run(windows).posteriors
    int8 = tflite_reference(read_tflite_file(model_files.tflite)).run(windows).posteriors
    assert np.mean(floats.argmax(axis=1) == int8.argmax(axis=1)) >= 0.9
    assert sqnr_db(floats, int8) > 20
    assert sqnr_db(floats, floats[::-1]) < 10, "the measure must tell good from bad"


def test_leaves_its_input_alone(model_files: Converted) -> None:
    """onnx2tf rewrites the ONNX file it is given; ours must be the exporter's, card included."""
    assert read_onnx(model_files.onnx).card.labels == LABELS


@pytest.mark.slow
def test_a_gelu_is_refused_by_name(tmp_path: Path) -> None:
    """erf has no int8 kernel: onnx2tf ends without an int8 file although its exit status is 0."""
    module = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.GELU(), torch.nn.Flatten(), torch.nn.Linear(32, 2))
    onnx, calibration = tmp_path / "gelu.onnx", tmp_path / "calibration.npy"
    torch.onnx.export(module, (torch.zeros(1, 4, 4),), str(onnx), input_names=["x"], opset_version=17, dynamo=False)
    np.save(calibration, np.random.default_rng(0).standard_normal((4, 4, 4)).astype(np.float32))
    with pytest.raises((ToolError, QuantizationError), match=r"gelu\.onnx: .*Erf"):
        quantize(onnx, calibration, tmp_path / "model.tflite")
    assert {path.name for path in tmp_path.iterdir()} == {"gelu.onnx", "calibration.npy"}


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((3, 4, 5), np.float32), r"got shape \(3, 4, 5\), allowed is \(windows, 4, 6\)"),
        (np.zeros((4, 6), np.float32), r"got shape \(4, 6\)"),
        (np.zeros((3, 4, 6)), "got float64, allowed is float32"),
        (np.zeros((0, 4, 6), np.float32), "got no window"),
        (np.full((3, 4, 6), np.nan, np.float32), "window 0 holds NaN"),
    ],
)
def test_refuses_a_calibration_set(tmp_path: Path, array: np.ndarray, message: str) -> None:
    np.save(tmp_path / "c.npy", array)
    with pytest.raises(DataError, match=message):
        load_calibration(tmp_path / "c.npy", (4, 6))


def test_refuses_what_is_no_array(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"c\.npy: cannot read it"):
        load_calibration(tmp_path / "c.npy", (4, 6))
    (tmp_path / "c.npy").write_text("text")
    with pytest.raises(DataError, match=r"c\.npy: not a \.npy array"):
        load_calibration(tmp_path / "c.npy", (4, 6))


def test_refuses_a_missing_output_folder_before_converting(model_files: Converted, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="folder .*nowhere does not exist"):
        quantize(model_files.onnx, model_files.calibration, tmp_path / "nowhere" / "model.tflite")


def test_a_failing_converter_is_one_line(model_files: Converted, tmp_path: Path) -> None:
    """A calibration file that vanished makes the real onnx2tf fail."""
    with pytest.raises(ToolError, match=r"model\.onnx: onnx2tf: .*gone\.npy"):
        converter.convert_int8(read_onnx(model_files.onnx), tmp_path / "gone.npy", tmp_path)


def test_decisive_line() -> None:
    log = "loading\n\x1b[31mERROR: The onnx_op_name: Foo is not supported\x1b[0m\nbye\n"
    assert converter.decisive_line(log) == "ERROR: The onnx_op_name: Foo is not supported"
    assert converter.decisive_line("") == "no message"


def test_refuses_what_is_no_tflite(tmp_path: Path) -> None:
    with pytest.raises(ModelFormatError, match=r"m\.tflite: cannot read it"):
        read_tflite_file(tmp_path / "m.tflite")
    (tmp_path / "m.tflite").write_bytes(b"text, not a model")
    with pytest.raises(ModelFormatError, match="no TFL3 identifier"):
        read_tflite_file(tmp_path / "m.tflite")
