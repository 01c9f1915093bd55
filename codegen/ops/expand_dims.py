"""EXPAND_DIMS: one more axis of extent 1, which moves no byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.ir import QUANTIZED_TYPES, Graph, Op, Rule
from codegen.ops.axes import constant_axis
from codegen.ops.operands import integers
from codegen.ops.rules import FOLDABLE_INPUT, SAME_TYPE, constant
from codegen.rows import WHOLE, Access, same_bytes_access


def _axis(op: Op, graph: Graph) -> int | None:
    """The new axis, counted among those of the output."""
    return constant_axis(op, graph, 1, len(graph.operand(op, 0).shape) + 1)


def _expanded(op: Op, graph: Graph) -> tuple[int, ...]:
    shape, axis = graph.operand(op, 0).shape, _axis(op, graph)
    assert axis is not None
    return (*shape[:axis], 1, *shape[axis:])


@dataclass(frozen=True, slots=True)
class ExpandDims(Op):
    """A view."""

    NAME: ClassVar[str] = "EXPAND_DIMS"
    ARITY: ClassVar[tuple[int, int]] = (2, 2)
    IS_VIEW: ClassVar[bool] = True
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    RULES: ClassVar[tuple[Rule, ...]] = (
        FOLDABLE_INPUT,
        SAME_TYPE,
        constant(1, "int32"),
        Rule(
            "axis",
            lambda op, graph: _axis(op, graph) is not None,
            lambda op, graph: integers(op, graph, 1),
            "one axis of the output",
        ),
        Rule(
            "output shape",
            lambda op, graph: graph.output(op).shape == _expanded(op, graph),
            lambda op, graph: graph.output(op).shape,
            "the input's shape with an axis 1 long put in",
        ),
    )

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        access = same_bytes_access(graph.output(self).shape, graph.operand(self, 0).shape, axis)
        return None if access is None else (*access, WHOLE)
