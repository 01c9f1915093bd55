"""RSQRT: 1 / sqrt(x) by Newton-Raphson in fixed point."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from codegen.fixed_point import inverse_square_root_multiplier, multiply_by_quantized_multiplier, quantize_multiplier
from codegen.ir import QUANTIZED_TYPES, Graph, Tensor
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.unary import Unary

EXTRA_BITS = 20  # keeps the reciprocal root an integer


@dataclass(frozen=True, slots=True)
class Rsqrt(Unary):
    """Reciprocal square root; a negative value, for which TFLM stops, gives the largest output, as 0 does."""

    NAME: ClassVar[str] = "RSQRT"
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES

    def wide_call(self, graph: Graph) -> KernelCall:
        multiplier, shift = _multiplier(graph.operand(self, 0), graph.output(self))
        params: dict[str, ParamValue] = {
            "count": graph.output(self).size,
            "multiplier": multiplier,
            "shift": shift - EXTRA_BITS,
        }
        return KernelCall("rsqrt_i16", self.site.inputs, self.site.outputs[0], params)

    def value(self, q: int, given: Tensor, output: Tensor) -> int:
        centred = q - given.zero_point
        if centred <= 0:
            return 127
        multiplier, shift = _multiplier(given, output)
        root, root_shift = inverse_square_root_multiplier(centred)
        data = multiply_by_quantized_multiplier(1, root, root_shift + EXTRA_BITS)
        return multiply_by_quantized_multiplier(data, multiplier, shift - EXTRA_BITS) + output.zero_point


def _multiplier(given: Tensor, output: Tensor) -> tuple[int, int]:
    return quantize_multiplier(1.0 / (math.sqrt(given.scale) * output.scale))
