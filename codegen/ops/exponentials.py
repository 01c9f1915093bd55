"""What SOFTMAX and LOG_SOFTMAX share: exponentials of the 256 differences that int8 knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.fixed_point import input_radius, quantize_multiplier
from codegen.ir import Graph, Rule
from codegen.kernel_call import ParamValue
from codegen.ops.last_axis import LAST_AXIS_RULES, LastAxis, row_length

INTEGER_BITS = 5  # of the scaled difference
EXPONENTIALS_BYTES = 4 * 256


def difference_multiplier(scale: float, beta: float) -> tuple[int, int]:
    """(mantissa, shift) that bring a difference of int8 values to Q5."""
    return quantize_multiplier(min(beta * scale * (1 << (31 - INTEGER_BITS)), 2.0**31 - 1.0))


EXPONENT_ABOVE_ZERO = Rule(
    "beta * input scale",
    lambda op, graph: op.beta * graph.operand(op, 0).scale * (1 << (31 - INTEGER_BITS)) > 1.0,
    lambda op, graph: op.beta * graph.operand(op, 0).scale,
    f"above 2^-{31 - INTEGER_BITS}",
)
SUM_FITS = row_length(4095)  # the sum of exponentials has 12 integer bits
EXPONENTIAL_RULES: tuple[Rule, ...] = (*LAST_AXIS_RULES, EXPONENT_ABOVE_ZERO, SUM_FITS)


@dataclass(frozen=True, slots=True)
class Exponentials(LastAxis):
    """Base of both: their kernels compute an exponential where it is first needed, and keep it."""

    KEEPS_SCRATCH: ClassVar[bool] = True

    def exponentials_params(self, graph: Graph, beta: float) -> dict[str, ParamValue]:
        """Initialiser of `ts_exponentials_t`."""
        multiplier, shift = difference_multiplier(graph.operand(self, 0).scale, beta)
        count = min(input_radius(INTEGER_BITS, shift), 255) + 1  # TFLM takes larger differences for infinity
        exponential: dict[str, ParamValue] = {"multiplier": multiplier, "left": shift, "count": count}
        return {**self.matrix_params(graph), "exponential": exponential}

    def scratch_bytes(self, graph: Graph) -> int:
        return EXPONENTIALS_BYTES if graph.output(self).dtype == "int8" else 0
