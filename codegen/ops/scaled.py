"""What ADD, SUB and SQUARED_DIFFERENCE share: both operands are brought to twice the larger scale, with extra bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from codegen.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from codegen.ir import Graph
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.broadcast import broadcast_plan
from codegen.ops.elementwise import Elementwise

_HALF = quantize_multiplier(0.5)


@dataclass(frozen=True, slots=True)
class Scaled(Elementwise):
    """Base of the operators that work at a common scale; all scales are combined in double precision."""

    EXTRA_BITS: ClassVar[Mapping[str, int]] = {}  # of the operands at the common scale, by type, as in the kernels
    POWER: ClassVar[int] = 1  # of the common scale in the result

    SIGNS: ClassVar[tuple[int, int]] = (1, 1)  # of the operands in what is joined
    FAST_KERNEL: ClassVar[str] = "common_scale_sum"
    FAST_FACTOR: ClassVar[int] = 2  # of the values that it adds

    def extra_bits(self, graph: Graph) -> int:
        return self.EXTRA_BITS[graph.output(self).dtype]

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
        extra = 1 << self.POWER * self.extra_bits(graph)
        return quantize_multiplier(self._common(graph) ** self.POWER / (extra * graph.output(self).scale))

    def combine(self, graph: Graph, p: Mapping[str, Any], first: int, second: int) -> int:
        bits = self.extra_bits(graph)
        return self.join(
            multiply_by_quantized_multiplier(first << bits, p["first_multiplier"], p["first_shift"]),
            multiply_by_quantized_multiplier(second << bits, p["second_multiplier"], p["second_shift"]),
        )

    def fast_call(self, graph: Graph, output: Mapping[str, ParamValue]) -> KernelCall | None:
        """The operand with the larger scale is half of itself at the common scale, exactly; the other is rounded."""
        scales = [quantize_multiplier(graph.operand(self, i).scale / self._common(graph)) for i in (0, 1)]
        exact = scales.index(_HALF)
        scaled = 1 - exact
        if scales[scaled][1] >= 0 and scales[scaled] != _HALF:
            return None
        constant = self._constant_call(graph, output)
        if constant is not None:
            return constant
        tensors = graph.operand(self, exact), graph.operand(self, scaled)
        multiplier, shift = scales[scaled]
        # A half needs no shift: with twice the value, it is one to the right.
        scaled_factor = 1 << self.extra_bits(graph) + (1 if shift < 0 else 2)
        params: dict[str, ParamValue] = {
            "shape": broadcast_plan(tensors[0].shape, tensors[1].shape).as_param(),
            "exact_factor": self._exact_factor(graph, exact),
            "exact_offset": -tensors[0].zero_point * self._exact_factor(graph, exact),
            "scaled_factor": scaled_factor,
            "scaled_offset": -tensors[1].zero_point * scaled_factor,
            "scaled_multiplier": multiplier,
            "scaled_right": -1 - shift if shift < 0 else 0,
            "scaled_sign": self.SIGNS[scaled] * self.FAST_FACTOR,
            "output": output,
        }
        inputs = (self.site.inputs[exact], self.site.inputs[scaled])
        return KernelCall(self.FAST_KERNEL, inputs, self.site.outputs[0], params)

    def _exact_factor(self, graph: Graph, position: int) -> int:
        return self.SIGNS[position] * self.FAST_FACTOR << self.extra_bits(graph) - 1

    def _constant_call(self, graph: Graph, output: Mapping[str, ParamValue]) -> KernelCall | None:
        """One operand is exact, the other a constant that repeats row by row."""
        exact = next((i for i in (0, 1) if graph.operand(self, 1 - i).is_constant), None)
        if self.POWER != 1 or exact is None:
            return None
        given, constant = graph.operand(self, exact), graph.operand(self, 1 - exact)
        repeats = constant.size == constant.shape[-1] == given.shape[-1] and given.shape == graph.output(self).shape
        multiplier, shift = quantize_multiplier(given.scale / self._common(graph))
        if not repeats or constant.data is None or (multiplier, shift) != _HALF:
            return None
        p: Mapping[str, int] = self.operand_params(graph)  # type: ignore[assignment]
        side = ("first", "second")[1 - exact]
        values = [
            multiply_by_quantized_multiplier(
                (int(q) - constant.zero_point) << self.extra_bits(graph), p[f"{side}_multiplier"], p[f"{side}_shift"]
            )
            for q in constant.data.ravel()
        ]
        factor = self._exact_factor(graph, exact)
        addends = np.array(values) * 2 * self.SIGNS[1 - exact] - given.zero_point * factor
        params: dict[str, ParamValue] = {
            "rows": given.size // given.shape[-1],
            "columns": given.shape[-1],
            "factor": factor,
            "addends": addends.astype(np.int32),
            "output": output,
        }
        return KernelCall("add_constant", (self.site.inputs[exact],), self.site.outputs[0], params)

    def _common(self, graph: Graph) -> float:
        return 2.0 * max(graph.operand(self, 0).scale, graph.operand(self, 1).scale)
