"""What MEAN, SUM and REDUCE_MAX share: any axes are reduced, the output is contiguous over the others."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from codegen.ir import Graph, Op, Rule
from codegen.kernel_call import Nest, Shared
from codegen.ops.axes import from_front
from codegen.ops.loops import MAX_REDUCE_LOOPS, Loop, contiguous_steps, merge_loops, padded
from codegen.ops.operands import integers
from codegen.ops.rules import constant, one_type
from codegen.rows import WHOLE, Access, Rows, matching_axis


def reduced_axes(op: Op, graph: Graph) -> tuple[int, ...]:
    """The axes as non-negative numbers, each once."""
    rank = len(graph.operand(op, 0).shape)
    return tuple(sorted({axis % rank for axis in integers(op, graph, 1)}))


def _axes_valid(op: Op, graph: Graph) -> bool:
    rank = len(graph.operand(op, 0).shape)
    return all(from_front(axis, rank) is not None for axis in integers(op, graph, 1))


def _kept_size(op: Op, graph: Graph) -> int:
    axes = reduced_axes(op, graph)
    return math.prod(n for axis, n in enumerate(graph.operand(op, 0).shape) if axis not in axes)


def _loops(op: Op, graph: Graph) -> tuple[list[Loop], list[Loop]]:
    """(extent, step) of the kept and of the reduced axes, neighbours merged."""
    shape, axes = graph.operand(op, 0).shape, reduced_axes(op, graph)
    steps = contiguous_steps(shape)
    kept = merge_loops([(shape[i], steps[i]) for i in range(len(shape)) if i not in axes])
    reduced = merge_loops([(shape[i], steps[i]) for i in axes])
    return kept, reduced


def reduce_nest(values: tuple[int, ...]) -> Nest:
    """A field of `ts_reduce_t`."""
    return Nest("TS_REDUCE_NEST", values, usual=1)


REDUCTION_RULES: tuple[Rule, ...] = (
    one_type(0),
    constant(1, "int32"),
    Rule("axes", _axes_valid, lambda op, graph: integers(op, graph, 1), "axes of the input"),
    Rule(
        "output size",
        lambda op, graph: graph.output(op).size == _kept_size(op, graph),
        lambda op, graph: graph.output(op).size,
        "the product of the kept extents",
    ),
    Rule(
        "axes order",
        lambda op, graph: max(map(len, _loops(op, graph))) <= MAX_REDUCE_LOOPS,
        lambda op, graph: integers(op, graph, 1),
        f"at most {MAX_REDUCE_LOOPS} separate groups of kept and of reduced axes",
    ),
)


@dataclass(frozen=True, slots=True)
class Reduction(Op):
    """Base of the reductions (TFLite reduce.h); `keep_dims` only shapes the output."""

    ARITY: ClassVar[tuple[int, int]] = (2, 2)
    RULES: ClassVar[tuple[Rule, ...]] = REDUCTION_RULES

    def shape_param(self, graph: Graph) -> Shared:
        """Initialiser of `ts_reduce_t`."""
        kept, reduced = (padded(loops, MAX_REDUCE_LOOPS) for loops in _loops(self, graph))
        fields = {
            "kept_extent": tuple(extent for extent, _ in kept),
            "kept_step": tuple(step for _, step in kept),
            "reduced_extent": tuple(extent for extent, _ in reduced),
            "reduced_step": tuple(step for _, step in reduced),
        }
        return Shared("ts_reduce_t", {name: reduce_nest(values) for name, values in fields.items()})

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        given, reduced = graph.operand(self, 0).shape, reduced_axes(self, graph)
        kept = [own for own in range(len(given)) if own not in reduced]
        own = matching_axis(graph.output(self).shape, [given[at] for at in kept], axis)
        return None if own is None else (Rows(kept[own]), WHOLE)
