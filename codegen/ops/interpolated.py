"""What LOGISTIC and TANH share on int16: linear interpolation in a table of the sigmoid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from codegen.fixed_point import round_half_away
from codegen.ir import QUANTIZED_TYPES, Graph, Rule
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.rules import SAME_SIZE, of_type, one_type
from codegen.ops.unary import Unary
from codegen.sigmoid_table import sigmoid_table

STEPS = 3 * 4096  # of the argument, to 1
FINEST = -12  # exponent of the input scale whose steps are three of those
OUTPUT_EXPONENT = -15
LARGEST_MULTIPLIER = 2**15 - 1
# TFLM shifts by exponents of the scale in Q4.27, which are negative below the one and fill 64 bits from the other on.
LEAST_INT8_SCALE, MOST_INT8_SCALE = 2.0**-28, 2.0**35
LARGEST_SHIFT = 31


def _power_of_two(scale: float) -> int | None:
    """The exponent of a scale that TFLM takes for a power of two (TFLite quantization_util.cc, CheckedLog2)."""
    exponent = math.log2(scale)
    nearest = round_half_away(exponent)
    return nearest if abs(exponent - nearest) < 1e-3 else None


@dataclass(frozen=True, slots=True)
class Interpolated(Unary):
    """Base of both (TFLM logistic_common.cc, tanh.cc); zero points of int16 are 0."""

    EXACT_SHIFTS: ClassVar[tuple[int, ...]] = ()  # to the left, of inputs that need no multiplication but by three

    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    RULES: ClassVar[tuple[Rule, ...]] = (
        SAME_SIZE,
        one_type(),
        *of_type(
            "int8",
            Rule(
                "input scale",
                lambda op, graph: LEAST_INT8_SCALE <= graph.operand(op, 0).scale < MOST_INT8_SCALE,
                lambda op, graph: graph.operand(op, 0).scale,
                "of int8, from 2^-28 on and below 2^35",
            ),
        ),
        *of_type(
            "int16",
            Rule(
                "input scale",
                lambda op, graph: 0 < op.argument(graph)[0] <= LARGEST_MULTIPLIER,
                lambda op, graph: graph.operand(op, 0).scale,
                f"of int16, from 2^-{LARGEST_SHIFT} / {STEPS} on and below 2^15 / {STEPS}",
            ),
            Rule(
                "output scale",
                lambda op, graph: _power_of_two(graph.output(op).scale) == OUTPUT_EXPONENT,
                lambda op, graph: graph.output(op).scale,
                f"of int16, 2^{OUTPUT_EXPONENT}",
            ),
        ),
    )

    def wide_call(self, graph: Graph) -> KernelCall:
        multiplier, shift = self.argument(graph)
        params: dict[str, ParamValue] = {
            "count": graph.output(self).size,
            "multiplier": multiplier,
            "shift": shift,
            "sigmoid": sigmoid_table(),
        }
        return KernelCall(f"{self.NAME.lower()}_i16", self.site.inputs, self.site.outputs[0], params)

    def argument(self, graph: Graph) -> tuple[int, int]:
        """(multiplier, right shift) that turn an input into steps of the argument."""
        scale = graph.operand(self, 0).scale
        exponent = _power_of_two(scale)
        if exponent is not None and exponent - FINEST in self.EXACT_SHIFTS:
            return 3 << exponent - FINEST, 0
        multiplier, shift = scale * STEPS, 0
        while multiplier <= LARGEST_MULTIPLIER / 2 and shift < LARGEST_SHIFT:
            multiplier *= 2
            shift += 1
        return int(multiplier), shift
