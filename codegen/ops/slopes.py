"""What ABS, LEAKY_RELU, RELU and RELU6 share on int16: one factor for positive, another for negative values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.fixed_point import quantize_multiplier
from codegen.ir import QUANTIZED_TYPES, Graph, Tensor
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.unary import Unary


@dataclass(frozen=True, slots=True)
class Slopes(Unary):
    """Base of these operators; zero points of int16 are 0."""

    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    MAGNITUDE: ClassVar[bool] = False  # is it that of a negative value which is scaled?

    def slopes(self, given: Tensor, output: Tensor) -> tuple[float, float]:
        """What positive and negative values are multiplied by."""
        identity = given.scale / output.scale
        return identity, identity

    def range_of(self, given: Tensor, output: Tensor) -> tuple[int, int]:
        """The smallest and the largest output."""
        return output.limits

    def wide_call(self, graph: Graph) -> KernelCall:
        given, output = graph.operand(self, 0), graph.output(self)
        positive, negative = self.slopes(given, output)
        low, high = self.range_of(given, output)
        positive_multiplier, positive_shift = quantize_multiplier(positive)
        negative_multiplier, negative_shift = quantize_multiplier(abs(negative))
        params: dict[str, ParamValue] = {
            "count": output.size,
            "positive_multiplier": positive_multiplier,
            "positive_shift": positive_shift,
            "negative_multiplier": negative_multiplier,
            "negative_shift": negative_shift,
            "sign_before": -1 if self.MAGNITUDE else 1,
            "sign_after": -1 if negative < 0 and not self.MAGNITUDE else 1,
            "min": low,
            "max": high,
        }
        return KernelCall("slopes_i16", self.site.inputs, self.site.outputs[0], params)
