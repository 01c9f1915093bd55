"""MEAN over any axes: int32 sums, one multiplier that holds the division too."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.fixed_point import quantize_multiplier
from codegen.ir import Graph, Op, OpSite, Rule
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.loops import MAX_MEAN_LOOPS, contiguous_steps, merge_loops, padded
from codegen.ops.rules import constant
from codegen.rows import WHOLE, Access, Rows


def reduced_axes(op: Op, graph: Graph) -> tuple[int, ...]:
    """The axes as non-negative numbers, each once."""
    rank, data = len(graph.operand(op, 0).shape), graph.operand(op, 1).data
    assert data is not None
    return tuple(sorted({int(axis) % rank for axis in data.ravel()}))


def _axes_valid(op: Op, graph: Graph) -> bool:
    rank, data = len(graph.operand(op, 0).shape), graph.operand(op, 1).data
    return data is not None and rank > 0 and all(-rank <= int(axis) < rank for axis in data.ravel())


def _kept_size(op: Op, graph: Graph) -> int:
    if not _axes_valid(op, graph):
        return -1
    axes = reduced_axes(op, graph)
    return math.prod(n for axis, n in enumerate(graph.operand(op, 0).shape) if axis not in axes)


def _loops(op: Op, graph: Graph) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    """(extent, step) of the kept and of the reduced axes, neighbours merged."""
    shape, axes = graph.operand(op, 0).shape, reduced_axes(op, graph)
    steps = contiguous_steps(shape)
    kept = merge_loops([(shape[i], steps[i]) for i in range(len(shape)) if i not in axes])
    reduced = merge_loops([(shape[i], steps[i]) for i in axes])
    return kept, reduced


@dataclass(frozen=True, slots=True)
class Mean(Op):
    """Arithmetic mean (TFLite reduce.h, QuantizedMeanOrSum); `keep_dims` only shapes the output."""

    NAME: ClassVar[str] = "MEAN"
    ARITY: ClassVar[tuple[int, int]] = (2, 2)
    RULES: ClassVar[tuple[Rule, ...]] = (
        constant(1, "int32"),
        Rule("axes", _axes_valid, lambda op, graph: graph.operand(op, 1).data, "axes of the input"),
        Rule(
            "output size",
            lambda op, graph: not _axes_valid(op, graph) or graph.output(op).size == _kept_size(op, graph),
            lambda op, graph: graph.output(op).size,
            "the product of the kept extents",
        ),
        Rule(
            "axes order",
            lambda op, graph: not _axes_valid(op, graph) or max(map(len, _loops(op, graph))) <= MAX_MEAN_LOOPS,
            lambda op, graph: graph.operand(op, 1).data,
            f"at most {MAX_MEAN_LOOPS} separate groups of kept and of reduced axes",
        ),
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> Mean:
        return cls(site)

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        given, output, reduced = graph.operand(self, 0).shape, graph.output(self).shape, reduced_axes(self, graph)
        kept = [own for own in range(len(given)) if own not in reduced]
        own = axis if len(output) == len(given) else kept[axis]
        return None if own in reduced else (Rows(own), WHOLE)

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        given, output = graph.operand(self, 0), graph.output(self)
        kept, reduced = (padded(loops, MAX_MEAN_LOOPS) for loops in _loops(self, graph))
        count = given.size // output.size
        multiplier, shift = quantize_multiplier(given.scale / output.scale)
        # The division by the count goes into the multiplier, with as many extra bits as fit.
        extra = min(count.bit_length() - 1, 32, 31 + shift)
        params: dict[str, ParamValue] = {
            "kept_extent": tuple(extent for extent, _ in kept),
            "kept_step": tuple(step for _, step in kept),
            "reduced_extent": tuple(extent for extent, _ in reduced),
            "reduced_step": tuple(step for _, step in reduced),
            "sum_offset": -given.zero_point * count,
            "output_offset": output.zero_point,
            "multiplier": (multiplier << extra) // count,
            "shift": shift - extra,
        }
        return (KernelCall("mean", self.site.inputs[:1], self.site.outputs[0], params),)
