"""Layer by layer: against figures computed here from the interpreter's tensors, on files spoiled on purpose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codegen.errors import ModelFormatError, QuantizationError, ToolError
from tests.converted import Converted
from tests.ops.lstm import Lstm
from tinyser.check.float_twin import write_float_twin
from tinyser.check.layer_chart import layer_chart
from tinyser.check.layers import LayerReport, compare_layers
from tinyser.check.layers_child import SUMS, differences
from tinyser.convert.quantize import sqnr_db
from tinyser.convert.tflite_file import load, operator_name, read_tflite_file, write_model
from tinyser.runtimes.integer_model import tflite_reference
from tinyser.runtimes.tflite_reference import run_reference


@pytest.fixture(scope="module")
def against_float(model_files: Converted) -> LayerReport:
    return compare_layers(model_files.tflite, model_files.float_tflite, np.load(model_files.calibration)[:3])


@pytest.fixture(scope="module")
def floats(model_files: Converted) -> np.ndarray:
    """Posteriors of the float file."""
    return run_reference(model_files.float_tflite, np.load(model_files.calibration)[:3].reshape(3, -1))


def test_sums_of_one_tensor() -> None:
    # Scale 0.5, zero point 1: the integers stand for -1, 0, 0.5, 63; the last float is beyond what the type holds.
    found = differences(np.int8([-1, 1, 2, 127]), np.float32([-1.2, 0.0, 0.4, 70.0]), (0.5, 1, -128, 127))
    sums = dict(zip(SUMS, found.tolist(), strict=True))
    assert sums["signal"] == pytest.approx(1.44 + 0.16 + 4900) and sums["power"] == pytest.approx(1 + 0.25 + 63**2)
    assert sums["noise"] == pytest.approx(0.04 + 0.01 + 49) and sums["product"] == pytest.approx(1.2 + 0.2 + 4410)
    assert sums["own_noise"] == pytest.approx(0.04 + 0.01 + 49)
    assert (sums["saturated"], sums["values"], sums["lowest"], sums["highest"]) == (1, 4, -1, 127)


def test_the_output_is_as_far_from_float_as_whole_inferences_say(
    model_files: Converted, against_float: LayerReport, floats: np.ndarray
) -> None:
    int8 = tflite_reference(read_tflite_file(model_files.tflite)).run(np.load(model_files.calibration)[:3]).posteriors
    last = against_float.layers[-1]
    assert last.operator == "SOFTMAX" and last.shape == floats[:1].shape
    assert last.sqnr_db == pytest.approx(sqnr_db(floats, int8), abs=1e-3)
    assert last.l2_ratio == pytest.approx(10 ** (-last.sqnr_db / 20))
    assert all(layer.own_sqnr_db > 10 and 0 < layer.range_used <= 1 for layer in against_float.layers)


def test_the_twin_differs_from_the_float_file_by_its_rounded_weights(
    model_files: Converted, tmp_path: Path, floats: np.ndarray
) -> None:
    write_float_twin(model_files.tflite, tmp_path / "twin.tflite")
    twin = run_reference(tmp_path / "twin.tflite", np.load(model_files.calibration)[:3].reshape(3, -1))
    assert 0 < np.abs(twin - floats).max() < 0.05


def test_spoiled_weights_show_where_they_are(
    model_files: Converted, tmp_path: Path, against_float: LayerReport
) -> None:
    model = load(model_files.tflite)
    graph = model.subgraphs[0]
    names = [operator_name(model, operator) for operator in graph.operators]
    spoiled = [index for index, name in enumerate(names) if name == "FULLY_CONNECTED"][2]
    buffer = model.buffers[graph.tensors[graph.operators[spoiled].inputs[1]].buffer]
    buffer.data = -np.frombuffer(bytes(bytearray(buffer.data)), np.int8)
    buffer.data = buffer.data.view(np.uint8)
    write_model(model, tmp_path / "spoiled.tflite")
    windows = np.load(model_files.calibration)[:3]
    found = compare_layers(tmp_path / "spoiled.tflite", model_files.float_tflite, windows)
    before = [layer for layer in found.layers if layer.index < spoiled]
    assert before == [layer for layer in against_float.layers if layer.index < spoiled]
    layer = next(layer for layer in found.layers if layer.index == spoiled)
    assert layer.sqnr_db < 3 < 10 < layer.own_sqnr_db and layer.cosine < 0.5


def test_the_order_of_operators_does_not_matter(
    model_files: Converted, tmp_path: Path, against_float: LayerReport
) -> None:
    """Converters write branches one after the other or in turns: query, key and value, each with its reshapes."""
    model = load(model_files.float_tflite)
    graph = model.subgraphs[0]
    ready, waiting, ordered = set(map(int, graph.inputs)), list(graph.operators), []
    made = {int(tensor) for operator in waiting for tensor in operator.outputs}
    while waiting:  # the last operator that can run is next
        following = next(o for o in reversed(waiting) if (set(map(int, o.inputs)) & made) <= ready)
        waiting.remove(following)
        ordered.append(following)
        ready |= set(map(int, following.outputs))
    names = [[operator_name(model, operator) for operator in order] for order in (graph.operators, ordered)]
    assert names[0] != names[1]
    graph.operators = ordered
    write_model(model, tmp_path / "ordered.tflite")
    found = compare_layers(model_files.tflite, tmp_path / "ordered.tflite", np.load(model_files.calibration)[:3])
    assert found.layers == against_float.layers


def test_a_coarse_scale_is_named(model_files: Converted, tmp_path: Path) -> None:
    """A scale four times too large costs 12 dB, and is the coarsest then."""
    model = load(model_files.tflite)
    graph = model.subgraphs[0]
    coarse = next(i for i, o in enumerate(graph.operators) if operator_name(model, o) == "BATCH_MATMUL")
    quantization = graph.tensors[graph.operators[coarse].outputs[0]].quantization
    quantization.scale, quantization.zeroPoint = [float(quantization.scale[0]) * 16], [0]
    write_model(model, tmp_path / "coarse.tflite")
    found = compare_layers(tmp_path / "coarse.tflite", model_files.float_tflite, np.load(model_files.calibration)[:2])
    assert found.coarsest(1)[0].index == coarse
    assert layer_chart(found)["columns"][0]["tip"].startswith("0 ")


@pytest.mark.parametrize("name", ["micro_speech", "windowed"])
def test_models_from_elsewhere_have_a_twin(bench_dir: Path, name: str) -> None:
    inputs = np.load(bench_dir / f"{name}.input.npy")[:1]
    model = read_tflite_file(bench_dir / f"{name}.tflite")
    found = compare_layers(model.path, None, model.input.dequantize(inputs))
    assert found.layers[-1].sqnr_db > 10 and found.reference.startswith("the same graph in float32")


def test_a_file_that_tflite_refuses_is_a_reason_not_an_abort(bench_dir: Path) -> None:
    """Its biases name a dimension that they do not have; TFLM and the generated C run it."""
    with pytest.raises(ToolError, match="quantized_dimension must be in range"):
        compare_layers(bench_dir / "person_detect.tflite", None, np.zeros((1, 9216), np.float32))


def test_refuses_another_model_and_what_has_no_twin(model_files: Converted, bench_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelFormatError, match=r"micro_speech.tflite: .*in the other file .*give the float file"):
        compare_layers(model_files.tflite, bench_dir / "micro_speech.tflite", np.zeros((1, 1), np.float32))
    (tmp_path / "lstm.tflite").write_bytes(Lstm().model())
    with pytest.raises(QuantizationError, match="UNIDIRECTIONAL_SEQUENCE_LSTM.*no twin in float32"):
        write_float_twin(tmp_path / "lstm.tflite", tmp_path / "twin.tflite")
