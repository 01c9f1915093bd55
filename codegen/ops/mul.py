"""MUL: the product of both values, scaled once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.fixed_point import quantize_multiplier
from codegen.ir import Graph
from codegen.ops.elementwise import Elementwise


@dataclass(frozen=True, slots=True)
class Mul(Elementwise):
    """first * second; scales are combined in double precision (TFLM mul_common.cc)."""

    NAME: ClassVar[str] = "MUL"
    KERNEL: ClassVar[str] = "mul"

    def output_multiplier(self, graph: Graph) -> tuple[int, int]:
        first, second, output = graph.operand(self, 0).scale, graph.operand(self, 1).scale, graph.output(self).scale
        return quantize_multiplier(first * second / output)

    def combine(self, p: Mapping[str, Any], first: int, second: int) -> int:
        return first * second
