"""RELU: max(x, 0), requantized."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from codegen.ir import Tensor
from codegen.ops.slopes import Slopes


@dataclass(frozen=True, slots=True)
class Relu(Slopes):
    """The rectifier (TFLite activations.cc)."""

    NAME: ClassVar[str] = "RELU"

    def value(self, q: int, given: Tensor, output: Tensor) -> int:
        multiplier, shift = quantize_multiplier(given.scale / output.scale)
        scaled = multiply_by_quantized_multiplier(q - given.zero_point, multiplier, shift)
        return max(output.zero_point + scaled, output.zero_point)

    def range_of(self, given: Tensor, output: Tensor) -> tuple[int, int]:
        return output.zero_point, output.limits[1]
