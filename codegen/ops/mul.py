"""MUL: the product of both values, scaled once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.fixed_point import quantize_multiplier
from codegen.ir import Graph
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.broadcast import broadcast_plan
from codegen.ops.elementwise import Elementwise


@dataclass(frozen=True, slots=True)
class Mul(Elementwise):
    """first * second; scales are combined in double precision (TFLM mul_common.cc)."""

    NAME: ClassVar[str] = "MUL"
    KERNEL: ClassVar[str] = "mul"

    def output_multiplier(self, graph: Graph) -> tuple[int, int]:
        first, second, output = graph.operand(self, 0).scale, graph.operand(self, 1).scale, graph.output(self).scale
        return quantize_multiplier(first * second / output)

    def combine(self, graph: Graph, p: Mapping[str, Any], first: int, second: int) -> int:
        return first * second

    def fast_call(self, graph: Graph, output: Mapping[str, ParamValue]) -> KernelCall | None:
        first, second = graph.operand(self, 0), graph.operand(self, 1)
        params: dict[str, ParamValue] = {
            "shape": broadcast_plan(first.shape, second.shape).as_param(),
            "first_offset": -first.zero_point,
            "second_offset": -second.zero_point,
            "output": output,
        }
        return KernelCall("product", self.site.inputs, self.site.outputs[0], params)
