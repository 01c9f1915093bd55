"""What ADD, SUB and SQUARED_DIFFERENCE share: both operands are brought to twice the larger scale, with extra bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from codegen.ir import Graph
from codegen.kernel_call import ParamValue
from codegen.ops.elementwise import Elementwise


@dataclass(frozen=True, slots=True)
class Scaled(Elementwise):
    """Base of the operators that work at a common scale; all scales are combined in double precision."""

    EXTRA_BITS: ClassVar[int] = 0  # of the operands at the common scale, as in the kernel
    POWER: ClassVar[int] = 1  # of the common scale in the result

    def join(self, first: int, second: int) -> int:
        """The result of two values at the common scale."""
        raise NotImplementedError

    def operand_params(self, graph: Graph) -> dict[str, ParamValue]:
        first, second = graph.operand(self, 0).scale, graph.operand(self, 1).scale
        first_multiplier, first_shift = quantize_multiplier(first / self._common(graph))
        second_multiplier, second_shift = quantize_multiplier(second / self._common(graph))
        return {
            "first_multiplier": first_multiplier,
            "first_shift": first_shift,
            "second_multiplier": second_multiplier,
            "second_shift": second_shift,
        }

    def output_multiplier(self, graph: Graph) -> tuple[int, int]:
        extra = 1 << self.POWER * self.EXTRA_BITS
        return quantize_multiplier(self._common(graph) ** self.POWER / (extra * graph.output(self).scale))

    def combine(self, p: Mapping[str, Any], first: int, second: int) -> int:
        return self.join(
            multiply_by_quantized_multiplier(first << self.EXTRA_BITS, p["first_multiplier"], p["first_shift"]),
            multiply_by_quantized_multiplier(second << self.EXTRA_BITS, p["second_multiplier"], p["second_shift"]),
        )

    def _common(self, graph: Graph) -> float:
        return 2.0 * max(graph.operand(self, 0).scale, graph.operand(self, 1).scale)
