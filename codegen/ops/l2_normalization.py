"""L2_NORMALIZATION over the last axis: each row divided by its Euclidean norm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.ir import Graph, OpSite, Rule
from codegen.kernel_call import KernelCall
from codegen.ops.last_axis import LAST_AXIS_RULES, LastAxis, row_length
from codegen.ops.rules import activation_name, rank


@dataclass(frozen=True, slots=True)
class L2Normalization(LastAxis):
    """x / sqrt(sum(x^2)) per row; TFLM takes its output to be scale 1/128, zero point 0 (TFLite l2normalization.h)."""

    activation: str

    NAME: ClassVar[str] = "L2_NORMALIZATION"
    RULES: ClassVar[tuple[Rule, ...]] = (
        *LAST_AXIS_RULES,
        rank(0, (1, 2, 3, 4)),
        Rule("fused activation", lambda op, graph: op.activation == "NONE", lambda op, graph: op.activation, "NONE"),
        row_length((2**31 - 1) // 255**2),  # the sum of squares is an int32
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> L2Normalization:
        return cls(site, activation_name(options))

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        params = {**self.matrix_params(graph), "zero_point": graph.operand(self, 0).zero_point}
        return (KernelCall("l2_normalization", self.site.inputs, self.site.outputs[0], params),)
