"""Ranges of tensors inside a network by percentile or by least square error, instead of from least to largest value.

The conversion's ranges hold the least and the largest value that it saw. Where a kernel takes any scale, a range may
leave out what is rare, and what is left is rounded less coarsely.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinyser.convert.inner_values import inner_values
from tinyser.convert.linear_layers import Patches, Real, find_pairs
from tinyser.convert.paired_tensors import paired_tensors
from tinyser.convert.ranges import least_error, range_of, set_range
from tinyser.convert.tflite_file import constant_bytes, load, operator_name, write_model
from tinyser.runtimes.runtime import Floats

_PERCENTILE = 0.05  # at each end
_PLACES = 64  # of a tensor, in a window
_VALUES = 1 << 16  # of a tensor, at most
_AT_ONCE = 32  # tensors, for the memory's sake


def percentile(values: Real) -> tuple[float, int]:
    """Scale and zero point of all but a thousandth of (n, channels)."""
    low, high = np.percentile(values, (_PERCENTILE, 100 - _PERCENTILE))
    return range_of(float(low), float(high))


MINMAX = "minmax"  # what the conversion does
_CHOOSE: Mapping[str, Callable[[Real], tuple[float, int]]] = {"percentile": percentile, "mse": least_error}
WAYS = (MINMAX, *_CHOOSE)
# Those of which `quantize` takes the better one; why not the third: docs/quantize.md.
AUTO = (MINMAX, "mse")
# Kernels that take any scale of all they read and make.
_FREE = (
    *("ADD", "SUB", "MUL", "SQUARED_DIFFERENCE", "MEAN", "SUM", "BATCH_MATMUL", "RSQRT"),
    *("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D"),
)
_LAYERS = _FREE[-3:]
# And those whose output has a scale of its own.
_FIXED = ("SOFTMAX", "LOGISTIC", "TANH")
# What they make has the scale of what they read.
_SAME = (
    *("RESHAPE", "SQUEEZE", "EXPAND_DIMS", "TRANSPOSE", "PAD", "CONCATENATION", "SLICE", "STRIDED_SLICE", "SPLIT"),
    *("AVERAGE_POOL_2D", "MAX_POOL_2D"),
)


def set_free_ranges(int8: Path, floats: Path, windows: Floats, way: str, target: Path) -> Path:
    """Writes `int8` with other ranges to `target`, and returns it; with `minmax`, `int8` as it is.

    `floats` is the same graph in float32, `windows` float32 (windows, *input shape without batch). Constants stay:
    `refit` has to write those that go with the ranges. Raises ToolError when TFLite fails.
    """
    if way == MINMAX:
        return int8
    model, twin = load(int8), load(floats)
    groups = _free_groups(model, twin)
    listed = list(groups.items())
    for some in (listed[first : first + _AT_ONCE] for first in range(0, len(listed), _AT_ONCE)):
        places = {other: _places(twin, other) for other, _ in some}
        values = inner_values(floats, windows, places.values(), _PLACES)
        for other, tensors in some:
            seen = values[places[other]][:, 0]
            found = _CHOOSE[way](seen[:: max(1, seen.size // _VALUES)])
            for tensor in tensors:
                set_range(model, tensor, *found)
    write_model(model, target)
    return target


def _places(twin: Any, tensor: int) -> Patches:
    shape = tuple(map(int, twin.subgraphs[0].tensors[tensor].shape))
    return Patches(tensor, int(np.prod(shape[:-1])), 1, shape[-1])


def _free_groups(model: Any, twin: Any) -> dict[int, list[int]]:
    """Tensors of the int8 graph that share a scale which is free, by the float graph's tensor of these values.

    Where several operators' values share one, as with CONCATENATION, it stays as it is.
    """
    same, difference = paired_tensors(model, twin)
    if difference is not None:
        return {}
    group, fixed = _groups(model, {mine.weights for mine, _ in find_pairs(model, twin)})
    makers: dict[tuple[int, ...], list[int]] = {}
    for operator in model.subgraphs[0].operators:
        made = int(operator.outputs[0])
        if operator_name(model, operator) in _FREE and made in same and not fixed & set(group[made]):
            makers.setdefault(tuple(group[made]), []).append(same[made])
    return {others[0]: list(tensors) for tensors, others in makers.items() if len(others) == 1}


def _groups(model: Any, rewritten: set[int]) -> tuple[dict[int, list[int]], set[int]]:
    """Of each tensor those that share its scale, and the tensors whose scale is not free.

    `rewritten`: weights of layers whose constants are written anew.
    """
    graph = model.subgraphs[0]
    group: dict[int, list[int]] = {}
    fixed: set[int] = {*map(int, graph.inputs), *map(int, graph.outputs)}
    for operator in graph.operators:
        name = operator_name(model, operator)
        reads, makes = ([int(tensor) for tensor in side if tensor >= 0] for side in (operator.inputs, operator.outputs))
        reads = [tensor for tensor in reads if not constant_bytes(model, graph.tensors[tensor])]
        for tensor in (*reads, *makes):
            group.setdefault(tensor, [tensor])
        if name in _SAME:
            together = sorted({tensor for one in (*reads, *makes) for tensor in group[one]})
            group.update(dict.fromkeys(together, together))
        elif name in _FIXED:
            fixed.update(makes)
        elif name not in _FREE or (name in _LAYERS and int(operator.inputs[1]) not in rewritten):
            fixed.update((*reads, *makes))
    return group, fixed
