"""TFLite's operators in PyTorch, on real values, one window at a time: shapes have TFLite's batch of 1.

What an operator means is in TFLite's schema (schema.fbs) and its reference kernels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

Constant = Tensor | npt.NDArray[np.int64]
_LEAST = 1e-12  # under a root


@dataclass(frozen=True, slots=True)
class Call:
    """One operator: `reads` and `makes` are tensors, `shape` is that of the first one made, `options` the schema's."""

    name: str
    options: Any
    reads: tuple[int, ...]
    makes: tuple[int, ...]
    shape: tuple[int, ...]


Operator = Callable[[Call, list[Any]], "Tensor | tuple[Tensor, ...]"]


def _fused(call: Call, values: Tensor) -> Tensor:
    """The activation in the operator's options."""
    from ai_edge_litert import schema_py_generated as schema

    kind = schema.ActivationFunctionType
    limits = {kind.RELU: (0.0, None), kind.RELU6: (0.0, 6.0), kind.RELU_N1_TO_1: (-1.0, 1.0)}
    number = call.options.fusedActivationFunction
    return values.clamp(*limits[number]) if number in limits else values


def _binary(apply: Callable[[Tensor, Tensor], Tensor], activation: bool = True) -> Operator:
    def operator(call: Call, inputs: list[Any]) -> Tensor:
        made = apply(inputs[0], inputs[1])
        return _fused(call, made) if activation else made

    return operator


def _unary(apply: Callable[[Tensor], Tensor]) -> Operator:
    return lambda call, inputs: apply(inputs[0])


def _reduction(apply: Callable[..., Tensor]) -> Operator:
    def operator(call: Call, inputs: list[Any]) -> Tensor:
        axes = tuple(int(axis) for axis in np.ravel(inputs[1]))
        return apply(inputs[0], dim=axes, keepdim=bool(call.options.keepDims))

    return operator


def _fully_connected(call: Call, inputs: list[Any]) -> Tensor:
    values, weights, bias = _with_bias(inputs)
    return _fused(call, functional.linear(values.reshape(-1, weights.shape[1]), weights, bias)).reshape(call.shape)


