"""ADD: both operands are brought to twice the larger scale with 20 extra bits, added, and scaled back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.fixed_point import quantize_multiplier
from codegen.ir import Graph
from codegen.kernel_call import ParamValue
from codegen.ops.elementwise import Elementwise, scaled_operands


@dataclass(frozen=True, slots=True)
class Add(Elementwise):
    """first + second; scales are combined in double precision (TFLM add_common.cc)."""

    NAME: ClassVar[str] = "ADD"
    KERNEL: ClassVar[str] = "add"

    def arithmetic(self, graph: Graph) -> dict[str, ParamValue]:
        first, second, output = graph.operand(self, 0).scale, graph.operand(self, 1).scale, graph.output(self).scale
        common = 2.0 * max(first, second)
        return scaled_operands(
            (
                quantize_multiplier(first / common),
                quantize_multiplier(second / common),
                quantize_multiplier(common / ((1 << 20) * output)),
            )
        )
