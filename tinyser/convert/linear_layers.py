"""Linear layers and convolutions of an int8 `.tflite` beside those of the float one it was made from.

A convolution is a linear layer whose rows are the patches of its input; a depthwise one is a group of them, one a
channel. Weights are looked at as (groups, outputs, inputs), of which one of groups and outputs is 1 or both are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tinyser.convert.tflite_file import constant_bytes, operator_name

Real = npt.NDArray[np.float64]
LARGEST_INT8 = 127
_KINDS = ("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D")


@dataclass(frozen=True, slots=True)
class Patches:
    """What the rows of a layer's output read of its input, (height, width, channels) of one window.

    One patch of `kernel` begins at each of `count` places, `first` and every `stride` from there on: all those that lie
    wholly inside.
    """

    tensor: int
    height: int
    width: int
    channels: int
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    first: tuple[int, int] = (0, 0)

    @property
    def count(self) -> tuple[int, int]:
        """Places down and across."""
        sizes = zip((self.height, self.width), self.kernel, self.stride, self.first, strict=True)
        down, across = ((size - kernel - first) // stride + 1 for size, kernel, stride, first in sizes)
        return down, across


@dataclass(frozen=True, slots=True)
class LinearLayer:
    """Indices of its tensors in one graph; `shape` is (groups, outputs, inputs) of its weights."""

    patches: Patches
    weights: int
    bias: int
    output: int
    shape: tuple[int, int, int]
    activation: int  # fused, by its number in the schema

    @property
    def input(self) -> int:
        return self.patches.tensor


def find_pairs(int8: Any, floats: Any) -> list[tuple[LinearLayer, LinearLayer]]:
    """Layers with constant weights and bias, in order, int8 and float; none where the graphs do not go together."""
    ours, theirs = _linear(int8), _linear(floats)
    if [_about(int8, operator) for operator in ours] != [_about(floats, operator) for operator in theirs]:
        return []
    found = ((_layer(int8, mine), _layer(floats, other)) for mine, other in zip(ours, theirs, strict=True))
    return [(mine, other) for mine, other in found if mine is not None and other is not None]


def float_weights(model: Any, layer: LinearLayer) -> Real:
    """A float graph's weights, (groups, outputs, inputs)."""
    return _grouped(float_constant(model, layer.weights), layer)


def float_bias(model: Any, layer: LinearLayer) -> Real:
    """A float graph's bias, (groups, outputs)."""
    return float_constant(model, layer.bias).reshape(layer.shape[:2])


def grouped_rows(rows: npt.NDArray[Any], layer: LinearLayer) -> Real:
    """What `inner_values` gives of `layer.patches`, (rows, kernel, channels), as float64 (groups, rows, inputs)."""
    groups, _, inputs = layer.shape
    real = np.asarray(rows, np.float64)
    return real.transpose(2, 0, 1) if groups > 1 else real.reshape(1, len(rows), inputs)


def write_float(model: Any, layer: LinearLayer, weights: Real, bias: Real) -> None:
    """(groups, outputs, inputs) and (groups, outputs) into a float graph."""
    shape = tuple(map(int, model.subgraphs[0].tensors[layer.weights].shape))
    store(model, layer.weights, _ungrouped(weights, layer, shape).astype(np.float32))
    store(model, layer.bias, bias.ravel().astype(np.float32))


def weight_scales(model: Any, layer: LinearLayer, wanted: Real) -> npt.NDArray[np.float32]:
    """Scales of int8 weights that hold (groups, outputs, inputs), (groups, outputs, 1): one for all, or one an output.

    As many as there were.
    """
    several = len(model.subgraphs[0].tensors[layer.weights].quantization.scale) > 1
    largest = np.abs(wanted).max(axis=2 if several else None, keepdims=True)
    scales = (np.maximum(largest, np.finfo(np.float32).tiny) / LARGEST_INT8).astype(np.float32)
    return np.broadcast_to(scales, (*wanted.shape[:2], 1))


def write_weights(
    model: Any, layer: LinearLayer, integers: npt.NDArray[np.int8], scales: npt.NDArray[np.float32]
) -> None:
    """(groups, outputs, inputs) and their scales, (groups, outputs, 1)."""
    tensor = model.subgraphs[0].tensors[layer.weights]
    several = len(tensor.quantization.scale) > 1
    tensor.quantization.scale = scales.ravel()[: None if several else 1]
    store(model, layer.weights, _ungrouped(integers, layer, tuple(map(int, tensor.shape))))


