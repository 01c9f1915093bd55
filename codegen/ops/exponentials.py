"""What SOFTMAX and LOG_SOFTMAX share: exponentials from a table of the 256 differences that int8 knows."""

from __future__ import annotations

import numpy as np

from codegen.fixed_point import (
    exp_on_negative_values,
    input_radius,
    quantize_multiplier,
    saturating_rounding_doubling_high_mul,
    wrap_int32,
)
from codegen.ir import Graph, Rule
from codegen.kernel_call import ParamValue
from codegen.ops.last_axis import LAST_AXIS_RULES, LastAxis, row_length

INTEGER_BITS = 5  # of the scaled difference


def difference_multiplier(scale: float, beta: float) -> tuple[int, int]:
    """(mantissa, shift) that bring a difference of int8 values to Q5."""
    return quantize_multiplier(min(beta * scale * (1 << (31 - INTEGER_BITS)), 2.0**31 - 1.0))


def exp_table(scale: float, beta: float) -> np.ndarray:
    """exp(-beta * scale * d) in Q0 for d = 0, 1, ... up to the last difference that TFLM does not flush to 0; int32."""
    multiplier, shift = difference_multiplier(scale, beta)
    count = min(input_radius(INTEGER_BITS, shift), 255) + 1
    scaled = [
        saturating_rounding_doubling_high_mul(wrap_int32(-difference << shift), multiplier)
        for difference in range(count)
    ]
    return np.array([exp_on_negative_values(value, INTEGER_BITS) for value in scaled], dtype=np.int32)


EXPONENT_ABOVE_ZERO = Rule(
    "beta * input scale",
    lambda op, graph: op.beta * graph.operand(op, 0).scale * (1 << (31 - INTEGER_BITS)) > 1.0,
    lambda op, graph: op.beta * graph.operand(op, 0).scale,
    f"above 2^-{31 - INTEGER_BITS}",
)
SUM_FITS = row_length(4095)  # the sum of exponentials has 12 integer bits
EXPONENTIAL_RULES: tuple[Rule, ...] = (*LAST_AXIS_RULES, EXPONENT_ABOVE_ZERO, SUM_FITS)


def exponentials_params(op: LastAxis, graph: Graph, beta: float) -> dict[str, ParamValue]:
    """Initialiser of `ts_exponentials_t`."""
    table = exp_table(graph.operand(op, 0).scale, beta)
    return {**op.matrix_params(graph), "exp_count": len(table), "exp": np.pad(table, (0, 256 - len(table)))}
