"""What LOGISTIC and TANH share: cases in int16 by input scale, and the scales that are refused."""

from __future__ import annotations

from tests.ops.agreement import Case
from tests.ops.refusals import assert_refused
from tests.ops.unary import Unary, in_int16

OUTPUT_SCALE = 2.0**-15
EDGES = {
    "steps of the table": 2.0**-12,
    "twice as coarse": 2.0**-11,
    "half as coarse": 2.0**-13,
    "nearly a power of two": 2.0**-12 * 1.0005,
    "no longer a power of two": 2.0**-12 * 1.001,
    "very fine": 1e-9,
    "the finest": 4e-14,
    "usual": 3e-4,
    "coarse": 0.1,
    "the coarsest": 2.66,
}


def int16_case(operator: str, scale: float, output_scale: float = OUTPUT_SCALE) -> Case:
    return in_int16(Unary(operator=operator, input_scale=scale, output_scale=output_scale)).case()


def assert_scales_refused(operator: str) -> None:
    """TFLM has no arithmetic for these."""
    for scale in (3e-14, 2.67):
        allowed = rf"{operator}: input scale is .*, allowed: of int16, from 2\^-31 / 12288 on"
        assert_refused(int16_case(operator, scale).model, allowed)
    allowed = rf"{operator}: output scale is 6.*, allowed: of int16, 2\^-15"
    assert_refused(int16_case(operator, 0.1, 2.0**-14).model, allowed)
    for scale in (2.0**-29, 2.0**35):
        case = Unary(operator=operator, input_scale=scale, output_scale=1 / 256, output_zero_point=-128).case()
        assert_refused(case.model, rf"{operator}: input scale is .*, allowed: of int8, from 2\^-28 on")
