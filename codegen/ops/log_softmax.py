"""LOG_SOFTMAX over the last axis: SOFTMAX's sum of exponentials, and its logarithm in fixed point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.ir import Graph, Rule
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.exponentials import EXPONENTIAL_RULES, Exponentials, difference_multiplier
from codegen.ops.rules import output_quantization


@dataclass(frozen=True, slots=True)
class LogSoftmax(Exponentials):
    """x - log(sum(exp(x))) per row (TFLite log_softmax.h)."""

    beta: ClassVar[float] = 1.0

    NAME: ClassVar[str] = "LOG_SOFTMAX"
    RULES: ClassVar[tuple[Rule, ...]] = (*EXPONENTIAL_RULES, output_quantization(1 / 16, 127))

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        multiplier, shift = difference_multiplier(graph.operand(self, 0).scale, self.beta)
        params: dict[str, ParamValue] = {
            "exponentials": self.exponentials_params(graph, self.beta),
            "multiplier": multiplier,
            "shift": shift,
        }
        return (KernelCall("log_softmax", self.site.inputs, self.site.outputs[0], params, takes_scratch=True),)
