"""Takes operators that need all rows of a tensor at once apart: into sums, which add up block of rows by block of rows
as these are computed, and what scales them. The tensor then need never be whole.

Exact because sums of integers that fit into 32 bits do not depend on their order. Done only where it makes the arena
smaller by more than may be spent on fewer kernel calls.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from codegen.ir import Graph, Op, Tensor
from codegen.lifetimes import lifetimes
from codegen.ops.average_pool_2d import AveragePool2D
from codegen.ops.fully_connected import FullyConnected
from codegen.ops.linear import folded_bias
from codegen.ops.reduction import reduced_axes
from codegen.ops.row_sums import ColumnSums, RowSums, ScaledSums, WeightedSums
from codegen.ops.sum import Sum
from codegen.quantization import activation_range, channel_multipliers
from codegen.rows import outermost_axis
from codegen.schedule import choose_regions, smallest_peak

MOST_PRODUCTS = 2**31 // 128**2 - 1  # of int8 values, whose sum then fits into 32 bits
MOST_POOLED = 2**11  # values of which the average is their sum times a multiplier


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """An operator as sums, with weights (rows, sums, values of a row) or without, and what `ScaledSums` makes of it."""

    scales: np.ndarray
    output_offset: int
    output_range: tuple[int, int]
    weights: Tensor | None = None


def sum_by_rows(graph: Graph, slack: float) -> Graph:
    """Takes apart as few operators as an arena needs that is at most `slack` times larger than the smallest."""
    apart = [op for op in graph.ops if parts_of(op, graph) is not None]
    allowed = (1 + slack) * smallest_peak(take_apart(graph, apart))
    if _arena(graph, slack) <= allowed:
        return graph
    for op in tuple(apart):
        fewer = [other for other in apart if other is not op]
        if _arena(take_apart(graph, fewer), slack) <= allowed:
            apart = fewer
    return take_apart(graph, apart)


def _arena(graph: Graph, slack: float) -> int:
    """Bytes that live at the same time with the regions that are chosen."""
    return lifetimes(graph, choose_regions(graph, slack)).peak(-1, len(graph.ops) + 1)


def take_apart(graph: Graph, apart: Collection[Op]) -> Graph:
    """The graph with these operators, of which `parts_of` gives parts, as two operators each."""
    if not apart:
        return graph
    ops: list[Op] = []
    for op in graph.ops:
        parts = parts_of(op, graph) if op in apart else None
        if parts is None:
            ops.append(op)
            continue
        index = 1 + max(other.site.index for other in (*graph.ops, *ops))
        output = graph.output(op)
        sums = len(graph.tensors)
        made = [Tensor(f"sums of {output.name}", (output.size,), "int32")]
        site = replace(op.site, index=index, inputs=op.site.inputs[:1], outputs=(sums,))
        row_sums: RowSums = ColumnSums(site)
        if parts.weights is not None:
            made.append(parts.weights)
            row_sums = WeightedSums(replace(site, inputs=(*site.inputs, sums + 1)))
        graph = replace(graph, tensors=(*graph.tensors, *made))
        site = replace(op.site, inputs=(sums,))
        ops += [row_sums, ScaledSums(site, parts.scales, parts.output_offset, parts.output_range)]
    return replace(graph, ops=tuple(ops))


def parts_of(op: Op, graph: Graph) -> Parts | None:
    """None for an operator that gives no sums over rows."""
    if not op.site.inputs or graph.output(op).dtype != "int8" or _row_count(op.site.inputs[0], graph) is None:
        return None
    if isinstance(op, FullyConnected):
        return _linear_parts(op, graph)
    if isinstance(op, Sum):
        return _sum_parts(op, graph)
    return _pool_parts(op, graph) if isinstance(op, AveragePool2D) else None


def _row_count(tensor: int, graph: Graph) -> int | None:
    """How many rows of several values an operand has; those of a view are those of what it is a view of."""
    producer = graph.producer(tensor)
    while producer is not None and producer.IS_VIEW:
        tensor = producer.site.inputs[0]
        producer = graph.producer(tensor)
    shape = graph.tensors[tensor].shape
    axis = outermost_axis(shape)
    return shape[axis] if axis is not None and math.prod(shape[axis + 1 :]) > 1 else None


def _linear_parts(op: FullyConnected, graph: Graph) -> Parts | None:
    given, weights, bias, output = (graph.operand(op, 0), graph.operand(op, 1), graph.input(op, 2), graph.output(op))
    assert weights.data is not None and weights.quant is not None
    outputs, inputs = weights.shape
    offset = 0 if weights.per_channel else weights.zero_point
    if given.size != inputs or offset or inputs > MOST_PRODUCTS:
        return None
    rows = _row_count(op.site.inputs[0], graph)
    assert rows is not None
    by_rows = np.ascontiguousarray(weights.data.reshape(outputs, rows, -1).transpose(1, 0, 2))
    multipliers = channel_multipliers(given.scale, weights.quant.scale, output.scale)
    folded = folded_bias(weights.data, None if bias is None else bias.data, 0, -given.zero_point)
    scales = np.array([(b, *multipliers[i % len(multipliers)]) for i, b in enumerate(folded)], np.int32)
    by_rows_tensor = replace(weights, shape=by_rows.shape, data=by_rows)
    return Parts(scales, output.zero_point, activation_range(op.activation, output), by_rows_tensor)


def _sum_parts(op: Sum, graph: Graph) -> Parts | None:
    """Where the reduced axes lie in front of the kept ones."""
    given, output, reduced = graph.operand(op, 0), graph.output(op), reduced_axes(op, graph)
    is_reduced = [axis in reduced for axis, extent in enumerate(given.shape) if extent > 1]
    if not is_reduced[0] or is_reduced != sorted(is_reduced, reverse=True):
        return None
    offset = -given.zero_point * (given.size // output.size)
    scales = np.array([(offset, *op.output_multiplier(graph))], np.int32)
    return Parts(scales, output.zero_point, (-128, 127))


def _pool_parts(op: AveragePool2D, graph: Graph) -> Parts | None:
    """Of one window over the whole image."""
    given, output = graph.operand(op, 0), graph.output(op)
    covers = op.filter_size[0] >= given.shape[1] and op.filter_size[1] >= given.shape[2]
    count = given.size // output.size
    if given.shape[0] > 1 or output.shape[1:3] != (1, 1) or not covers or not 2 <= count <= MOST_POOLED:
        return None
    # Sum / count, rounded half away from zero: the multiplier is so little above 2^31 / count that it moves only ties.
    scales = np.array([(0, 2**31 // count + 1, 0)], np.int32)
    return Parts(scales, 0, activation_range(op.activation, output))
