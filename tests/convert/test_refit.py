"""Layers that give something else than the float graph's are fitted anew; others are left alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.converted import Converted
from tinyser.convert.linear_layers import LinearLayer, find_pairs
from tinyser.convert.refit import Refit, _held_out, _rounded, refit
from tinyser.convert.tflite_file import load, operator_name, write_model
from tinyser.runtimes.onnx_model import OnnxRuntime


def head_of(model: Any) -> LinearLayer:
    """The layer in front of the softmax."""
    return find_pairs(model, model)[-1][0]


def constant(model: Any, tensor: int, kind: type) -> np.ndarray:
    """A copy of its integers, flat."""
    buffer = model.subgraphs[0].tensors[tensor].buffer
    return np.frombuffer(bytes(bytearray(model.buffers[buffer].data)), kind).copy()


def shift_bias(model: Any) -> None:
    """All logits but the first far off."""
    tensor = model.subgraphs[0].tensors[head_of(model).bias]
    bias = constant(model, head_of(model).bias, np.int32)
    bias[1:] += np.int32(2 / tensor.quantization.scale[0])
    model.buffers[tensor.buffer].data = np.frombuffer(bias.tobytes(), np.uint8)


def one_scale(model: Any) -> None:
    """One scale for all outputs of every layer, for which the integers were not made."""
    for layer, _ in find_pairs(model, model):
        for index in (layer.weights, layer.bias):
            quantization = model.subgraphs[0].tensors[index].quantization
            quantization.scale = np.array([1.5 * max(quantization.scale)], np.float32)
            quantization.zeroPoint = np.array([0])


def share_buffer(model: Any) -> None:
    """Another tensor, last of all, has the head's weights as well; a bias is off."""
    graph = model.subgraphs[0]
    weights = graph.tensors[head_of(model).weights]
    other = type(weights)()
    other.name, other.shape, other.type, other.buffer = b"other", weights.shape, weights.type, weights.buffer
    other.quantization = weights.quantization
    graph.tensors.append(other)
    shift_bias(model)


def refitted(files: Converted, folder: Path, damage: Callable[[Any], None]) -> Refit | None:
    """What becomes of a damaged model, wrong.tflite, in right.tflite."""
    model = load(files.tflite)
    damage(model)
    write_model(model, folder / "wrong.tflite")
    windows = np.load(files.calibration)
    floats = OnnxRuntime(files.onnx).run(windows).posteriors
    targets = folder / "right.tflite", folder / "right_float32.tflite"
    return refit(folder / "wrong.tflite", files.float_tflite, windows, floats, *targets)


def test_wrong_constants_are_mended(model_files: Converted, tmp_path: Path) -> None:
    found = refitted(model_files, tmp_path, one_scale)
    assert found is not None and found.kept and found.layers == 14
    assert found.before > 0.01 and found.after < 0.05 * found.before


def test_a_buffer_that_others_have_stays(model_files: Converted, tmp_path: Path) -> None:
    """And a bias that is off is mended."""
    found = refitted(model_files, tmp_path, share_buffer)
    before, after = load(tmp_path / "wrong.tflite"), load(tmp_path / "right.tflite")
    last = len(before.subgraphs[0].tensors) - 1
    assert np.array_equal(constant(before, last, np.int8), constant(after, last, np.int8))
    weights = head_of(before).weights
    assert not np.array_equal(constant(before, weights, np.int8), constant(after, weights, np.int8))
    assert found is not None and found.kept and found.layers == 14
    assert found.before > 0.01 and found.after < 0.05 * found.before


def test_a_fit_to_something_else_is_not_kept(model_files: Converted, tmp_path: Path) -> None:
    """A float graph that does not give these posteriors."""
    windows = np.load(model_files.calibration)
    floats = OnnxRuntime(model_files.onnx).run(windows).posteriors
    other = load(model_files.float_tflite)
    bias = head_of(other).bias
    wrong = constant(other, bias, np.float32) + np.array([3, 0, 0], np.float32)
    other.buffers[other.subgraphs[0].tensors[bias].buffer].data = np.frombuffer(wrong.tobytes(), np.uint8)
    write_model(other, tmp_path / "other.tflite")
    found = refit(model_files.tflite, tmp_path / "other.tflite", windows, floats, tmp_path / "a", tmp_path / "b")
    assert found is not None and not found.kept and found.after > 10 * found.before


def test_rounding_minds_what_inputs_do_together() -> None:
    """Inputs that go together, as neighbours do: plain rounding adds up, this one takes it up elsewhere."""
    random = np.random.default_rng(0)
    given = random.standard_normal((500, 3)) @ random.standard_normal((3, 24)) + 0.05 * random.standard_normal(
        (500, 24)
    )
    wanted = random.uniform(-127, 127, (8, 24))
    ours, plain = _rounded(wanted, given), np.rint(wanted)
    assert np.abs(ours - wanted).max() < 4
    errors = [np.var(given @ (integers - wanted).T) for integers in (ours, plain)]
    assert errors[0] < 0.5 * errors[1]


def test_rounding_stays_in_range() -> None:
    given = np.random.default_rng(0).standard_normal((50, 4))
    assert np.abs(_rounded(np.full((2, 4), 127.0), given).astype(int)).max() <= 127


@pytest.mark.parametrize("windows", [25, 26, 49, 200, 1001])
def test_a_fifth_is_held_out(windows: int) -> None:
    held_out = _held_out(windows)
    assert len(held_out) == windows and abs(held_out.mean() - 0.2) < 0.1 and len(np.flatnonzero(np.diff(held_out))) == 9


def test_where_there_is_nothing_to_fit(model_files: Converted, tmp_path: Path) -> None:
    windows = np.load(model_files.calibration)
    floats = OnnxRuntime(model_files.onnx).run(windows).posteriors
    targets = tmp_path / "right.tflite", tmp_path / "right_float32.tflite"
    assert refit(model_files.tflite, model_files.float_tflite, windows[:24], floats[:24], *targets) is None
    shorter = load(model_files.float_tflite)
    linear = [op for op in shorter.subgraphs[0].operators if operator_name(shorter, op) == "FULLY_CONNECTED"]
    shorter.subgraphs[0].operators.remove(linear[0])
    write_model(shorter, tmp_path / "shorter.tflite")
    assert refit(model_files.tflite, tmp_path / "shorter.tflite", windows, floats, *targets) is None
    assert not any(target.exists() for target in targets)
