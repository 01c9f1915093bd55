"""MUL: the product of both offsets' values, scaled once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from codegen.ir import Graph
from codegen.kernel_call import ParamValue
from codegen.ops.elementwise import Elementwise


@dataclass(frozen=True, slots=True)
class Mul(Elementwise):
    """first * second; scales are combined in double precision (TFLM mul_common.cc)."""

    NAME: ClassVar[str] = "MUL"
    KERNEL: ClassVar[str] = "mul"

    def arithmetic(self, graph: Graph) -> dict[str, ParamValue]:
        first, second, output = graph.operand(self, 0).scale, graph.operand(self, 1).scale, graph.output(self).scale
        multiplier, shift = quantize_multiplier(first * second / output)
        return {"multiplier": multiplier, "shift": shift}

    @staticmethod
    def combine(p: Mapping[str, Any], first: int, second: int) -> int:
        return multiply_by_quantized_multiplier(first * second, p["multiplier"], p["shift"])
