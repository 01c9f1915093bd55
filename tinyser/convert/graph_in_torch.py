"""A `.tflite` graph in PyTorch, to train through: int8 tensors are rounded as the file says, and gradients pass.

Roundings are those of the file, scale by scale. What integer kernels round besides, inside an operator, is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import vmap

from tinyser.convert.linear_layers import LARGEST_INT8, LinearLayer
from tinyser.convert.operators_in_torch import OPERATORS, Call, Constant
from tinyser.convert.ranges import LOWEST, STEPS
from tinyser.convert.tflite_file import constant_bytes, dequantized, operator_name

# Their output has the scale of their input: nothing is rounded.
_MOVES = (
    *("RESHAPE", "SQUEEZE", "EXPAND_DIMS", "TRANSPOSE", "PAD", "CONCATENATION", "SLICE", "STRIDED_SLICE", "SPLIT"),
    *("MAX_POOL_2D",),
)


@dataclass(frozen=True, slots=True)
class Grid:
    """The values that an int8 tensor can hold."""

    scale: float
    zero_point: int

    def round(self, values: Tensor) -> Tensor:
        """The nearest of them; the gradient passes where nothing is cut off (Bengio et al., 2013, arXiv 1308.3432)."""
        least, largest = (self.scale * (end - self.zero_point) for end in (LOWEST, LOWEST + STEPS))
        return _straight_through(values.clamp(least, largest), self.scale)


class TorchGraph(nn.Module):
    """A `ModelT` of one input and one output, float or int8. `trained`: its layers whose constants are parameters.

    `weights` and `biases` are keyed by tensor; an int8 file's weights are in steps of their scales, its biases in real
    values.
    """

    def __init__(self, model: Any, trained: Sequence[LinearLayer] = ()) -> None:
        super().__init__()
        graph = model.subgraphs[0]
        self._calls = [_call(model, operator) for operator in graph.operators]
        self._input, self._output = int(graph.inputs[0]), int(graph.outputs[0])
        self._shape = tuple(map(int, graph.tensors[self._input].shape))
        self._grids = {index: _grid(tensor) for index, tensor in enumerate(graph.tensors)}
        self._constants = {index: _constant(model, tensor) for index, tensor in enumerate(graph.tensors)}
        self._scales = {layer.weights: _weight_scales(graph.tensors[layer.weights]) for layer in trained}
        self.weights = nn.ParameterDict()
        self.biases = nn.ParameterDict()
        for layer in trained:
            weights, bias = (self._constants[tensor] for tensor in (layer.weights, layer.bias))
            self.weights[str(layer.weights)] = nn.Parameter(torch.as_tensor(weights) / self._scales[layer.weights])
            self.biases[str(layer.bias)] = nn.Parameter(torch.as_tensor(bias).clone())

    def forward(self, windows: Tensor) -> Tensor:
        """(windows, *input shape without batch) -> (windows, outputs)."""
        known: dict[int, Constant] = {index: value for index, value in self._constants.items() if value is not None}
        for name, steps in self.weights.items():
            rounded = _straight_through(steps.clamp(-LARGEST_INT8, LARGEST_INT8), 1.0)
            known[int(name)] = rounded * self._scales[int(name)]
        known.update((int(name), bias) for name, bias in self.biases.items())
        outputs: Tensor = vmap(lambda window: self._run(window, known))(windows)
        return outputs

    def _run(self, window: Tensor, constants: dict[int, Constant]) -> Tensor:
        known = dict(constants)
        known[self._input] = self._rounded(self._input, window.reshape(self._shape))
        for call in self._calls:
            made = OPERATORS[call.name](call, [None if index < 0 else known[index] for index in call.reads])
            for tensor, value in zip(call.makes, made if isinstance(made, tuple) else (made,), strict=True):
                known[tensor] = value if call.name in _MOVES else self._rounded(tensor, value)
        return torch.as_tensor(known[self._output]).reshape(-1)

    def _rounded(self, tensor: int, values: Tensor) -> Tensor:
        grid = self._grids[tensor]
        return values if grid is None else grid.round(values)


def unknown_operators(model: Any) -> set[str]:
    """Names of those that a TorchGraph cannot run."""
    return {operator_name(model, operator) for operator in model.subgraphs[0].operators} - set(OPERATORS)


def _straight_through(values: Tensor, step: float) -> Tensor:
    return values + ((values / step).round() * step - values).detach()


def _call(model: Any, operator: Any) -> Call:
    tensors = model.subgraphs[0].tensors
    makes = tuple(map(int, operator.outputs))
    shape = tuple(map(int, tensors[makes[0]].shape))
    return Call(operator_name(model, operator), operator.builtinOptions, tuple(map(int, operator.inputs)), makes, shape)


def _grid(tensor: Any) -> Grid | None:
    """None for what is not int8."""
    from ai_edge_litert import schema_py_generated as schema

    quantization = tensor.quantization
    if tensor.type != schema.TensorType.INT8 or quantization is None or len(quantization.scale) != 1:
        return None
    return Grid(float(quantization.scale[0]), int(quantization.zeroPoint[0]))


def _constant(model: Any, tensor: Any) -> Constant | None:
    """Real values as a tensor, shapes and axes as integers; None for what an operator makes."""
    from ai_edge_litert import schema_py_generated as schema

    data = constant_bytes(model, tensor)
    if not data:
        return None
    kinds = {"FLOAT32": np.float32, "INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64}
    kind = next(kind for name, kind in kinds.items() if getattr(schema.TensorType, name) == tensor.type)
    values = np.frombuffer(data, kind).reshape(tuple(map(int, tensor.shape)))
    quantized = tensor.quantization is not None and tensor.quantization.scale is not None
    if quantized and len(tensor.quantization.scale):
        values = dequantized(values, tensor.quantization)
    elif kind is not np.float32:
        return values.astype(np.int64)
    return torch.tensor(values, dtype=torch.float32)


def _weight_scales(tensor: Any) -> Tensor:
    """In the shape that multiplies the weights."""
    quantization = tensor.quantization
    shape = [1] * len(tensor.shape)
    if len(quantization.scale) > 1:
        shape[quantization.quantizedDimension] = len(quantization.scale)
    return torch.tensor(quantization.scale, dtype=torch.float32).reshape(shape)
