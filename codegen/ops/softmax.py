"""SOFTMAX over the last axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.ir import Graph, OpSite, Rule
from codegen.kernel_call import KernelCall
from codegen.ops.exponentials import EXPONENTIAL_RULES, exponentials_params
from codegen.ops.last_axis import LastAxis
from codegen.ops.rules import output_quantization


@dataclass(frozen=True, slots=True)
class Softmax(LastAxis):
    """exp(beta * x) / sum(exp(beta * x)) per row (TFLite softmax.h)."""

    beta: float

    NAME: ClassVar[str] = "SOFTMAX"
    RULES: ClassVar[tuple[Rule, ...]] = (*EXPONENTIAL_RULES, output_quantization(1 / 256, -128))

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> Softmax:
        return cls(site, float(options.get("Beta", 1.0)))

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        params = exponentials_params(self, graph, self.beta)
        return (KernelCall("softmax", self.site.inputs, self.site.outputs[0], params),)
