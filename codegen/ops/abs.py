"""ABS: |x|, requantized."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from codegen.ir import Tensor
from codegen.ops.slopes import Slopes


@dataclass(frozen=True, slots=True)
class Abs(Slopes):
    """The absolute value (TFLM elementwise.cc)."""

    NAME: ClassVar[str] = "ABS"
    MAGNITUDE: ClassVar[bool] = True

    def value(self, q: int, given: Tensor, output: Tensor) -> int:
        multiplier, shift = quantize_multiplier(given.scale / output.scale)
        return multiply_by_quantized_multiplier(abs(q - given.zero_point), multiplier, shift) + output.zero_point
