"""What SOFTMAX, LOG_SOFTMAX and L2_NORMALIZATION share: rows along the last axis, each for itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.ir import Graph, Op, Rule
from codegen.kernel_call import ParamValue
from codegen.ops.rules import SAME_SHAPE, element_type
from codegen.rows import Access, Rows

ROW_RULES: tuple[Rule, ...] = (
    SAME_SHAPE,
    Rule("rank", lambda op, graph: len(graph.operand(op, 0).shape) >= 1, lambda op, graph: 0, "1 or more"),
)
LAST_AXIS_RULES: tuple[Rule, ...] = (element_type(0, "int8"), *ROW_RULES)


@dataclass(frozen=True, slots=True)
class LastAxis(Op):
    """Base of the operators whose kernels read a whole row before they write it."""

    RULES: ClassVar[tuple[Rule, ...]] = LAST_AXIS_RULES

    def overwrites(self, graph: Graph) -> tuple[int, ...]:
        return (0,)

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        return None if axis == len(graph.output(self).shape) - 1 else (Rows(axis),)

    def matrix_params(self, graph: Graph) -> dict[str, ParamValue]:
        """The tensor as rows and columns."""
        given = graph.operand(self, 0)
        return {"rows": given.size // given.shape[-1], "columns": given.shape[-1]}


def row_length(largest: int) -> Rule:
    """How long a row may be, so that the kernel's sum has room."""
    return Rule(
        "row length",
        lambda op, graph: graph.operand(op, 0).shape[-1] <= largest,
        lambda op, graph: graph.operand(op, 0).shape[-1],
        f"at most {largest}",
    )
