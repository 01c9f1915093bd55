"""What ADD, SUB, MUL and SQUARED_DIFFERENCE share: two operands that broadcast, one kernel call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier, saturate
from codegen.ir import Graph, Op, OpSite, Rule
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.broadcast import MAX_LOOPS, broadcast_plan, broadcast_shape, loop_count
from codegen.ops.rules import KNOWN_ACTIVATION, PER_TENSOR_OPERANDS, activation_name
from codegen.quantization import activation_range


def _shapes(op: Op, graph: Graph) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return graph.operand(op, 0).shape, graph.operand(op, 1).shape


def _loops_fit(op: Op, graph: Graph) -> bool:
    shapes = _shapes(op, graph)
    return broadcast_shape(*shapes) is None or loop_count(*shapes) <= MAX_LOOPS


ELEMENTWISE_RULES: tuple[Rule, ...] = (
    KNOWN_ACTIVATION,
    Rule(
        "output shape",
        lambda op, graph: broadcast_shape(*_shapes(op, graph)) == graph.output(op).shape,
        lambda op, graph: graph.output(op).shape,
        "the broadcast of the operands' shapes",
    ),
    Rule(
        "broadcast",
        _loops_fit,
        lambda op, graph: f"{loop_count(*_shapes(op, graph))} nested loops",
        f"at most {MAX_LOOPS}",
    ),
    PER_TENSOR_OPERANDS,
)


@dataclass(frozen=True, slots=True)
class Elementwise(Op):
    """Base of the binary operators; a subclass adds the parameters of its arithmetic."""

    activation: str = "NONE"

    KERNEL: ClassVar[str] = ""
    SCRATCH_BYTES: ClassVar[int] = 0
    ARITY: ClassVar[tuple[int, int]] = (2, 2)
    RULES: ClassVar[tuple[Rule, ...]] = ELEMENTWISE_RULES

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> Elementwise:
        return cls(site, activation_name(options))

    def arithmetic(self, graph: Graph) -> dict[str, ParamValue]:
        """The multipliers of this operator."""
        raise NotImplementedError

    @staticmethod
    def combine(p: Mapping[str, Any], first: int, second: int) -> int:
        """What the kernel computes of two values, before output offset and clamp; `p` holds its parameters."""
        raise NotImplementedError

    def evaluate(self, graph: Graph, first: Sequence[int], second: Sequence[int]) -> tuple[int, ...]:
        """The int8 outputs for pairs of int8 values, as the kernel computes them."""
        p: Mapping[str, Any] = self._params(graph)
        outputs = (
            self.combine(p, a + p["first_offset"], b + p["second_offset"]) for a, b in zip(first, second, strict=True)
        )
        return tuple(saturate(value + p["output_offset"], p["output_min"], p["output_max"]) for value in outputs)

    def scratch_bytes(self, graph: Graph) -> int:
        return self.SCRATCH_BYTES

    def overwrites(self, graph: Graph) -> tuple[int, ...]:
        shape = graph.output(self).shape  # an operand that is repeated is still read after its place was written
        return tuple(
            i for i in (0, 1) if graph.operand(self, i).shape == shape and not graph.operand(self, i).is_constant
        )

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        shapes = (graph.operand(self, 0).shape, graph.operand(self, 1).shape)
        params = {"shape": broadcast_plan(*shapes).as_param(), **self._params(graph)}
        return (KernelCall(self.KERNEL, self.site.inputs, self.site.outputs[0], params),)

    def _params(self, graph: Graph) -> dict[str, ParamValue]:
        first, second, output = graph.operand(self, 0), graph.operand(self, 1), graph.output(self)
        low, high = activation_range(self.activation, output)
        return {
            "first_offset": -first.zero_point,
            "second_offset": -second.zero_point,
            "output_offset": output.zero_point,
            "output_min": low,
            "output_max": high,
            **self.arithmetic(graph),
        }


def scaled_operands(multipliers: tuple[tuple[int, int], tuple[int, int], tuple[int, int]]) -> dict[str, ParamValue]:
    """Parameters of kernels that bring both operands to a common scale and scale the result back."""
    (first, first_shift), (second, second_shift), (output, output_shift) = multipliers
    return {
        "first_multiplier": first,
        "first_shift": first_shift,
        "second_multiplier": second,
        "second_shift": second_shift,
        "output_multiplier": output,
        "output_shift": output_shift,
    }


SCALED_TABLES_BYTES = 2 * 256 * 4  # scratch of kernels that include ts_scaled.h
EXTRA_BITS = 20  # of ADD and SUB, as in their kernels


def common_scale(op: Op, graph: Graph) -> dict[str, ParamValue]:
    """Parameters of ADD and SUB: operands at twice the larger scale with 20 extra bits, in double precision."""
    first, second, output = graph.operand(op, 0).scale, graph.operand(op, 1).scale, graph.output(op).scale
    common = 2.0 * max(first, second)
    return scaled_operands(
        (
            quantize_multiplier(first / common),
            quantize_multiplier(second / common),
            quantize_multiplier(common / ((1 << EXTRA_BITS) * output)),
        )
    )


def at_common_scale(p: Mapping[str, Any], first: int, second: int, extra_bits: int) -> tuple[int, int]:
    """Both operands, zero point removed, at the common scale of `scaled_operands`."""
    return (
        multiply_by_quantized_multiplier(first << extra_bits, p["first_multiplier"], p["first_shift"]),
        multiply_by_quantized_multiplier(second << extra_bits, p["second_multiplier"], p["second_shift"]),
    )


def to_output_scale(p: Mapping[str, Any], value: int) -> int:
    """A value at the common scale, at the output's."""
    return multiply_by_quantized_multiplier(value, p["output_multiplier"], p["output_shift"])
