"""STRIDED_SLICE: NumPy's x[begin:end:stride] with TFLite's masks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.ir import QUANTIZED_TYPES, Graph, Op, OpSite, Rule
from codegen.kernel_call import KernelCall
from codegen.ops.operands import integers
from codegen.ops.rules import constant, one_type, rank
from codegen.ops.strided_copy import slice_copy
from codegen.rows import WHOLE, Access, Rows


def _vectors_complete(op: Op, graph: Graph) -> bool:
    count = len(graph.operand(op, 0).shape)
    operands = [graph.operand(op, position) for position in (1, 2, 3)]
    return all(t.is_constant and t.size == count for t in operands) and 0 not in integers(op, graph, 3)


@dataclass(frozen=True, slots=True)
class StridedSlice(Op):
    """Slices with a constant begin, end and stride per axis; a bit per axis in each mask."""

    begin_mask: int
    end_mask: int
    shrink_axis_mask: int
    unsupported_masks: int

    NAME: ClassVar[str] = "STRIDED_SLICE"
    ARITY: ClassVar[tuple[int, int]] = (4, 4)
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    RULES: ClassVar[tuple[Rule, ...]] = (
        one_type(0),
        rank(0, (1, 2, 3, 4)),
        constant(1, "int32"),
        constant(2, "int32"),
        constant(3, "int32"),
        Rule(
            "ellipsis, new-axis or offset mask",
            lambda op, graph: op.unsupported_masks == 0,
            lambda op, graph: op.unsupported_masks,
            "none",
        ),
        Rule(
            "begin, end and strides",
            _vectors_complete,
            lambda op, graph: "incomplete or of stride 0",
            "one of each per axis, strides not 0",
        ),
        Rule(
            "output shape",
            lambda op, graph: not _vectors_complete(op, graph) or op.output_shape(graph) == graph.output(op).shape,
            lambda op, graph: graph.output(op).shape,
            "what begin, end and strides give",
        ),
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> StridedSlice:
        unsupported = int(options.get("EllipsisMask", 0)) | int(options.get("NewAxisMask", 0))
        return cls(
            site,
            int(options.get("BeginMask", 0)),
            int(options.get("EndMask", 0)),
            int(options.get("ShrinkAxisMask", 0)),
            unsupported | int(bool(options.get("Offset", False))),
        )

    def spans(self, graph: Graph) -> list[tuple[int, int, int]]:
        """(first index, count, stride) per axis of the input (TFLite strided_slice_logic.h)."""
        begins, ends, strides = (integers(self, graph, position) for position in (1, 2, 3))
        return [
            self._span(axis, size, begins[axis], ends[axis], strides[axis])
            for axis, size in enumerate(graph.operand(self, 0).shape)
        ]

    def _span(self, axis: int, size: int, begin: int, end: int, stride: int) -> tuple[int, int, int]:
        bit = 1 << axis
        low, high = (0, size) if stride > 0 else (-1, size - 1)
        first = (low if stride > 0 else high) if self.begin_mask & bit else begin + (size if begin < 0 else 0)
        first = min(max(first, low), high)
        if self.shrink_axis_mask & bit:
            return first, 1, 1
        last = (high if stride > 0 else low) if self.end_mask & bit else end + (size if end < 0 else 0)
        last = min(max(last, low), high)
        return first, max(math.ceil((last - first) / stride), 0), stride

    def output_shape(self, graph: Graph) -> tuple[int, ...]:
        kept = [span for axis, span in enumerate(self.spans(graph)) if not self.shrink_axis_mask & (1 << axis)]
        return tuple(count for _, count, _ in kept)

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        kept = [own for own in range(len(graph.operand(self, 0).shape)) if not self.shrink_axis_mask & (1 << own)]
        own = kept[axis]
        untouched = self.spans(graph)[own] == (0, graph.operand(self, 0).shape[own], 1)
        # An end beyond a block of rows is clamped to it.
        return (Rows(own), WHOLE, WHOLE, WHOLE) if untouched and integers(self, graph, 2)[own] >= 0 else None

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        return (slice_copy(self, graph, self.spans(graph)),)
