"""The FULLY_CONNECTED operators of an int8 `.tflite` beside those of the float one it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tinyser.convert.tflite_file import constant_bytes, operator_name

Real = npt.NDArray[np.float64]
_LARGEST_INT8 = 127


@dataclass(frozen=True, slots=True)
class LinearLayer:
    """Indices of its tensors in one graph."""

    input: int
    weights: int
    bias: int


def find_pairs(int8: Any, floats: Any) -> list[tuple[LinearLayer, LinearLayer]]:
    """Layers with constant weights and bias, in order, int8 and float; none where the graphs do not go together."""
    ours, theirs = _linear(int8), _linear(floats)
    if [_shape(int8, operator) for operator in ours] != [_shape(floats, operator) for operator in theirs]:
        return []
    found = ((_layer(int8, mine), _layer(floats, other)) for mine, other in zip(ours, theirs, strict=True))
    return [(mine, other) for mine, other in found if mine is not None and other is not None]


def _linear(model: Any) -> list[Any]:
    return [op for op in model.subgraphs[0].operators if operator_name(model, op) == "FULLY_CONNECTED"]


def _shape(model: Any, operator: Any) -> tuple[int, ...]:
    return tuple(map(int, model.subgraphs[0].tensors[operator.inputs[1]].shape))


def _layer(model: Any, operator: Any) -> LinearLayer | None:
    """None where weights or bias are missing, computed, or another operator's as well."""
    graph, indices = model.subgraphs[0], [int(index) for index in operator.inputs]
    if len(indices) != 3 or indices[2] < 0:
        return None
    uses = [int(index) for other in graph.operators for index in other.inputs]
    alone = all(uses.count(index) == 1 and constant_bytes(model, graph.tensors[index]) for index in indices[1:])
    return LinearLayer(*indices) if alone else None


def float_constant(model: Any, tensor: int) -> Real:
    """A float graph's weights (outputs, inputs) or bias (outputs,)."""
    about = model.subgraphs[0].tensors[tensor]
    return np.frombuffer(constant_bytes(model, about), np.float32).reshape(about.shape).astype(np.float64)


def write_weights(model: Any, layer: LinearLayer, wanted: Real) -> Real:
    """Rounds (outputs, inputs) to new scales, one or one an output as there were; returns what they then stand for."""
    quantization = model.subgraphs[0].tensors[layer.weights].quantization
    largest = np.abs(wanted).max(axis=1 if len(quantization.scale) > 1 else None, keepdims=True)
    scale = (np.maximum(largest, np.finfo(np.float32).tiny) / _LARGEST_INT8).astype(np.float32)
    integers = np.clip(np.rint(wanted / scale), -_LARGEST_INT8, _LARGEST_INT8)
    quantization.scale = scale.ravel()
    _store(model, layer.weights, integers.astype(np.int8))
    return np.asarray(integers * scale.astype(np.float64))


def write_bias(model: Any, layer: LinearLayer, wanted: Real) -> None:
    """(outputs,); a bias has the product of the scales of input and weights."""
    tensors = model.subgraphs[0].tensors
    scale = np.float32(tensors[layer.input].quantization.scale[0]) * tensors[layer.weights].quantization.scale
    tensors[layer.bias].quantization.scale = scale.astype(np.float32)
    limits = np.iinfo(np.int32)
    _store(model, layer.bias, np.clip(np.rint(wanted / scale), limits.min, limits.max).astype(np.int32))


def _store(model: Any, tensor: int, integers: npt.NDArray[Any]) -> None:
    """A constant's new values; where another tensor has the same buffer, into one of its own."""
    from ai_edge_litert import schema_py_generated as schema

    about = model.subgraphs[0].tensors[tensor]
    if sum(other.buffer == about.buffer for graph in model.subgraphs for other in graph.tensors) > 1:
        about.buffer = len(model.buffers)
        model.buffers.append(schema.BufferT())
    model.buffers[about.buffer].data = np.frombuffer(integers.tobytes(), np.uint8)