def write_bias(model: Any, layer: LinearLayer, wanted: Real) -> None:
    """(groups, outputs); a bias has the product of the scales of input and weights."""
    tensors = model.subgraphs[0].tensors
    scale = np.float32(tensors[layer.input].quantization.scale[0]) * tensors[layer.weights].quantization.scale
    tensors[layer.bias].quantization.scale = scale.astype(np.float32)
    limits = np.iinfo(np.int32)
    store(model, layer.bias, np.clip(np.rint(wanted.ravel() / scale), limits.min, limits.max).astype(np.int32))


def store(model: Any, tensor: int, values: npt.NDArray[Any]) -> None:
    """A constant's new values; where another tensor has the same buffer, into one of its own."""
    from ai_edge_litert import schema_py_generated as schema

    about = model.subgraphs[0].tensors[tensor]
    if sum(other.buffer == about.buffer for graph in model.subgraphs for other in graph.tensors) > 1:
        about.buffer = len(model.buffers)
        model.buffers.append(schema.BufferT())
    model.buffers[about.buffer].data = np.frombuffer(values.tobytes(), np.uint8)


def _linear(model: Any) -> list[Any]:
    return [op for op in model.subgraphs[0].operators if operator_name(model, op) in _KINDS]


def _about(model: Any, operator: Any) -> tuple[str, tuple[int, ...]]:
    return operator_name(model, operator), _shape(model, operator.inputs[1])


def _shape(model: Any, tensor: int) -> tuple[int, ...]:
    return tuple(map(int, model.subgraphs[0].tensors[int(tensor)].shape))


def _layer(model: Any, operator: Any) -> LinearLayer | None:
    """None where weights or bias are missing, computed, or another operator's as well, and without patches."""
    graph, indices = model.subgraphs[0], [int(index) for index in operator.inputs]
    if len(indices) != 3 or indices[2] < 0:
        return None
    uses = [int(index) for other in graph.operators for index in other.inputs]
    if any(uses.count(index) > 1 or not constant_bytes(model, graph.tensors[index]) for index in indices[1:]):
        return None
    patches = _patches(model, operator)
    if patches is None or min(patches.count) < 1:
        return None
    weights = _shape(model, indices[1])
    outputs, inputs = weights[0], int(np.prod(weights[1:]))
    if operator_name(model, operator) == "DEPTHWISE_CONV_2D":
        groups, outputs, inputs = weights[3], 1, weights[1] * weights[2]
    else:
        groups = 1
    options = operator.builtinOptions
    return LinearLayer(
        patches, indices[1], indices[2], int(operator.outputs[0]), (groups, outputs, inputs),
        int(options.fusedActivationFunction),
    )  # fmt: skip


def _patches(model: Any, operator: Any) -> Patches | None:
    """None for a batch, for dilated kernels, and for depthwise ones with several outputs a channel."""
    from ai_edge_litert import schema_py_generated as schema

    source, shape, weights = (
        int(operator.inputs[0]),
        _shape(model, operator.inputs[0]),
        _shape(model, operator.inputs[1]),
    )
    if operator_name(model, operator) == "FULLY_CONNECTED":
        size = int(np.prod(shape))
        return Patches(source, size // weights[1], 1, weights[1]) if size % weights[1] == 0 else None
    options = operator.builtinOptions
    dilated = (options.dilationHFactor, options.dilationWFactor) != (1, 1)
    if shape[0] != 1 or dilated or shape[3] != weights[3]:
        return None
    height, width, channels = shape[1:]
    kernel, stride = (weights[1], weights[2]), (int(options.strideH), int(options.strideW))
    inside = (0, 0)
    if options.padding == schema.Padding.SAME:
        inside = _first_inside(height, kernel[0], stride[0]), _first_inside(width, kernel[1], stride[1])
    return Patches(source, height, width, channels, kernel, stride, inside)


def _first_inside(size: int, kernel: int, stride: int) -> int:
    """Where the first patch begins that needs no padding before the input."""
    padding = max((-(-size // stride) - 1) * stride + kernel - size, 0) // 2
    return -padding % stride


def float_constant(model: Any, tensor: int) -> Real:
    about = model.subgraphs[0].tensors[tensor]
    return np.frombuffer(constant_bytes(model, about), np.float32).reshape(about.shape).astype(np.float64)


def _grouped(weights: npt.NDArray[Any], layer: LinearLayer) -> npt.NDArray[Any]:
    """As in the file -> (groups, outputs, inputs)."""
    return weights.reshape(-1, layer.shape[0]).T[:, np.newaxis] if layer.shape[0] > 1 else weights.reshape(layer.shape)


def _ungrouped(weights: npt.NDArray[Any], layer: LinearLayer, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """The way back."""
    return np.ascontiguousarray(weights[:, 0].T if layer.shape[0] > 1 else weights).reshape(shape)
