"""SUB: as ADD with a minus, but TFLM combines its scales in single precision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codegen.fixed_point import quantize_multiplier
from codegen.ir import Graph
from codegen.kernel_call import ParamValue
from codegen.ops.elementwise import Elementwise, scaled_operands


@dataclass(frozen=True, slots=True)
class Sub(Elementwise):
    """first - second; scales are combined in single precision (TFLM sub_common.cc)."""

    NAME: ClassVar[str] = "SUB"
    KERNEL: ClassVar[str] = "sub"

    def arithmetic(self, graph: Graph) -> dict[str, ParamValue]:
        first, second, output = (
            np.float32(tensor.scale) for tensor in (graph.operand(self, 0), graph.operand(self, 1), graph.output(self))
        )
        common = np.float32(2) * max(first, second)
        return scaled_operands(
            (
                quantize_multiplier(float(first / common)),
                quantize_multiplier(float(second / common)),
                quantize_multiplier(float(common / (np.float32(1 << 20) * output))),
            )
        )