def _conv_2d(call: Call, inputs: list[Any]) -> Tensor:
    values, weights, bias = _with_bias(inputs)
    return _convolved(call, values, weights.permute(0, 3, 1, 2), bias, groups=values.shape[3] // weights.shape[3])


def _depthwise_conv_2d(call: Call, inputs: list[Any]) -> Tensor:
    values, weights, bias = _with_bias(inputs)
    return _convolved(call, values, weights.permute(3, 0, 1, 2), bias, groups=values.shape[3])


def _with_bias(inputs: list[Any]) -> tuple[Tensor, Tensor, Tensor | None]:
    values, weights, *bias = inputs
    return values, weights, bias[0] if bias else None


def _convolved(call: Call, values: Tensor, weights: Tensor, bias: Tensor | None, groups: int) -> Tensor:
    """`values` (1, height, width, channels), `weights` (outputs, inputs of a group, height, width)."""
    dilation = call.options.dilationHFactor, call.options.dilationWFactor
    kernel = tuple((size - 1) * step + 1 for size, step in zip(weights.shape[2:], dilation, strict=True))
    padded, strides = _padded(call, values.permute(0, 3, 1, 2), kernel, 0.0)
    made = functional.conv2d(padded, weights, bias, strides, dilation=dilation, groups=groups)
    return _fused(call, made).permute(0, 2, 3, 1)


def _padded(call: Call, images: Tensor, kernel: tuple[int, ...], value: float) -> tuple[Tensor, tuple[int, int]]:
    """(1, channels, height, width) with the padding of the options, and the strides."""
    from ai_edge_litert import schema_py_generated as schema

    strides = int(call.options.strideH), int(call.options.strideW)
    if call.options.padding != schema.Padding.SAME:
        return images, strides
    down, across = (
        max((-(-size // stride) - 1) * stride + span - size, 0)
        for size, stride, span in zip(images.shape[2:], strides, kernel, strict=True)
    )
    around = (across // 2, across - across // 2, down // 2, down - down // 2)
    return functional.pad(images, around, value=value), strides


def _max_pool_2d(call: Call, inputs: list[Any]) -> Tensor:
    kernel = int(call.options.filterHeight), int(call.options.filterWidth)
    padded, strides = _padded(call, inputs[0].permute(0, 3, 1, 2), kernel, -torch.inf)
    return _fused(call, functional.max_pool2d(padded, kernel, strides)).permute(0, 2, 3, 1)


def _average_pool_2d(call: Call, inputs: list[Any]) -> Tensor:
    """Padding is not counted."""
    kernel = int(call.options.filterHeight), int(call.options.filterWidth)
    images = inputs[0].permute(0, 3, 1, 2)
    padded, strides = _padded(call, images, kernel, 0.0)
    counted, _ = _padded(call, torch.ones(images.shape), kernel, 0.0)
    made = functional.avg_pool2d(padded, kernel, strides) / functional.avg_pool2d(counted, kernel, strides)
    return _fused(call, made).permute(0, 2, 3, 1)


def _batch_matmul(call: Call, inputs: list[Any]) -> Tensor:
    left, right = inputs
    return (left.mT if call.options.adjX else left) @ (right.mT if call.options.adjY else right)


def _softmax(call: Call, inputs: list[Any]) -> Tensor:
    return (inputs[0] * call.options.beta).softmax(-1)


def _leaky_relu(call: Call, inputs: list[Any]) -> Tensor:
    return functional.leaky_relu(inputs[0], call.options.alpha)


def _gelu(call: Call, inputs: list[Any]) -> Tensor:
    return functional.gelu(inputs[0], approximate="tanh" if call.options.approximate else "none")


def _reshape(call: Call, inputs: list[Any]) -> Tensor:
    return torch.as_tensor(inputs[0]).reshape(call.shape)


def _transpose(call: Call, inputs: list[Any]) -> Tensor:
    return torch.as_tensor(inputs[0]).permute(tuple(int(axis) for axis in inputs[1]))


def _pad(call: Call, inputs: list[Any]) -> Tensor:
    around = [int(size) for pair in reversed(inputs[1].tolist()) for size in pair]
    return functional.pad(inputs[0], around)


def _concatenation(call: Call, inputs: list[Any]) -> Tensor:
    return _fused(call, torch.cat(inputs, dim=call.options.axis))


def _split(call: Call, inputs: list[Any]) -> tuple[Tensor, ...]:
    axis, values = int(np.ravel(inputs[0])[0]), inputs[1]
    return tuple(values.chunk(call.options.numSplits, dim=axis))


def _slice(call: Call, inputs: list[Any]) -> Tensor:
    values, begins, _ = inputs
    made: Tensor = values[tuple(slice(int(b), int(b) + size) for b, size in zip(begins, call.shape, strict=True))]
    return made


def _strided_slice(call: Call, inputs: list[Any]) -> Tensor:
    """Without ellipsis and new axes, which the conversion does not make."""
    values, begins, ends, strides = inputs
    for axis, (begin, end, stride) in enumerate(zip(begins, ends, strides, strict=True)):
        if call.options.shrinkAxisMask >> axis & 1:
            end = begin + 1 if begin != -1 else None
        first = None if call.options.beginMask >> axis & 1 else int(begin)
        last = None if call.options.endMask >> axis & 1 or end is None else int(end)
        # PyTorch's slices take no negative step.
        places = range(*slice(first, last, int(stride)).indices(values.shape[axis]))
        values = values.index_select(axis, torch.tensor(places))
    return torch.as_tensor(values).reshape(call.shape)


def _gather(call: Call, inputs: list[Any]) -> Tensor:
    return (
        torch.as_tensor(inputs[0])
        .index_select(call.options.axis, torch.as_tensor(np.ravel(inputs[1])))
        .reshape(call.shape)
    )


OPERATORS: Mapping[str, Operator] = {
    "ABS": _unary(torch.abs),
    "ADD": _binary(torch.add),
    "AVERAGE_POOL_2D": _average_pool_2d,
    "BATCH_MATMUL": _batch_matmul,
    "CONCATENATION": _concatenation,
    "CONV_2D": _conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise_conv_2d,
    "ELU": _unary(functional.elu),
    "EXPAND_DIMS": _reshape,
    "FULLY_CONNECTED": _fully_connected,
    "GATHER": _gather,
    "GELU": _gelu,
    "HARD_SWISH": _unary(functional.hardswish),
    "LEAKY_RELU": _leaky_relu,
    "LOGISTIC": _unary(torch.sigmoid),
    "LOG_SOFTMAX": _unary(lambda values: values.log_softmax(-1)),
    "MAX_POOL_2D": _max_pool_2d,
    "MEAN": _reduction(torch.mean),
    "MUL": _binary(torch.mul),
    "PAD": _pad,
    "QUANTIZE": _unary(lambda values: values),
    "RELU": _unary(torch.relu),
    "RELU6": _unary(functional.relu6),
    "RESHAPE": _reshape,
    "RSQRT": _unary(lambda values: values.clamp_min(_LEAST).rsqrt()),
    "SLICE": _slice,
    "SOFTMAX": _softmax,
    "SPLIT": _split,
    "SQUARED_DIFFERENCE": _binary(lambda left, right: (left - right) ** 2, activation=False),
    "SQUEEZE": _reshape,
    "STRIDED_SLICE": _strided_slice,
    "SUB": _binary(torch.sub),
    "SUM": _reduction(torch.sum),
    "TANH": _unary(torch.tanh),
    "TRANSPOSE": _transpose,
}
