"""Gives a residual stream values that int8 holds well: channels centred and of one size, every tensor its own range.

Where nothing but linear layers writes to a stream and reads it, as when norms are folded into layers, its channels are
free: a factor for each, the same all along the stream, and a shift wherever something is added. The layers take up
both, and the function stays as it is. A pooling over frames, whose weights sum to 1, hands both on. Its weights are
coarse, as many frames share 1, and what rounding does to them falls on what a frame differs by from the centre: there
the centre is the mean, elsewhere the middle between the least and the largest value, which needs the smallest range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinyser.convert.inner_values import inner_values
from tinyser.convert.linear_layers import (
    LinearLayer,
    Patches,
    Real,
    find_pairs,
    float_bias,
    float_constant,
    float_weights,
    store,
    write_float,
)
from tinyser.convert.paired_tensors import int8_tensors
from tinyser.convert.ranges import LEAST, range_of, set_range, to_int8
from tinyser.convert.tflite_file import constant_bytes, load, operator_name, write_model
from tinyser.runtimes.runtime import Floats

_LARGEST_FACTOR = 8.0
_RARE = 1e-4  # of a channel's values at either end, which its range need not hold
_ALL_PLACES = 1 << 16  # of a window


@dataclass(frozen=True, slots=True)
class _Stream:
    """Of the float graph: tensors of the same channels, and the linear layers and constants around them.

    `joins`: (inputs, output) of what adds, moves or pools, in order; `pooled`: what a pooling reads.
    """

    channels: int
    tensors: frozenset[int]
    writers: tuple[LinearLayer, ...]
    readers: tuple[LinearLayer, ...]
    constants: tuple[int, ...]
    joins: tuple[tuple[tuple[int, ...], int], ...]
    pooled: frozenset[int]


def even_streams(int8: Path, floats: Path, windows: Floats) -> int:
    """Rewrites both graphs, and returns how many streams were changed.

    `windows` is float32 (windows, *input shape without batch). In the int8 file ranges change, and constants that are
    added: `refit` has to write those of layers. Raises ToolError when TFLite fails.
    """
    model, twin = load(int8), load(floats)
    same = int8_tensors(model, twin)
    streams = _find(twin) if same else []
    for stream in streams:
        _even(model, twin, same, stream, _values(twin, stream, floats, windows))
    write_model(model, int8)
    write_model(twin, floats)
    return len(streams)


def _even(model: Any, twin: Any, same: Mapping[int, int], stream: _Stream, values: Mapping[int, Real]) -> None:
    """`values`: of each tensor, (places of all windows, channels)."""
    ends = {tensor: np.quantile(of, (_RARE, 1 - _RARE), axis=0) for tensor, of in values.items()}
    middles = {
        tensor: of.mean(axis=0) if tensor in stream.pooled else ends[tensor].mean(axis=0)
        for tensor, of in values.items()
    }
    shifts = _shifts(stream, middles)
    ends = {tensor: limits - shifts[tensor] for tensor, limits in ends.items()}
    factor = _factor([np.abs(limits).max(axis=0) for tensor, limits in ends.items() if tensor not in stream.constants])
    for layer in stream.writers:
        weights, bias = float_weights(twin, layer), float_bias(twin, layer)
        write_float(twin, layer, weights * factor[:, np.newaxis], (bias - shifts[layer.output]) * factor)
    for layer in stream.readers:
        weights, bias = float_weights(twin, layer), float_bias(twin, layer)
        write_float(twin, layer, weights / factor, bias + weights @ shifts[layer.input])
    for tensor, limits in ends.items():
        scale = range_of(float((limits * factor).min()), float((limits * factor).max()))
        set_range(model, same[tensor], *scale)
        if tensor in stream.constants:
            made = ((values[tensor] - shifts[tensor]) * factor).reshape(twin.subgraphs[0].tensors[tensor].shape)
            store(twin, tensor, made.astype(np.float32))
            store(model, same[tensor], to_int8(made, *scale))


def _shifts(stream: _Stream, middles: Mapping[int, Real]) -> dict[int, Real]:
    """Of every tensor, so that sums are centred: what the layer that is added to a sum gives need not be."""
    outputs = {layer.output for layer in stream.writers}
    shifts = {tensor: middles[tensor] for tensor in (*sorted(outputs), *stream.constants)}
    for inputs, output in stream.joins:
        free = [tensor for tensor in inputs if tensor in outputs]
        if len(inputs) > 1 and free:
            shifts[free[-1]] = shifts[free[-1]] + middles[output] - sum(shifts[tensor] for tensor in inputs)
        shifts[output] = np.sum([shifts[tensor] for tensor in inputs], axis=0)
    return shifts


def _factor(largest: list[Real]) -> Real:
    """Of the channels, so that their largest values are alike, on the whole, in tensors of each its own range."""
    sizes = np.log(np.maximum(np.stack(largest), LEAST))
    sizes -= np.median(sizes, axis=1, keepdims=True)
    limit = np.log(_LARGEST_FACTOR)
    return np.asarray(np.exp(-np.clip(sizes.mean(axis=0), -limit, limit)))


def _values(twin: Any, stream: _Stream, floats: Path, windows: Floats) -> dict[int, Real]:
    shapes = {tensor: twin.subgraphs[0].tensors[tensor].shape for tensor in stream.tensors}
    places = {
        tensor: Patches(tensor, int(np.prod(shapes[tensor][:-1])), 1, stream.channels)
        for tensor in sorted(stream.tensors.difference(stream.constants))
    }
    found = inner_values(floats, windows, places.values(), _ALL_PLACES)
    values: dict[int, Real] = {tensor: found[place][:, 0].astype(np.float64) for tensor, place in places.items()}
    return values | {tensor: float_constant(twin, tensor).reshape(-1, stream.channels) for tensor in stream.constants}


def _find(twin: Any) -> list[_Stream]:
    """Those whose channels are free, each with one addition at least."""
    layers = [layer for layer, _ in find_pairs(twin, twin)]
    found: list[_Stream] = []
    for operator in twin.subgraphs[0].operators:
        start = int(operator.outputs[0])
        if operator_name(twin, operator) == "ADD" and not any(start in stream.tensors for stream in found):
            found += _around(twin, layers, start)
    return found


def _around(twin: Any, layers: list[LinearLayer], start: int) -> list[_Stream]:
    """The stream with a tensor, or none."""
    graph = twin.subgraphs[0]
    channels = int(graph.tensors[start].shape[-1])
    joins = [join for operator in graph.operators if (join := _join(twin, operator, channels)) is not None]
    tensors, before = {start}, 0
    while len(tensors) > before:
        before = len(tensors)
        tensors |= {one for inputs, output in joins if {*inputs, output} & tensors for one in (*inputs, output)}
    constants = [tensor for tensor in sorted(tensors) if constant_bytes(twin, graph.tensors[tensor])]
    pooled = {one for inputs, output in joins if output in tensors and _pools(twin, output) for one in inputs}
    for inputs, output in reversed(joins):  # back to what was added
        pooled |= set(inputs) if output in pooled and len(inputs) == 1 else set()
    stream = _Stream(
        channels,
        frozenset(tensors),
        tuple(layer for layer in layers if layer.output in tensors),
        tuple(layer for layer in layers if layer.input in tensors),
        tuple(constants),
        tuple(join for join in joins if join[1] in tensors),
        frozenset(pooled),
    )
    return [stream] if _is_free(twin, stream) else []


def _is_free(twin: Any, stream: _Stream) -> bool:
    """Whether nothing else makes or reads its tensors, and all around them have its channels."""
    graph, channels = twin.subgraphs[0], stream.channels
    made = {output for _, output in stream.joins} | {layer.output for layer in stream.writers} | {*stream.constants}
    reads = sum(int(tensor) in stream.tensors for operator in graph.operators for tensor in operator.inputs)
    known = sum(len(inputs) for inputs, _ in stream.joins) + len(stream.readers)
    return (
        len(stream.writers) > 0
        and made == stream.tensors
        and reads == known
        and stream.tensors.isdisjoint(map(int, (*graph.inputs, *graph.outputs)))
        and all(int(graph.tensors[tensor].shape[-1]) == channels for tensor in stream.tensors)
        and all(layer.activation == 0 and layer.shape[:2] == (1, channels) for layer in stream.writers)
        and all((layer.shape[0], layer.shape[2]) == (1, channels) for layer in stream.readers)
    )


def _join(twin: Any, operator: Any, channels: int) -> tuple[tuple[int, ...], int] | None:
    """What an addition, a move that leaves the last axis alone, or a pooling joins."""
    graph, name = twin.subgraphs[0], operator_name(twin, operator)
    inputs, output = [int(tensor) for tensor in operator.inputs], int(operator.outputs[0])
    if not inputs or int(graph.tensors[output].shape[-1]) != channels:
        return None
    if name == "ADD" and operator.builtinOptions.fusedActivationFunction == 0:
        return tuple(inputs), output
    if name == "RESHAPE" and int(graph.tensors[inputs[0]].shape[-1]) == channels:
        return (inputs[0],), output
    return ((inputs[1],), output) if _pools(twin, output) else None


def _pools(twin: Any, tensor: int) -> bool:
    """Whether a tensor is a product with a softmax's weights, over which the rows of the other factor are averaged."""
    makers = {int(output): operator for operator in twin.subgraphs[0].operators for output in operator.outputs}
    maker = makers.get(tensor)
    if maker is None or operator_name(twin, maker) != "BATCH_MATMUL":
        return False
    weights = makers.get(int(maker.inputs[0]))
    options = maker.builtinOptions
    return weights is not None and operator_name(twin, weights) == "SOFTMAX" and not (options.adjX or options.adjY)
