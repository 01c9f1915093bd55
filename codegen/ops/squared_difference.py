"""SQUARED_DIFFERENCE: as SUB with 7 extra bits, squared before the result is scaled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from codegen.fixed_point import quantize_multiplier
from codegen.ir import Graph
from codegen.kernel_call import ParamValue
from codegen.ops.elementwise import SCALED_TABLES_BYTES, Elementwise, at_common_scale, scaled_operands, to_output_scale

EXTRA_BITS = 7  # as in the kernel


@dataclass(frozen=True, slots=True)
class SquaredDifference(Elementwise):
    """(first - second)^2 (TFLM squared_difference.cc)."""

    NAME: ClassVar[str] = "SQUARED_DIFFERENCE"
    KERNEL: ClassVar[str] = "squared_difference"
    SCRATCH_BYTES: ClassVar[int] = SCALED_TABLES_BYTES

    def arithmetic(self, graph: Graph) -> dict[str, ParamValue]:
        first, second, output = graph.operand(self, 0).scale, graph.operand(self, 1).scale, graph.output(self).scale
        common = 2.0 * max(first, second)
        return scaled_operands(
            (
                quantize_multiplier(first / common),
                quantize_multiplier(second / common),
                quantize_multiplier(common * common / float(np.float32(1 << 2 * EXTRA_BITS) * np.float32(output))),
            )
        )

    @staticmethod
    def combine(p: Mapping[str, Any], first: int, second: int) -> int:
        first_scaled, second_scaled = at_common_scale(p, first, second, EXTRA_BITS)
        return to_output_scale(p, (first_scaled - second_scaled) ** 2)
