"""CONCATENATION along one axis."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.ir import QUANTIZED_TYPES, Graph, Op, OpSite, Rule
from codegen.kernel_call import KernelCall
from codegen.ops.axes import from_front
from codegen.ops.parts import are_parts, join
from codegen.ops.rules import activation_name, of_type, one_type
from codegen.rows import Access, Rows

MAX_PARTS = 10  # TFLM's limit


def _fits(op: Concatenation, graph: Graph) -> bool:
    output = graph.output(op).shape
    axis = from_front(op.axis, len(output))
    return axis is not None and are_parts([graph.tensors[index].shape for index in op.site.inputs], output, axis)


def _same_quant(op: Op, graph: Graph) -> bool:
    output = graph.output(op)
    operands = [graph.operand(op, i) for i in range(len(op.site.inputs))]
    return all(t.scale == output.scale and t.zero_point == output.zero_point for t in operands)


@dataclass(frozen=True, slots=True)
class Concatenation(Op):
    """One copy per part; TFLM wants all parts of int8 in the output's quantization, and does not look at int16."""

    axis: int
    activation: str

    NAME: ClassVar[str] = "CONCATENATION"
    ARITY: ClassVar[tuple[int, int]] = (1, MAX_PARTS)
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    RULES: ClassVar[tuple[Rule, ...]] = (
        one_type(),
        Rule("output shape", _fits, lambda op, graph: graph.output(op).shape, "the parts joined along the axis"),
        *of_type(
            "int8",
            Rule(
                "quantization of parts",
                _same_quant,
                lambda op, graph: "mixed",
                "the output's scale and zero point",
            ),
        ),
        Rule("fused activation", lambda op, graph: op.activation == "NONE", lambda op, graph: op.activation, "NONE"),
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> Concatenation:
        return cls(site, int(options.get("Axis", 0)), activation_name(options))

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        joined = self.axis % len(graph.output(self).shape)
        return None if axis == joined else (Rows(axis),) * len(self.site.inputs)

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        output = graph.output(self).shape
        return join(self, graph, math.prod(output[: self.axis % len(output)]))
