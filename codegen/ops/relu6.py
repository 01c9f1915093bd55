"""RELU6: min(max(x, 0), 6) without requantization."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codegen.fixed_point import round_half_away, saturate
from codegen.ir import Tensor
from codegen.ops.unary import Unary


@dataclass(frozen=True, slots=True)
class Relu6(Unary):
    """The clipped rectifier on the input's own scale (TFLM activations.cc)."""

    NAME: ClassVar[str] = "RELU6"

    def value(self, q: int, given: Tensor, output: Tensor) -> int:
        six = given.zero_point + round_half_away(float(np.float32(6) / np.float32(given.scale)))
        return min(max(q, given.zero_point), saturate(six, -128, 127))
