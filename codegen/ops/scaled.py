"""What ADD, SUB and SQUARED_DIFFERENCE share: both operands are brought to twice the larger scale, with extra bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from codegen.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from codegen.ir import Graph, Tensor
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.broadcast import broadcast_plan
from codegen.ops.elementwise import Elementwise
from codegen.ops.linear_sum import linear_form, scaled_back

_HALF = quantize_multiplier(0.5)


@dataclass(frozen=True, slots=True)
class Scaled(Elementwise):
    """Base of the operators that work at a common scale; all scales are combined in double precision."""

    EXTRA_BITS: ClassVar[Mapping[str, int]] = {}  # of the operands at the common scale, by type, as in the kernels
    POWER: ClassVar[int] = 1  # of the common scale in the result

    SIGNS: ClassVar[tuple[int, int]] = (1, 1)  # of the operands in what is joined
    FAST_KERNEL: ClassVar[str] = "common_scale_sum"
    FAST_FACTOR: ClassVar[int] = 2  # of the values that it adds
    EXACT_BITS: ClassVar[int] = 20  # by which it shifts the exact operand to the left

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
        """A linear form of both values where there is one; else the operand with the larger scale is half of itself at
        the common scale, exactly, and the other is rounded."""
        linear = self._linear_call(graph)
        if linear is not None:
            return linear
        scales = [quantize_multiplier(graph.operand(self, i).scale / self._common(graph)) for i in (0, 1)]
        # Where both are exact, rather the one that is no constant.
        exact = 1 if scales[1] == _HALF and (scales[0] != _HALF or graph.operand(self, 0).is_constant) else 0
        scaled = 1 - exact
        if scales[scaled][1] >= 0 and scales[scaled] != _HALF:
            return None
        tensors = graph.operand(self, exact), graph.operand(self, scaled)
        params: dict[str, ParamValue] = {
            "shape": broadcast_plan(tensors[0].shape, tensors[1].shape).as_param(),
            "addends": self._addends(graph, exact, output),
        }
        inputs = (self.site.inputs[exact], self.site.inputs[scaled])
        return KernelCall(self.FAST_KERNEL, inputs, self.site.outputs[0], params)

    def _addends(self, graph: Graph, exact: int, output: Mapping[str, ParamValue]) -> Mapping[str, ParamValue]:
        """Initialiser of `ts_addends_t`, where the operand at position `exact` has the larger scale."""
        scaled = 1 - exact
        multiplier, shift = quantize_multiplier(graph.operand(self, scaled).scale / self._common(graph))
        return {
            "output": output,
            "scaled_multiplier": multiplier,
            "scaled_right": -1 - shift if shift < 0 else 0,
            # A half needs no shift: with twice the value, it is one to the right.
            "scaled_times": 1 << self.extra_bits(graph) + (1 if shift < 0 else 2) - self.EXACT_BITS,
            "scaled_zero_point": graph.operand(self, scaled).zero_point,
            "exact_zero_point": graph.operand(self, exact).zero_point,
            "scaled_sign": self.SIGNS[scaled] * self.FAST_FACTOR,
            "exact_sign": self.SIGNS[exact],
        }

    def _linear_call(self, graph: Graph) -> KernelCall | None:
        """Both values walk along the innermost loop, so that four of each are read at once."""
        shape = broadcast_plan(graph.operand(self, 0).shape, graph.operand(self, 1).shape)
        if self.POWER != 1 or 0 in (shape.first_steps[-1], shape.second_steps[-1]):
            return None
        values = [_values(graph.operand(self, i)) for i in (0, 1)]
        p, (multiplier, shift), output = self.params(graph), self.output_multiplier(graph), graph.output(self)
        first, second = ([self._at_common_scale(graph, p, i, value) for value in values[i]] for i in (0, 1))
        sums = scaled_back(np.add.outer(first, second), multiplier, shift, output.zero_point)
        ratios = [self.SIGNS[i] * graph.operand(self, i).scale / output.scale for i in (0, 1)]
        form = linear_form(sums, np.array(values[0]), np.array(values[1]), (ratios[0], ratios[1]))
        if form is None:
            return None
        params: dict[str, ParamValue] = {
            "shape": shape.as_param(),
            "first_factor": form[0],
            "second_factor": form[1],
            "offset": form[2],
        }
        return KernelCall("linear_sum", self.site.inputs, self.site.outputs[0], params)

    def _at_common_scale(self, graph: Graph, p: Mapping[str, Any], position: int, value: int) -> int:
        """A value of an operand as it is added: negative where it is subtracted."""
        name = ("first", "second")[position]
        shifted = (value + p[f"{name}_offset"]) << self.extra_bits(graph)
        multiplier, shift = p[f"{name}_multiplier"], p[f"{name}_shift"]
        return self.SIGNS[position] * multiply_by_quantized_multiplier(shifted, multiplier, shift)

    def _common(self, graph: Graph) -> float:
        return 2.0 * max(graph.operand(self, 0).scale, graph.operand(self, 1).scale)


def _values(operand: Tensor) -> list[int]:
    """What an element may be."""
    return list(range(-128, 128)) if operand.data is None else [int(value) for value in np.unique(operand.data)]
