"""GELU: x times the normal distribution function of x, exactly or by a hyperbolic tangent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from codegen.ir import OpSite
from codegen.ops.tabulated import Tabulated

HALF, ONE = np.float32(0.5), np.float32(1)
CUBIC = np.float32(0.044715)
INNER = np.float32(math.sqrt(2 / math.pi))


@dataclass(frozen=True, slots=True)
class Gelu(Tabulated):
    """The Gaussian error linear unit (TFLite reference/gelu.h). TFLM has none: here TFLite's bytes are the contract."""

    approximate: bool

    NAME: ClassVar[str] = "GELU"

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> Gelu:
        return cls(site, bool(options.get("Approximate", False)))

    def real(self, x: np.float32) -> np.float32:
        if self.approximate:
            inner = INNER * (x + CUBIC * x * x * x)
            return HALF * x * (ONE + np.float32(math.tanh(inner)))
        return HALF * x * np.float32(math.erfc(x * np.float32(-math.sqrt(0.5))))
