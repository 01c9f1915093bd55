"""Fits the last linear layer anew to what int8 gives it.

What int8 did to all layers before, the head can partly undo: much of the error in its input is the same for every
window, or goes with what the input says. Its weights and bias are fitted by ridge regression to give, from the int8
graph's own input of the head, what the float graph's head gives. On the device nothing changes but constants.

The idea is that of bias correction (Nagel et al., 2019, arXiv 1906.04721, section 4.2), for a whole linear layer.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tinyser.convert.tflite_file import load, operator_name, read_tflite_file, write_model
from tinyser.runtimes.runtime import Floats
from tinyser.runtimes.tflite_reference import run_reference

_ALPHAS = tuple(10.0**power for power in range(-4, 3))
_PARTS = 5  # of the windows, each predicted by a fit to the others
_FEWEST_WINDOWS = 4 * _PARTS
_LOOKED_THROUGH = ("RESHAPE", "QUANTIZE", "DEQUANTIZE")
_LARGEST_INT8 = 127


@dataclass(frozen=True, slots=True)
class Refit:
    """Mean square of the logits' error, on windows that had no part in the fit; `kept` when it became less."""

    before: float
    after: float

    @property
    def kept(self) -> bool:
        return self.after < self.before


@dataclass(frozen=True, slots=True)
class _Head:
    """The FULLY_CONNECTED behind whose softmax the graph ends: indices of tensors."""

    input: int
    weights: int
    bias: int
    output: int


def refit_head(int8: Path, floats: Path, windows: Floats, posteriors: Floats, target: Path) -> Refit | None:
    """Writes `int8` with its head refitted to `target`, where that helps; `floats` is the same graph in float32.

    `windows` is float32 (windows, *input shape without batch), `posteriors` (windows, labels) are the float graph's.
    None where there is nothing to fit: the graph does not end in a linear layer with bias and a softmax, or the
    windows are too few. Raises ToolError when TFLite fails.
    """
    from sklearn.linear_model import RidgeCV

    model, twin = load(int8), load(floats)
    head, float_head = _find_head(model), _find_head(twin)
    if head is None or float_head is None or len(windows) < _FEWEST_WINDOWS:
        return None
    rows = read_tflite_file(int8).input.quantize(windows).reshape(len(windows), -1)
    given = _real(model, head.input, _outputs_at(int8, head.input, rows))
    weights, bias = _constant(twin, float_head.weights), _constant(twin, float_head.bias)
    logits = given @ weights.T + bias
    wanted = _logits(posteriors, logits.mean(axis=1, keepdims=True))
    missing = wanted - logits
    integer_logits = given @ _real_constant(model, head.weights).T + _real_constant(model, head.bias)
    found = Refit(
        before=_error(model, head, integer_logits, wanted),
        after=_error(model, head, logits + _cross_validated(given, missing), wanted),
    )
    if found.kept:
        weights = _write_weights(model, head, weights + RidgeCV(_ALPHAS).fit(given, missing).coef_)
        # The bias takes up what is left on average, the rounding of the weights with it.
        _write_bias(model, head, wanted.mean(axis=0) - weights @ given.mean(axis=0))
        write_model(model, target)
    return found


