"""UNPACK: what lies along one axis, as tensors of their own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.ir import QUANTIZED_TYPES, Graph, Op, OpSite, Rule
from codegen.kernel_call import KernelCall
from codegen.ops.axes import from_front
from codegen.ops.parts import take_apart, without_axis
from codegen.ops.rules import one_type


def _axis(op: Unpack, graph: Graph) -> int | None:
    return from_front(op.axis, len(graph.operand(op, 0).shape))


def _fits(op: Unpack, graph: Graph) -> bool:
    axis, shape = _axis(op, graph), graph.operand(op, 0).shape
    if axis is None or shape[axis] != len(op.site.outputs):
        return False
    part = without_axis(shape, axis)
    return all(graph.tensors[index].shape == part for index in op.site.outputs)


@dataclass(frozen=True, slots=True)
class Unpack(Op):
    """One copy per output; the axis is the input's."""

    axis: int
    count: int

    NAME: ClassVar[str] = "UNPACK"
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUTS: ClassVar[int | None] = None
    RULES: ClassVar[tuple[Rule, ...]] = (
        one_type(0),
        Rule(
            "number of values",
            lambda op, graph: op.count == len(op.site.outputs),
            lambda op, graph: op.count,
            "the number of outputs",
        ),
        Rule(
            "axis",
            lambda op, graph: _axis(op, graph) is not None,
            lambda op, graph: op.axis,
            "an axis of the input",
        ),
        Rule(
            "output shapes",
            _fits,
            lambda op, graph: graph.output(op).shape,
            "the input's shape without the axis, and as many of them as the axis is long",
        ),
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> Unpack:
        return cls(site, int(options.get("Axis", 0)), int(options.get("Num", 0)))

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        return take_apart(self, graph, 0, math.prod(graph.operand(self, 0).shape[: _axis(self, graph)]))
