"""PADV2: a given value around a tensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.ir import QUANTIZED_TYPES, Graph, Rule
from codegen.ops.pad import Pad
from codegen.ops.rules import constant, one_type
from codegen.rows import WHOLE, Access


@dataclass(frozen=True, slots=True)
class PadV2(Pad):
    """A PAD with another value than the zero point."""

    NAME: ClassVar[str] = "PADV2"
    ARITY: ClassVar[tuple[int, int]] = (3, 3)
    RULES: ClassVar[tuple[Rule, ...]] = (
        *Pad.RULES,
        constant(2, *QUANTIZED_TYPES),
        one_type(0, 2),
        Rule(
            "number of values",
            lambda op, graph: graph.operand(op, 2).size == 1,
            lambda op, graph: graph.operand(op, 2).size,
            "1",
        ),
        Rule(
            "quantization of the value",
            lambda op, graph: (graph.operand(op, 2).scale, graph.operand(op, 2).zero_point)
            == (graph.output(op).scale, graph.output(op).zero_point),
            lambda op, graph: graph.operand(op, 2).describe(),
            "the output's scale and zero point",
        ),
    )

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        access = Pad.row_access(self, graph, axis)
        return None if access is None else (*access, WHOLE)

    def value(self, graph: Graph) -> int:
        data = graph.operand(self, 2).data
        assert data is not None
        return int(data.ravel()[0])
