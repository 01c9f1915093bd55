"""LEAKY_RELU: x for positive x, alpha * x for negative x, requantized."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from codegen.ir import OpSite, Rule, Tensor
from codegen.ops.slopes import Slopes


@dataclass(frozen=True, slots=True)
class LeakyRelu(Slopes):
    """The rectifier with a slope below zero (TFLM leaky_relu.cc); a negative slope works on magnitudes."""

    alpha: float

    NAME: ClassVar[str] = "LEAKY_RELU"
    RULES: ClassVar[tuple[Rule, ...]] = (
        *Slopes.RULES,
        Rule("alpha", lambda op, graph: math.isfinite(op.alpha), lambda op, graph: op.alpha, "a finite number"),
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> LeakyRelu:
        return cls(site, float(options.get("Alpha", 0.0)))

    def slopes(self, given: Tensor, output: Tensor) -> tuple[float, float]:
        return given.scale / output.scale, given.scale * self.alpha / output.scale

    def value(self, q: int, given: Tensor, output: Tensor) -> int:
        centred = q - given.zero_point
        slope = self.slopes(given, output)[0 if centred >= 0 else 1]
        scaled = multiply_by_quantized_multiplier(centred, *quantize_multiplier(abs(slope)))
        return (scaled if slope >= 0 else -scaled) + output.zero_point
