"""PACK: tensors of one shape side by side along a new axis."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.ir import QUANTIZED_TYPES, Graph, Op, OpSite, Rule
from codegen.kernel_call import KernelCall
from codegen.ops.axes import from_front
from codegen.ops.parts import join, without_axis
from codegen.ops.rules import one_type

ANY_NUMBER = 2**31 - 1


def _axis(op: Pack, graph: Graph) -> int | None:
    return from_front(op.axis, len(graph.output(op).shape))


def _fits(op: Pack, graph: Graph) -> bool:
    axis, output = _axis(op, graph), graph.output(op).shape
    if axis is None or output[axis] != len(op.site.inputs):
        return False
    part = without_axis(output, axis)
    return all(graph.tensors[index].shape == part for index in op.site.inputs)


@dataclass(frozen=True, slots=True)
class Pack(Op):
    """One copy per operand; the axis is the output's."""

    axis: int
    count: int

    NAME: ClassVar[str] = "PACK"
    ARITY: ClassVar[tuple[int, int]] = (1, ANY_NUMBER)
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    RULES: ClassVar[tuple[Rule, ...]] = (
        one_type(),
        Rule(
            "number of values",
            lambda op, graph: op.count == len(op.site.inputs),
            lambda op, graph: op.count,
            "the number of operands",
        ),
        Rule(
            "axis",
            lambda op, graph: _axis(op, graph) is not None,
            lambda op, graph: op.axis,
            "an axis of the output",
        ),
        Rule(
            "output shape",
            _fits,
            lambda op, graph: graph.output(op).shape,
            "the shape that all operands share, with a new axis as long as there are operands",
        ),
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> Pack:
        return cls(site, int(options.get("Axis", 0)), int(options.get("ValuesCount", 0)))

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        return join(self, graph, math.prod(graph.output(self).shape[: _axis(self, graph)]))
