"""Gives attention's tensors values that int8 holds well: scores near 0 where they matter, channels of one size.

Softmax sees neither what all scores of a query have in common nor what lies far below their largest. A constant added
to a key's bias adds to all scores of a query the same, which depends on the query: it is chosen so that every query's
largest score lies near 0, and the range then ends a little below the least of these. Channels of query and key, which
meet in products, take opposite factors. Values are averaged with weights that sum to 1, so that their channels take a
factor and a shift, which the layer behind takes back: they are centred and made alike. The function stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinyser.convert.attention_graph import MOVES, Attention, Side, find_attention
from tinyser.convert.inner_values import inner_values
from tinyser.convert.linear_layers import Patches, Real, float_bias, float_weights, write_float
from tinyser.convert.paired_tensors import int8_tensors
from tinyser.convert.ranges import LEAST, range_of, set_range
from tinyser.convert.tflite_file import load, operator_name, write_model
from tinyser.runtimes.runtime import Floats

_RIDGE = 0.3  # of what is added to keys, over the mean square of a query's entries: large keys are rounded coarsely
_DEPTH = 10.0  # of scores, below the least largest one of a query
_ROOM_OF_SCORES = 0.1  # at either end, of what lies between queries' largest scores
_ROOM = 1.2  # of values' ranges, for speakers who were not heard: here steps cost least
_LARGEST_FACTOR = 8.0
_ALL_PLACES = 1 << 16  # of a window


def even_attention(int8: Path, floats: Path, windows: Floats) -> int:
    """Rewrites both graphs, and returns how many attentions were changed.

    `windows` is float32 (windows, *input shape without batch). In the int8 file only ranges change: `refit` has to
    write the constants that go with them. Raises ToolError when TFLite fails.
    """
    model, twin = load(int8), load(floats)
    same = int8_tensors(model, twin)
    found = find_attention(twin) if same else []
    if found:
        tensors = [tensor for one in found for tensor in _made(one)]
        places = {tensor: _every_place(twin, tensor) for tensor in tensors}
        seen = inner_values(floats, windows, places.values(), _ALL_PLACES)
        rows = {
            tensor: np.asarray(seen[place], np.float64).reshape(len(windows), -1) for tensor, place in places.items()
        }
        for one in found:
            _even_scores(model, twin, same, one, rows)
            _even_values(model, twin, same, one, rows)
    write_model(model, int8)
    write_model(twin, floats)
    return len(found)


def _made(one: Attention) -> tuple[int, ...]:
    return one.query.tensor, one.key.tensor, one.value.tensor, one.mixed


def _even_scores(model: Any, twin: Any, same: Mapping[int, int], one: Attention, rows: Mapping[int, Real]) -> None:
    """`rows`: of each tensor, all that a window has, (windows, values)."""
    # (windows, heads, positions, width)
    queries, keys = (rows[side.tensor][:, side.places] for side in (one.query, one.key))
    shift = np.stack([_key_shift(queries[:, head], keys[:, head]) for head in range(queries.shape[1])])
    keys = keys + shift[:, np.newaxis]
    factor = np.sqrt(_largest(queries) / _largest(keys))
    queries, keys = queries / factor[:, np.newaxis], keys * factor[:, np.newaxis]
    _write_made(twin, one.query, 1 / factor, np.zeros_like(shift))
    _write_made(twin, one.key, factor, shift)
    _set_ranges(model, same[one.query.tensor], queries)
    _set_ranges(model, same[one.key.tensor], keys)
    tops = (queries @ keys.swapaxes(2, 3)).max(axis=3)
    low, high = float(tops.min()), float(tops.max())
    room = _ROOM_OF_SCORES * (high - low)
    set_range(model, same[one.scores], *range_of(low - room - _DEPTH, high + room))


def _key_shift(queries: Real, keys: Real) -> Real:
    """(width,) of one head, from (windows, positions, width)."""
    tops = (queries @ keys.swapaxes(1, 2)).max(axis=2).ravel()
    flat = queries.reshape(-1, queries.shape[2])
    square = flat.T @ flat
    ridge = max(_RIDGE * float(np.trace(square)) / len(square), LEAST) * np.eye(len(square))
    return np.asarray(-np.linalg.solve(square + ridge, flat.T @ tops))


def _even_values(model: Any, twin: Any, same: Mapping[int, int], one: Attention, rows: Mapping[int, Real]) -> None:
    values = rows[one.value.tensor][:, one.value.places]
    # Rounded weights do not quite sum to 1, which then matters least.
    shift = values.mean(axis=(0, 2))
    largest = _largest(values - shift[:, np.newaxis])
    factor = np.clip(np.median(largest) / largest, 1 / _LARGEST_FACTOR, _LARGEST_FACTOR)
    _write_made(twin, one.value, factor, -shift)
    weights, bias = float_weights(twin, one.out.layer), float_bias(twin, one.out.layer)
    write_float(twin, one.out.layer, weights / one.out.by_channel(factor), bias + weights @ one.out.by_channel(shift))
    mixed = rows[one.mixed].reshape(len(values), *one.out.places.shape)
    for tensor, of in ((one.value.tensor, values), (one.mixed, mixed)):
        _set_ranges(model, same[tensor], _ROOM * (of - shift[:, np.newaxis]) * factor[:, np.newaxis])


def _write_made(twin: Any, side: Side, factor: Real, shift: Real) -> None:
    """So that the layer makes factor * (value + shift), each (heads, width)."""
    weights, bias = float_weights(twin, side.layer), float_bias(twin, side.layer)
    by_channel = side.by_channel(factor)
    write_float(twin, side.layer, weights * by_channel[:, np.newaxis], (bias + side.by_channel(shift)) * by_channel)


def _largest(values: Real) -> Real:
    """(windows, heads, positions, width) -> (heads, width)."""
    return np.maximum(np.abs(values).max(axis=(0, 2)), LEAST)


def _set_ranges(model: Any, tensor: int, values: Real) -> None:
    """Of an int8 tensor, and of what moves make of it."""
    moved = [tensor]
    for operator in model.subgraphs[0].operators:
        if int(operator.inputs[0]) in moved and operator_name(model, operator) in MOVES:
            moved.append(int(operator.outputs[0]))
    for each in moved:
        set_range(model, each, *range_of(float(values.min()), float(values.max())))


def _every_place(twin: Any, tensor: int) -> Patches:
    shape = tuple(map(int, twin.subgraphs[0].tensors[tensor].shape))
    return Patches(tensor, int(np.prod(shape[:-1])), 1, shape[-1])
