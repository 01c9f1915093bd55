"""What ADD, SUB, MUL and SQUARED_DIFFERENCE share: zero points removed, one result that is scaled to the output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.fixed_point import multiply_by_quantized_multiplier, saturate
from codegen.ir import Graph, OpSite, Rule
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.binary import BINARY_RULES, Binary
from codegen.ops.rules import KNOWN_ACTIVATION, activation_name
from codegen.quantization import SMALLEST_SHIFT, activation_range, output_param


@dataclass(frozen=True, slots=True)
class Elementwise(Binary):
    """Base of the arithmetic operators; a subclass says how two values combine."""

    activation: str = "NONE"

    RULES: ClassVar[tuple[Rule, ...]] = (KNOWN_ACTIVATION, *BINARY_RULES)

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> Elementwise:
        return cls(site, activation_name(options))

    def operand_params(self, graph: Graph) -> dict[str, ParamValue]:
        """Parameters of the kernel beyond offsets and output."""
        return {}

    def output_multiplier(self, graph: Graph) -> tuple[int, int]:
        """(mantissa, shift) that bring what `combine` gives to the output's scale."""
        raise NotImplementedError

    def combine(self, graph: Graph, p: Mapping[str, Any], first: int, second: int) -> int:
        """What the kernel computes of two values, zero points removed; `p` holds its parameters."""
        raise NotImplementedError

    def evaluate(self, graph: Graph, first: Sequence[int], second: Sequence[int]) -> tuple[int, ...]:
        p: Mapping[str, Any] = self.params(graph)
        return tuple(
            _to_output(p["output"], self.combine(graph, p, a + p["first_offset"], b + p["second_offset"]))
            for a, b in zip(first, second, strict=True)
        )

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        full = self.full_output(graph)
        fast = None if full is None else self.fast_call(graph, full)
        return Binary.prepare(self, graph) if fast is None else (fast,)

    def fast_call(self, graph: Graph, output: Mapping[str, ParamValue]) -> KernelCall | None:
        """The call of a kernel for usual scales, given its `tsfull_output_t`; None where they are not."""
        return None

    def full_output(self, graph: Graph) -> Mapping[str, int] | None:
        """Initialiser of `ts_full_output_t`; None where some outputs are cut off, or scaled up or down to nothing, and
        for int16."""
        output = graph.output(self)
        multiplier, shift = self.output_multiplier(graph)
        if (
            not SMALLEST_SHIFT <= shift < 0
            or output.dtype != "int8"
            or activation_range(self.activation, output) != output.limits
        ):
            return None
        return {"multiplier": multiplier, "right": -1 - shift, "rounding": 1 + 2 * output.zero_point}

    def params(self, graph: Graph) -> dict[str, ParamValue]:
        first, second, output = graph.operand(self, 0), graph.operand(self, 1), graph.output(self)
        limits = activation_range(self.activation, output)
        return {
            "first_offset": -first.zero_point,
            "second_offset": -second.zero_point,
            **self.operand_params(graph),
            "output": output_param(output, self.output_multiplier(graph), limits),
        }


def _to_output(output: Mapping[str, int], value: int) -> int:
    """The kernels' ts_to_output."""
    scaled = multiply_by_quantized_multiplier(value, output["multiplier"], output["shift"])
    return saturate(scaled + output["offset"], output["min"], output["max"])
