"""How TFLM combines scales: the real multipliers behind each kernel's integers, and fused activation ranges.

Precision matters to the last bit of a multiplier. The TFLM that `pyproject.toml` pins combines scales in double
precision in every operator, and takes fused activation ranges in single precision. TFLite 2.19 (and TFLM before
autumn 2026) takes some products of scales in single precision, which can move a rounding tie by one; where they
differ, TFLM wins.
"""

from __future__ import annotations

import numpy as np

from codegen.fixed_point import quantize_multiplier, round_half_away
from codegen.ir import Tensor
from codegen.kernel_call import ParamValue

ACTIVATIONS = ("NONE", "RELU", "RELU_N1_TO_1", "RELU6")
SMALLEST_SHIFT = -23  # of what ts_scale_to_int8 takes: twice a zero point, shifted to the left by one less, has 31 bits
_LIMITS: dict[str, tuple[float | None, float | None]] = {
    "NONE": (None, None),
    "RELU": (0.0, None),
    "RELU_N1_TO_1": (-1.0, 1.0),
    "RELU6": (0.0, 6.0),
}


def activation_range(activation: str, output: Tensor) -> tuple[int, int]:
    """Smallest and largest output under a fused activation; float32 division, rounded half away from zero."""
    low, high = _LIMITS[activation]
    lowest, highest = output.limits
    scale = np.float32(output.scale)

    def quantized(real: float) -> int:
        return output.zero_point + round_half_away(float(np.float32(real) / scale))

    smallest = lowest if low is None else max(lowest, quantized(low))
    largest = highest if high is None else min(highest, quantized(high))
    return smallest, largest


def channel_multipliers(
    input_scale: float, filter_scales: tuple[float, ...], output_scale: float
) -> list[tuple[int, int]]:
    """(mantissa, shift) per filter channel; products in double precision."""
    return [quantize_multiplier(input_scale * scale / output_scale) for scale in filter_scales]


def output_param(
    output: Tensor, multiplier: tuple[int, int], limits: tuple[int, int] | None = None
) -> dict[str, ParamValue]:
    """Initialiser of `ts_output_t`: to that tensor's scale by (mantissa, shift), within its type's limits or these."""
    mantissa, shift = multiplier
    low, high = output.limits if limits is None else limits
    return {"multiplier": mantissa, "shift": shift, "offset": output.zero_point, "min": low, "max": high}
