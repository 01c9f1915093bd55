"""Gives convolutions' outputs values that int8 holds well: channels of one size, padding without an error.

All channels of a tensor share a scale, so that quiet ones are rounded coarsely. And a clip shorter than the context is
padded, so that whole stretches of an output have one value, and one rounding error, which adds up where noise would
not. The layer that reads the output leaves freedom to mend both, and the function stays as it is. A channel may be
scaled, also behind ReLU, as the reader's weights take up any positive factor; without an activation it may be shifted,
as the reader's bias takes up any constant. Factors make the channels' largest values alike, shifts centre them, and
either is then moved a little so that what padding gives is a whole number of steps.

Scaling is that of Nagel et al., 2019 (arXiv 1906.04721, section 4.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinyser.convert.inner_values import inner_values
from tinyser.convert.linear_layers import LinearLayer, Patches, Real, find_pairs, float_bias, float_weights, write_float
from tinyser.convert.ranges import LEAST, least_error, range_of, set_range
from tinyser.convert.tflite_file import load, operator_name, write_model
from tinyser.runtimes.runtime import Floats

_SOME_PLACES, _MOST_PLACES = 256, 4096  # of a window: the second is every place of the models here
_LARGEST_FACTOR = 4.0
_MOVES = ("PAD", "RESHAPE")
_NO_ACTIVATION, _RELU = 0, 1
_EVEN = 1e-3  # of a channel's largest value: padding's values differ by less from place to place


@dataclass(frozen=True, slots=True)
class _Joint:
    """A convolution and the only layer that reads it, both of the float graph; `moved`: int8 tensors of its scale."""

    writer: LinearLayer
    reader: LinearLayer
    values: Patches  # every place of the writer's output
    moved: tuple[int, ...]


def settle(int8: Path, floats: Path, windows: Floats, new_int8: Path, new_floats: Path, cut_off: bool) -> int:
    """Writes both graphs anew, and returns how many convolutions were changed.

    `cut_off`: ranges, that of the input as well, are those of the least mean square error, in which rare large
    values count little; else they hold the largest value that was seen.
    `windows` is float32 (windows, *input shape without batch). In the int8 file only ranges change: `refit` has to
    write the constants that go with them. Raises ToolError when TFLite fails.
    """
    model, twin = load(int8), load(floats)
    joints = _joints(model, twin)
    if joints:
        wanted = [joint.values for joint in joints]
        seen = inner_values(floats, windows, wanted, _SOME_PLACES if cut_off else _MOST_PLACES)
        padding = inner_values(floats, np.zeros_like(windows[:1]), wanted, _MOST_PLACES)
        for joint in joints:
            _settle(model, twin, joint, seen[joint.values][:, 0], padding[joint.values][:, 0], cut_off)
    if cut_off:
        _cut_off_input(model, twin, windows)
    write_model(model, new_int8)
    write_model(twin, new_floats)
    return len(joints)


def _cut_off_input(model: Any, twin: Any, windows: Floats) -> None:
    """The input's range, where a layer that is written anew reads it."""
    source, _ = _followed(model, int(model.subgraphs[0].inputs[0]))
    if source[-1] in (mine.input for mine, _ in find_pairs(model, twin)):
        for tensor in source:
            set_range(model, tensor, *least_error(windows.reshape(-1, 1)))


def _joints(model: Any, twin: Any) -> list[_Joint]:
    pairs = find_pairs(model, twin)
    readers = {other.input: (mine, other) for mine, other in pairs}
    found = []
    for mine, other in pairs:
        shape = _shape(twin, other.output)
        path, moves = _followed(twin, other.output)
        moved, same_moves = _followed(model, mine.output)
        ours, reader = readers.get(path[-1], (None, None))
        if reader is None or ours is None or ours.input != moved[-1] or moves != same_moves or len(shape) != 4:
            continue
        if not _keeps_channels(twin, shape[3], path[-1], moves, reader):
            continue
        through = "PAD" not in moves and reader.patches.kernel == (1, 1) and reader.shape[0] == 1
        if other.activation == _RELU or (other.activation == _NO_ACTIVATION and through):
            values = Patches(other.output, int(np.prod(shape[:3])), 1, shape[3])
            found.append(_Joint(other, reader, values, moved))
    return found


