"""LEAKY_RELU: x for positive x, alpha * x for negative x, requantized."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from codegen.ir import OpSite, Rule, Tensor
from codegen.ops.rules import SAME_SIZE
from codegen.ops.unary import Unary


@dataclass(frozen=True, slots=True)
class LeakyRelu(Unary):
    """The rectifier with a slope below zero (TFLM leaky_relu.cc); a negative slope works on magnitudes."""

    alpha: float

    NAME: ClassVar[str] = "LEAKY_RELU"
    RULES: ClassVar[tuple[Rule, ...]] = (
        SAME_SIZE,
        Rule("alpha", lambda op, graph: math.isfinite(op.alpha), lambda op, graph: op.alpha, "a finite number"),
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> LeakyRelu:
        return cls(site, float(options.get("Alpha", 0.0)))

    def value(self, q: int, given: Tensor, output: Tensor) -> int:
        centred = q - given.zero_point
        slope = 1.0 if centred >= 0 else self.alpha
        multiplier, shift = quantize_multiplier(given.scale * abs(slope) / output.scale)
        scaled = multiply_by_quantized_multiplier(centred, multiplier, shift)
        return (scaled if slope >= 0 else -scaled) + output.zero_point
