"""SOFTMAX over the last axis."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from codegen.fixed_point import quantize_multiplier
from codegen.interpolation_table import interpolation_table
from codegen.ir import QUANTIZED_TYPES, Graph, OpSite, Rule
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.exponentials import EXPONENT_ABOVE_ZERO, SUM_FITS, Exponentials
from codegen.ops.last_axis import ROW_RULES, row_length
from codegen.ops.rules import of_type, one_type, output_quantization

_RANGE = 10.0  # of the exponent that TFLM's table for int16 covers
_STEPS = 65535.0


def _exponent_multiplier(op: Any, graph: Graph) -> tuple[int, int]:
    """(mantissa, shift) that bring a difference of int16 values to steps of the table."""
    return quantize_multiplier(graph.operand(op, 0).scale * op.beta / (_RANGE / _STEPS))


@dataclass(frozen=True, slots=True)
class Softmax(Exponentials):
    """exp(beta * x) / sum(exp(beta * x)) per row (TFLite softmax.h)."""

    beta: float

    NAME: ClassVar[str] = "SOFTMAX"
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    RULES: ClassVar[tuple[Rule, ...]] = (
        one_type(),
        *ROW_RULES,
        *of_type("int8", EXPONENT_ABOVE_ZERO, SUM_FITS, output_quantization(1 / 256, -128)),
        *of_type(
            "int16",
            Rule(
                "beta * input scale",
                lambda op, graph: op.beta >= 0 and _exponent_multiplier(op, graph)[1] <= 15,
                lambda op, graph: op.beta * graph.operand(op, 0).scale,
                f"from 0 to {_RANGE * (1 << 15) / _STEPS:.6g}",
            ),
            row_length(65535),  # the sum of exponentials has 16 integer bits
            output_quantization(2.0**-15, 0, tolerance=0.001),
        ),
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> Softmax:
        return cls(site, float(options.get("Beta", 1.0)))

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        inputs, output = self.site.inputs, self.site.outputs[0]
        if graph.output(self).dtype == "int16":
            return (KernelCall("softmax_i16", inputs, output, self._params_i16(graph)),)
        params = self.exponentials_params(graph, self.beta)
        return (KernelCall("softmax", inputs, output, params, takes_scratch=True),)

    def _params_i16(self, graph: Graph) -> dict[str, ParamValue]:
        multiplier, shift = _exponent_multiplier(self, graph)
        steps, unit = np.float32(_STEPS), np.float32(2.0) / np.float32(_STEPS)
        return {
            **self.matrix_params(graph),
            "multiplier": multiplier,
            "shift": shift,
            "exp": interpolation_table(math.exp, np.float32(_RANGE) / steps, 32767, unit),
            "reciprocal": interpolation_table(lambda x: 1.0 / (1.0 + x), np.float32(1.0) / steps, -32768, unit),
        }
