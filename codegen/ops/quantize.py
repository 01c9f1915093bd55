"""QUANTIZE from int8 to int8: another scale and zero point for the same values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from codegen.ir import Tensor
from codegen.ops.unary import Unary


@dataclass(frozen=True, slots=True)
class Quantize(Unary):
    """Requantization."""

    NAME: ClassVar[str] = "QUANTIZE"

    def value(self, q: int, given: Tensor, output: Tensor) -> int:
        multiplier, shift = quantize_multiplier(given.scale / output.scale)
        return multiply_by_quantized_multiplier(q - given.zero_point, multiplier, shift) + output.zero_point
