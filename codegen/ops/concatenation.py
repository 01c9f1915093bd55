"""CONCATENATION along one axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.ir import Graph, Op, OpSite, Rule
from codegen.kernel_call import KernelCall
from codegen.ops.loops import contiguous_steps
from codegen.ops.rules import activation_name
from codegen.ops.strided_copy import strided_copy
from codegen.rows import Access, Rows

MAX_PARTS = 10  # TFLM's limit


def _parts(op: Op, graph: Graph) -> list[tuple[int, ...]]:
    return [graph.operand(op, i).shape for i in range(len(op.site.inputs))]


def _fits(op: Concatenation, graph: Graph) -> bool:
    output, parts = graph.output(op).shape, _parts(op, graph)
    if not -len(output) <= op.axis < len(output) or any(len(part) != len(output) for part in parts):
        return False
    axis = op.axis % len(output)
    same = all(part[:axis] == output[:axis] and part[axis + 1 :] == output[axis + 1 :] for part in parts)
    return same and sum(part[axis] for part in parts) == output[axis]


def _same_quant(op: Op, graph: Graph) -> bool:
    output = graph.output(op)
    operands = [graph.operand(op, i) for i in range(len(op.site.inputs))]
    return all(t.scale == output.scale and t.zero_point == output.zero_point for t in operands)


@dataclass(frozen=True, slots=True)
class Concatenation(Op):
    """One copy per part; TFLM wants all parts in the output's quantization."""

    axis: int
    activation: str

    NAME: ClassVar[str] = "CONCATENATION"
    ARITY: ClassVar[tuple[int, int]] = (1, MAX_PARTS)
    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule("output shape", _fits, lambda op, graph: graph.output(op).shape, "the parts joined along the axis"),
        Rule(
            "quantization of parts",
            _same_quant,
            lambda op, graph: "mixed",
            "the output's scale and zero point",
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
        axis = self.axis % len(output)
        steps = contiguous_steps(output)
        calls, start = [], 0
        for tensor, shape in zip(self.site.inputs, _parts(self, graph), strict=True):
            loops = list(zip(shape, contiguous_steps(shape), steps, strict=True))
            calls.append(strided_copy(tensor, self.site.outputs[0], list(loops), target_start=start))
            start += shape[axis] * steps[axis]
        return tuple(calls)
