"""ELU: x for positive x, exp(x) - 1 for negative x."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codegen.ops.tabulated import Tabulated


@dataclass(frozen=True, slots=True)
class Elu(Tabulated):
    """The exponential linear unit (TFLM elu.cc)."""

    NAME: ClassVar[str] = "ELU"

    def real(self, x: np.float32) -> np.float32:
        return np.float32(math.exp(x)) - np.float32(1) if x < 0 else x
