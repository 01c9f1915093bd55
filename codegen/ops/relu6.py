"""RELU6: min(max(x, 0), 6) without requantization."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codegen.fixed_point import round_half_away, saturate
from codegen.ir import Tensor
from codegen.ops.slopes import Slopes


@dataclass(frozen=True, slots=True)
class Relu6(Slopes):
    """The clipped rectifier on the input's own scale (TFLM activations.cc)."""

    NAME: ClassVar[str] = "RELU6"

    def value(self, q: int, given: Tensor, output: Tensor) -> int:
        return saturate(q, *self.range_of(given, output))

    def slopes(self, given: Tensor, output: Tensor) -> tuple[float, float]:
        return 1.0, 1.0

    def range_of(self, given: Tensor, output: Tensor) -> tuple[int, int]:
        six = given.zero_point + round_half_away(float(np.float32(6) / np.float32(given.scale)))
        return given.zero_point, saturate(six, *given.limits)
