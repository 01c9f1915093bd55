"""SPLIT: equal parts along one axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from codegen.ir import QUANTIZED_TYPES, Graph, Op, Rule
from codegen.kernel_call import KernelCall
from codegen.ops.axes import constant_axis
from codegen.ops.operands import integers
from codegen.ops.parts import take_apart
from codegen.ops.rules import constant, one_type
from codegen.rows import WHOLE, Access, Rows


def _axis(op: Op, graph: Graph) -> int | None:
    return constant_axis(op, graph, 0, len(graph.operand(op, 1).shape))


def _parts_fit(op: Op, graph: Graph) -> bool:
    shape, axis = graph.operand(op, 1).shape, _axis(op, graph)
    if axis is None:
        return False
    parts = len(op.site.outputs)
    part = (*shape[:axis], shape[axis] // parts, *shape[axis + 1 :])
    return shape[axis] % parts == 0 and all(graph.output(op, i).shape == part for i in range(parts))


@dataclass(frozen=True, slots=True)
class Split(Op):
    """One copy per part."""

    NAME: ClassVar[str] = "SPLIT"
    ARITY: ClassVar[tuple[int, int]] = (2, 2)
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUTS: ClassVar[int | None] = None
    RULES: ClassVar[tuple[Rule, ...]] = (
        constant(0, "int32"),
        one_type(1),
        Rule(
            "axis",
            lambda op, graph: _axis(op, graph) is not None,
            lambda op, graph: integers(op, graph, 0),
            "one axis of the input",
        ),
        Rule("output shapes", _parts_fit, lambda op, graph: graph.output(op).shape, "equal parts of the input"),
    )

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        return None if axis == _axis(self, graph) else (WHOLE, Rows(axis))

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        return take_apart(self, graph, 1, math.prod(graph.operand(self, 1).shape[: _axis(self, graph)]))