def _logits(posteriors: Floats, means: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Logits with these means over the labels, (windows, 1), which a softmax does not see."""
    logs = np.log(np.maximum(posteriors.astype(np.float64), np.finfo(np.float32).tiny))
    return logs - logs.mean(axis=1, keepdims=True) + means


def _error(model: Any, head: _Head, logits: npt.NDArray[np.float64], wanted: npt.NDArray[np.float64]) -> float:
    """Mean square, once the logits are rounded and clipped to what the head's output can hold."""
    quantization = model.subgraphs[0].tensors[head.output].quantization
    scale, zero_point = float(quantization.scale[0]), int(quantization.zeroPoint[0])
    integers = np.clip(np.rint(logits / scale) + zero_point, -128, 127)
    error = scale * (integers - zero_point) - wanted
    return float(np.mean((error - error.mean(axis=1, keepdims=True)) ** 2))


def _find_head(model: Any) -> _Head | None:
    graph = model.subgraphs[0]
    makers = {int(tensor): operator for operator in graph.operators for tensor in operator.outputs}
    softmax = _behind(model, makers, int(graph.outputs[0]))
    if softmax is None or operator_name(model, softmax) != "SOFTMAX":
        return None
    linear = _behind(model, makers, int(softmax.inputs[0]))
    if linear is None or operator_name(model, linear) != "FULLY_CONNECTED" or len(linear.inputs) < 3:
        return None
    given, weights, bias = map(int, linear.inputs[:3])
    found = _Head(given, weights, bias, int(linear.outputs[0]))
    constants = (found.weights, found.bias)
    return found if all(index >= 0 and index not in makers for index in constants) else None


def _behind(model: Any, makers: dict[int, Any], tensor: int) -> Any | None:
    """The operator that makes a tensor's values; what only passes them on is looked through."""
    operator = makers.get(tensor)
    while operator is not None and operator_name(model, operator) in _LOOKED_THROUGH:
        operator = makers.get(int(operator.inputs[0]))
    return operator


def _outputs_at(path: Path, tensor: int, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """An inner tensor's values, (windows, values): a copy of the graph ends there."""
    model = load(path)
    model.subgraphs[0].outputs = [tensor]
    model.signatureDefs = []
    with tempfile.TemporaryDirectory(prefix="tinyser-") as folder:
        shortened = Path(folder) / path.name
        write_model(model, shortened)
        return run_reference(shortened, rows)


def _real(model: Any, tensor: int, integers: npt.NDArray[np.int8]) -> npt.NDArray[np.float64]:
    quantization = model.subgraphs[0].tensors[tensor].quantization
    return float(quantization.scale[0]) * (integers.astype(np.float64) - int(quantization.zeroPoint[0]))


def _constant(model: Any, tensor: int) -> npt.NDArray[np.float64]:
    """A float graph's."""
    about = model.subgraphs[0].tensors[tensor]
    return np.frombuffer(_bytes(model, about), np.float32).reshape(about.shape).astype(np.float64)


def _real_constant(model: Any, tensor: int) -> npt.NDArray[np.float64]:
    """What an int8 graph's weights (labels, inputs), int8, or bias (labels,), int32, stand for; zero points are 0."""
    about = model.subgraphs[0].tensors[tensor]
    kind: type[np.int8] | type[np.int32] = np.int8 if len(about.shape) > 1 else np.int32
    integers = np.frombuffer(_bytes(model, about), kind).reshape(about.shape).astype(np.float64)
    scale = np.asarray(about.quantization.scale, np.float64)
    real: npt.NDArray[np.float64] = integers * (scale[:, np.newaxis] if len(about.shape) > 1 else scale)
    return real


def _bytes(model: Any, about: Any) -> bytes:
    return bytes(bytearray(model.buffers[about.buffer].data))


def _cross_validated(given: npt.NDArray[np.float64], missing: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """What fits to the other parts of the windows predict; a part is a run of neighbours, often of one clip."""
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import KFold, cross_val_predict

    predicted: npt.NDArray[np.float64] = cross_val_predict(RidgeCV(_ALPHAS), given, missing, cv=KFold(_PARTS))
    return predicted


def _write_weights(model: Any, head: _Head, real: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Rounds (labels, inputs) to new scales, one or one a label as there were; returns what they then stand for."""
    quantization = model.subgraphs[0].tensors[head.weights].quantization
    largest = np.abs(real).max(axis=1 if len(quantization.scale) > 1 else None, keepdims=True)
    scale = (np.maximum(largest, np.finfo(np.float32).tiny) / _LARGEST_INT8).astype(np.float32)
    integers = np.clip(np.rint(real / scale), -_LARGEST_INT8, _LARGEST_INT8)
    quantization.scale = scale.ravel()
    _store(model, head.weights, integers.astype(np.int8))
    return integers * scale.astype(np.float64)


def _write_bias(model: Any, head: _Head, real: npt.NDArray[np.float64]) -> None:
    """A bias has the product of the scales of input and weights."""
    tensors = model.subgraphs[0].tensors
    scale = np.float32(tensors[head.input].quantization.scale[0]) * tensors[head.weights].quantization.scale
    tensors[head.bias].quantization.scale = scale.astype(np.float32)
    _store(model, head.bias, np.rint(real / scale).astype(np.int32))


def _store(model: Any, tensor: int, integers: npt.NDArray[Any]) -> None:
    """A constant's new values; where another tensor has the same buffer, into one of its own."""
    from ai_edge_litert import schema_py_generated as schema

    about = model.subgraphs[0].tensors[tensor]
    if sum(other.buffer == about.buffer for graph in model.subgraphs for other in graph.tensors) > 1:
        about.buffer = len(model.buffers)
        model.buffers.append(schema.BufferT())
    model.buffers[about.buffer].data = np.frombuffer(integers.tobytes(), np.uint8)
