"""SPLIT_V: parts of given sizes along one axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from codegen.ir import QUANTIZED_TYPES, Graph, Op, Rule
from codegen.kernel_call import KernelCall
from codegen.ops.axes import constant_axis
from codegen.ops.operands import integers
from codegen.ops.parts import are_parts, take_apart
from codegen.ops.rules import constant, one_type

REST = -1  # the one size that is what the others leave


def _axis(op: Op, graph: Graph) -> int | None:
    return constant_axis(op, graph, 2, len(graph.operand(op, 0).shape))


def _parts_fit(op: Op, graph: Graph) -> bool:
    axis, shape = _axis(op, graph), graph.operand(op, 0).shape
    return axis is not None and are_parts([graph.tensors[index].shape for index in op.site.outputs], shape, axis)


def _sizes_fit(op: Op, graph: Graph) -> bool:
    axis, sizes = _axis(op, graph), graph.operand(op, 1).data
    parts = [graph.tensors[index].shape[axis] for index in op.site.outputs if axis is not None]
    if sizes is None or sizes.size != len(parts):
        return False
    given = [int(size) for size in sizes.ravel()]
    return given.count(REST) <= 1 and all(size in (part, REST) for size, part in zip(given, parts, strict=True))


@dataclass(frozen=True, slots=True)
class SplitV(Op):
    """One copy per part; the parts' own shapes are their sizes."""

    NAME: ClassVar[str] = "SPLIT_V"
    ARITY: ClassVar[tuple[int, int]] = (3, 3)
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUTS: ClassVar[int | None] = None
    RULES: ClassVar[tuple[Rule, ...]] = (
        one_type(0),
        constant(1, "int32", "int64"),
        constant(2, "int32"),
        Rule(
            "axis",
            lambda op, graph: _axis(op, graph) is not None,
            lambda op, graph: integers(op, graph, 2),
            "one axis of the input",
        ),
        Rule(
            "output shapes",
            _parts_fit,
            lambda op, graph: [graph.tensors[index].shape for index in op.site.outputs],
            "the input's shape, its axis shared out",
        ),
        Rule(
            "sizes",
            _sizes_fit,
            lambda op, graph: integers(op, graph, 1),
            "those of the outputs along the axis, one of them may be -1",
        ),
    )

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        return take_apart(self, graph, 0, math.prod(graph.operand(self, 0).shape[: _axis(self, graph)]))