def _keeps_channels(model: Any, channels: int, end: int, moves: tuple[str, ...], reader: LinearLayer) -> bool:
    """Whether each of a reader's inputs is of one channel, and channels come last: rows may be joined, but not cut."""
    if "PAD" in moves and _shape(model, end)[-1] != channels:
        return False
    groups, _, inputs = reader.shape
    return groups == channels if groups > 1 else inputs % channels == 0


def _shape(model: Any, tensor: int) -> tuple[int, ...]:
    return tuple(map(int, model.subgraphs[0].tensors[tensor].shape))


def _followed(model: Any, tensor: int) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The tensor and what moves make of it, and these moves, as long as nothing else reads it."""
    tensors: list[int] = [tensor]
    moves: list[str] = []
    while True:
        graph = model.subgraphs[0]
        readers = [operator for operator in graph.operators if tensors[-1] in map(int, operator.inputs)]
        if len(readers) != 1 or tensors[-1] in map(int, graph.outputs):
            return (*tensors, -1), tuple(moves)
        name = operator_name(model, readers[0])
        if name not in _MOVES:
            return tuple(tensors), tuple(moves)
        tensors.append(int(readers[0].outputs[0]))
        moves.append(name)


def _settle(model: Any, twin: Any, joint: _Joint, seen: Floats, padding: Floats, cut_off: bool) -> None:
    """`seen` (values, channels) over all windows, `padding` (values, channels) where there is nothing but padding."""
    rectified = joint.writer.activation == _RELU
    low, high = seen.min(axis=0).astype(np.float64), seen.max(axis=0).astype(np.float64)
    centre = np.zeros_like(low) if rectified else (low + high) / 2
    low, high = low - centre, high - centre
    largest = np.maximum(np.maximum(-low, high), LEAST)
    factor = np.clip(np.median(largest) / largest, 1 / _LARGEST_FACTOR, _LARGEST_FACTOR)
    if cut_off:
        step, zero_point = least_error((seen - centre) * factor)
    else:
        step, zero_point = range_of(float(np.min(low * factor)), float(np.max(high * factor)))
    # Where padding lies from the centre, in steps; behind ReLU 0 is exact already.
    middle = np.median(padding, axis=0).astype(np.float64)
    steps = (middle - centre) * factor / step
    even = np.mean(np.abs(padding - middle) <= _EVEN * largest, axis=0) > 0.5
    if rectified:
        factor = np.where(even & (steps > 0.5), factor * np.rint(steps) / np.maximum(steps, 0.5), factor)
        shift = centre
    else:
        shift = np.where(even, middle - np.rint(steps) * step / factor, centre)
    _write(twin, joint, factor, shift)
    for tensor in joint.moved:
        set_range(model, tensor, step, zero_point)


def _write(twin: Any, joint: _Joint, factor: Real, shift: Real) -> None:
    """Both layers' constants, so that factor * (value - shift) stands between them, each (channels,)."""
    weights, bias = float_weights(twin, joint.writer), float_bias(twin, joint.writer)
    by_channel = factor.reshape(bias.shape)
    write_float(
        twin, joint.writer, weights * by_channel[..., np.newaxis], (bias - shift.reshape(bias.shape)) * by_channel
    )
    weights, bias = float_weights(twin, joint.reader), float_bias(twin, joint.reader)
    if weights.shape[0] > 1:  # depthwise: behind ReLU, without a shift
        write_float(twin, joint.reader, weights / factor[:, np.newaxis, np.newaxis], bias)
        return
    # Channels come last among the inputs.
    factor, shift = (np.tile(of_channels, weights.shape[2] // len(factor)) for of_channels in (factor, shift))
    write_float(twin, joint.reader, weights / factor, bias + weights @ shift)
