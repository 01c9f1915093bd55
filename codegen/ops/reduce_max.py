"""REDUCE_MAX over any axes, on raw values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.ir import Graph, Rule
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.reduction import REDUCTION_RULES, Reduction


@dataclass(frozen=True, slots=True)
class ReduceMax(Reduction):
    """The maximum; TFLM wants the output in the input's quantization, to the last bit of its scale."""

    NAME: ClassVar[str] = "REDUCE_MAX"
    RULES: ClassVar[tuple[Rule, ...]] = (
        *REDUCTION_RULES,
        Rule(
            "output quantization",
            lambda op, graph: graph.output(op).scale == graph.operand(op, 0).scale
            and graph.output(op).zero_point == graph.operand(op, 0).zero_point,
            lambda op, graph: graph.output(op).describe(),
            "the input's scale and zero point",
        ),
    )

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        params: dict[str, ParamValue] = {"shape": self.shape_param(graph)}
        return (KernelCall("reduce_max", self.site.inputs[:1], self.site.outputs[0], params),)
