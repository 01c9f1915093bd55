"""ARG_MAX: where along an axis the largest value is, the first one on a tie."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from codegen.ir import Graph, Op, Rule
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.axes import constant_axis
from codegen.ops.operands import integers
from codegen.ops.rules import constant, element_type


def _axis(op: Op, graph: Graph) -> int | None:
    return constant_axis(op, graph, 1, len(graph.operand(op, 0).shape))


def _extent(op: Op, graph: Graph) -> int:
    axis = _axis(op, graph)
    assert axis is not None
    return graph.operand(op, 0).shape[axis]


@dataclass(frozen=True, slots=True)
class ArgMax(Op):
    """The index as int32 (TFLite arg_min_max.h)."""

    NAME: ClassVar[str] = "ARG_MAX"
    ARITY: ClassVar[tuple[int, int]] = (2, 2)
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = ("int32",)
    RULES: ClassVar[tuple[Rule, ...]] = (
        element_type(0, "int8"),
        constant(1, "int32"),
        Rule(
            "axis",
            lambda op, graph: _axis(op, graph) is not None,
            lambda op, graph: integers(op, graph, 1),
            "one axis of the input",
        ),
        Rule(
            "output size",
            lambda op, graph: graph.output(op).size * _extent(op, graph) == graph.operand(op, 0).size,
            lambda op, graph: f"{graph.output(op).size} elements",
            "one element for all that lie along the axis",
        ),
    )

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        shape, axis = graph.operand(self, 0).shape, _axis(self, graph)
        assert axis is not None
        params: dict[str, ParamValue] = {
            "outer": math.prod(shape[:axis]),
            "extent": shape[axis],
            "inner": math.prod(shape[axis + 1 :]),
        }
        return (KernelCall("arg_max", self.site.inputs[:1], self.site.outputs[0], params),)
