"""SQUARED_DIFFERENCE: as SUB with 7 extra bits, squared before the result is scaled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codegen.fixed_point import quantize_multiplier
from codegen.ir import Graph
from codegen.kernel_call import ParamValue
from codegen.ops.elementwise import Elementwise, scaled_operands


@dataclass(frozen=True, slots=True)
class SquaredDifference(Elementwise):
    """(first - second)^2 (TFLM squared_difference.cc)."""

    NAME: ClassVar[str] = "SQUARED_DIFFERENCE"
    KERNEL: ClassVar[str] = "squared_difference"

    def arithmetic(self, graph: Graph) -> dict[str, ParamValue]:
        first, second, output = graph.operand(self, 0).scale, graph.operand(self, 1).scale, graph.output(self).scale
        common = 2.0 * max(first, second)
        return scaled_operands(
            (
                quantize_multiplier(first / common),
                quantize_multiplier(second / common),
                quantize_multiplier(common * common / float(np.float32(1 << 14) * np.float32(output))),
            )
        )
