"""SLICE: a box of given size out of a tensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.ir import QUANTIZED_TYPES, Graph, Op, Rule
from codegen.kernel_call import KernelCall
from codegen.ops.operands import integers
from codegen.ops.rules import constant, one_type, rank
from codegen.ops.strided_copy import slice_copy

TO_THE_END = -1  # as a size


def _box(op: Op, graph: Graph) -> list[tuple[int, int]]:
    """(first index, count) per axis."""
    limits = zip(graph.operand(op, 0).shape, integers(op, graph, 1), integers(op, graph, 2), strict=True)
    return [(first, extent - first if count == TO_THE_END else count) for extent, first, count in limits]


def _complete(op: Op, graph: Graph) -> bool:
    """The kernel of TFLM reads one begin and size per axis, of one type."""
    begin, size = graph.operand(op, 1), graph.operand(op, 2)
    return begin.shape == size.shape == (len(graph.operand(op, 0).shape),) and begin.dtype == size.dtype


def _inside(op: Op, graph: Graph) -> bool:
    extents = graph.operand(op, 0).shape
    return all(
        first >= 0 and 0 < count <= extent - first
        for extent, (first, count) in zip(extents, _box(op, graph), strict=True)
    )


@dataclass(frozen=True, slots=True)
class Slice(Op):
    """One copy."""

    NAME: ClassVar[str] = "SLICE"
    ARITY: ClassVar[tuple[int, int]] = (3, 3)
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    RULES: ClassVar[tuple[Rule, ...]] = (
        one_type(0),
        rank(0, (1, 2, 3, 4, 5)),
        constant(1, "int32", "int64"),
        constant(2, "int32", "int64"),
        Rule(
            "begin and size",
            _complete,
            lambda op, graph: " and ".join(graph.operand(op, position).describe() for position in (1, 2)),
            "one of each per axis, both of one type",
        ),
        Rule(
            "begin and size",
            _inside,
            lambda op, graph: f"{integers(op, graph, 1)} and {integers(op, graph, 2)}",
            "a box inside the input, a size of -1 reaches to the end",
        ),
        Rule(
            "output shape",
            lambda op, graph: graph.output(op).shape == tuple(count for _, count in _box(op, graph)),
            lambda op, graph: graph.output(op).shape,
            "the sizes",
        ),
    )

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        spans = [(first, count, 1) for first, count in _box(self, graph)]
        return (slice_copy(self, graph, spans),)
