"""A head that gives something else than the float graph's is fitted anew, and what is no head is left alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.converted import Converted
from tinyser.convert.refit_head import refit_head
from tinyser.convert.tflite_file import load, operator_name, read_tflite_file, write_model
from tinyser.runtimes.int8_model import tflite_reference
from tinyser.runtimes.onnx_model import OnnxRuntime


def head_of(model: Any) -> Any:
    """The operator in front of the softmax."""
    graph = model.subgraphs[0]
    return next(op for op in reversed(graph.operators) if operator_name(model, op) == "FULLY_CONNECTED")


def shift_bias(model: Any) -> None:
    """All logits but the first far off."""
    tensor = model.subgraphs[0].tensors[head_of(model).inputs[2]]
    bias = np.frombuffer(bytes(bytearray(model.buffers[tensor.buffer].data)), np.int32).copy()
    bias[1:] += np.int32(3 / tensor.quantization.scale[0])
    model.buffers[tensor.buffer].data = np.frombuffer(bias.tobytes(), np.uint8)


def one_scale(model: Any) -> None:
    """One scale for all labels, for which the integers were not made."""
    tensors, head = model.subgraphs[0].tensors, head_of(model)
    for index in head.inputs[1:]:
        scale = tensors[index].quantization.scale
        tensors[index].quantization.scale = np.array([3 * scale.max()], np.float32)
        tensors[index].quantization.zeroPoint = np.array([0])


def share_weights(model: Any) -> None:
    """Another tensor has the same buffer, and has to stay; a bias is off."""
    graph = model.subgraphs[0]
    head = graph.tensors[head_of(model).inputs[1]]
    unused = type(head)()
    unused.name, unused.shape, unused.type, unused.buffer = b"unused", head.shape, head.type, head.buffer
    unused.quantization = head.quantization
    graph.tensors.append(unused)
    shift_bias(model)


@pytest.mark.parametrize("damage", [shift_bias, one_scale, share_weights])
def test_a_wrong_head_is_mended(model_files: Converted, tmp_path: Path, damage: Callable[[Any], None]) -> None:
    model = load(model_files.tflite)
    damage(model)
    write_model(model, tmp_path / "wrong.tflite")
    windows = np.load(model_files.calibration)
    floats = OnnxRuntime(model_files.onnx).run(windows).posteriors
    found = refit_head(tmp_path / "wrong.tflite", model_files.float_tflite, windows, floats, tmp_path / "right.tflite")
    assert found is not None and found.kept and found.after < 0.2 * found.before
    wrong, right, before = (
        float(np.mean((tflite_reference(read_tflite_file(path)).run(windows).posteriors - floats) ** 2))
        for path in (tmp_path / "wrong.tflite", tmp_path / "right.tflite", model_files.tflite)
    )
    assert wrong > 10 * before and right < 1.5 * before


def test_shared_weights_stay(model_files: Converted, tmp_path: Path) -> None:
    model = load(model_files.tflite)
    share_weights(model)
    write_model(model, tmp_path / "wrong.tflite")
    windows = np.load(model_files.calibration)
    floats = OnnxRuntime(model_files.onnx).run(windows).posteriors
    refit_head(tmp_path / "wrong.tflite", model_files.float_tflite, windows, floats, tmp_path / "right.tflite")
    before, after = load(tmp_path / "wrong.tflite"), load(tmp_path / "right.tflite")
    unused = [bytes(bytearray(m.buffers[m.subgraphs[0].tensors[-1].buffer].data)) for m in (before, after)]
    assert unused[0] == unused[1]


def test_what_is_no_head_is_left_alone(model_files: Converted, tmp_path: Path) -> None:
    windows = np.load(model_files.calibration)
    floats = OnnxRuntime(model_files.onnx).run(windows).posteriors
    target = tmp_path / "m.tflite"
    few = refit_head(model_files.tflite, model_files.float_tflite, windows[:19], floats[:19], target)
    model = load(model_files.tflite)
    model.subgraphs[0].outputs = [head_of(model).outputs[0]]
    write_model(model, tmp_path / "logits.tflite")
    no_softmax = refit_head(tmp_path / "logits.tflite", model_files.float_tflite, windows, floats, target)
    assert few is None and no_softmax is None and not target.exists()


def test_a_fit_is_kept_only_where_it_helps(model_files: Converted, tmp_path: Path) -> None:
    """Fitted again and again, a head has less and less to win; what is not kept is not written."""
    windows, source = np.load(model_files.calibration), model_files.tflite
    floats = OnnxRuntime(model_files.onnx).run(windows).posteriors
    for turn in range(4):
        target = tmp_path / f"{turn}.tflite"
        found = refit_head(source, model_files.float_tflite, windows, floats, target)
        assert found is not None and found.kept == target.exists() == (found.after < found.before)
        if not found.kept:
            break
        source = target
    else:
        pytest.fail("a head was found to get better four times over")
