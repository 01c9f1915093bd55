"""Every model through the real converter: int8 throughout, and equal bytes in C, TFLM and TFLite."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from codegen.read_tflite import read_tflite
from tests.converted import Converted, converted
from tests.generated import run_direct
from tests.reference_runtimes import run_tflite_reference, run_tflm
from tinyser.convert.quantize import sqnr_db
from tinyser.convert.tflite_file import read_tflite_file
from tinyser.models.checkpoint import load_checkpoint
from tinyser.models.size import int8_bytes
from tinyser.runtimes.integer_model import tflite_reference
from tinyser.runtimes.torch_model import TorchRuntime

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["convtransformer", "conformer", "speechformer"])
def files(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    require_module: Callable[..., None],
) -> Converted:
    require_module("torch", "onnx2tf", "tensorflow", "onnxruntime", "tflite_micro")
    return converted(tmp_path_factory.getbasetemp(), request.param)


def test_bytes_are_equal(files: Converted, require_tool: Callable[..., None]) -> None:
    require_tool("gcc")
    model, random = files.tflite.read_bytes(), np.random.default_rng(0)
    port = read_tflite_file(files.tflite).input
    windows = port.quantize(np.load(files.calibration)[::10])
    rows = [[window.reshape(port.shape)] for window in windows]
    rows += [[random.integers(-128, 128, port.shape).astype(np.int8)] for _ in range(4)]
    ours, tflm, tflite = run_direct(model, rows), run_tflm(model, rows), run_tflite_reference(model, rows)
    np.testing.assert_array_equal(np.array(ours), np.array(tflm))
    np.testing.assert_array_equal(np.array(ours), np.array(tflite))
    assert len(np.unique(np.array(ours).reshape(len(rows), -1), axis=0)) > 1


def test_decides_as_pytorch_does(files: Converted) -> None:
    windows = np.load(files.calibration)
    floats = TorchRuntime(files.checkpoint).run(windows).posteriors
    int8 = tflite_reference(read_tflite_file(files.tflite)).run(windows).posteriors
    best = np.sort(floats, axis=1)
    clear = best[:, -1] - best[:, -2] > 0.2
    assert clear.mean() > 0.4, "weights of one undecided answer would prove little"
    assert len(set(floats[clear].argmax(axis=1))) > 1
    np.testing.assert_array_equal(floats[clear].argmax(axis=1), int8[clear].argmax(axis=1))
    assert sqnr_db(floats, int8) > 15


PADDED = {"convtransformer": 3, "conformer": 2, "speechformer": 0}
NORM = {"SQUARED_DIFFERENCE", "RSQRT", "MEAN"}
CONVTRANSFORMER = {
    "RESHAPE", "TRANSPOSE", "PAD", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "BATCH_MATMUL", "SOFTMAX",
}  # fmt: skip


def test_no_operator_but_those_of_the_model(files: Converted) -> None:
    names = [op.NAME for op in read_tflite(files.tflite).graph.ops]
    assert not set(names) & {"SPLIT", "STRIDED_SLICE", "CONCATENATION", "QUANTIZE"}, "q, k, v, windows and GLU"
    assert names.count("PAD") == PADDED[files.folder.name]
    if files.folder.name != "convtransformer":
        assert set(names) >= NORM, "LayerNorm"
        return
    assert set(names) == CONVTRANSFORMER, "no norm, no scale of its own"
    # The positions and two residuals: biases and activations are in the linear layers.
    assert names.count("ADD") == 3


def test_estimated_bytes_are_near_the_constants(files: Converted) -> None:
    graph = read_tflite(files.tflite).graph
    constants = {id(t.data): t.data.nbytes for t in graph.tensors if t.data is not None}
    estimate = int8_bytes(load_checkpoint(files.checkpoint).build())
    assert sum(constants.values()) == pytest.approx(estimate, rel=0.25)
