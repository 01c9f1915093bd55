"""What ADD, SUB, MUL and SQUARED_DIFFERENCE share: two operands that broadcast, one kernel call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.fixed_point import multiply_by_quantized_multiplier, saturate
from codegen.ir import Graph, Op, OpSite, Rule
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.broadcast import MAX_LOOPS, broadcast_plan, broadcast_shape, loop_count
from codegen.ops.rules import KNOWN_ACTIVATION, PER_TENSOR_OPERANDS, activation_name
from codegen.quantization import activation_range
from codegen.rows import Access, broadcast_access


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
    """Base of the binary operators; a subclass says how two values combine."""

    activation: str = "NONE"

    KERNEL: ClassVar[str] = ""
    ARITY: ClassVar[tuple[int, int]] = (2, 2)
    RULES: ClassVar[tuple[Rule, ...]] = ELEMENTWISE_RULES

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> Elementwise:
        return cls(site, activation_name(options))

    def operand_params(self, graph: Graph) -> dict[str, ParamValue]:
        """Parameters of the kernel beyond offsets and output."""
        return {}

    def output_multiplier(self, graph: Graph) -> tuple[int, int]:
        """(mantissa, shift) that bring what `combine` gives to the output's scale."""
        raise NotImplementedError

    def combine(self, p: Mapping[str, Any], first: int, second: int) -> int:
        """What the kernel computes of two values, zero points removed; `p` holds its parameters."""
        raise NotImplementedError

    def evaluate(self, graph: Graph, first: Sequence[int], second: Sequence[int]) -> tuple[int, ...]:
        """The int8 outputs for pairs of int8 values, as the kernel computes them."""
        p: Mapping[str, Any] = self._params(graph)
        return tuple(
            _to_output(p["output"], self.combine(p, a + p["first_offset"], b + p["second_offset"]))
            for a, b in zip(first, second, strict=True)
        )

    def overwrites(self, graph: Graph) -> tuple[int, ...]:
        shape = graph.output(self).shape  # an operand that is repeated is still read after its place was written
        return tuple(
            i for i in (0, 1) if graph.operand(self, i).shape == shape and not graph.operand(self, i).is_constant
        )

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        shape = graph.output(self).shape
        return tuple(broadcast_access(shape, graph.operand(self, i).shape, axis) for i in (0, 1))

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        full = self._full_output(graph)
        fast = None if full is None else self.fast_call(graph, full)
        if fast is not None:
            return (fast,)
        shapes = (graph.operand(self, 0).shape, graph.operand(self, 1).shape)
        params = {"shape": broadcast_plan(*shapes).as_param(), **self._params(graph)}
        return (KernelCall(self.KERNEL, self.site.inputs, self.site.outputs[0], params),)

    def fast_call(self, graph: Graph, output: Mapping[str, ParamValue]) -> KernelCall | None:
        """The call of a kernel for usual scales, given its `ts_full_output_t`; None where they are not."""
        return None

    def _full_output(self, graph: Graph) -> Mapping[str, ParamValue] | None:
        """Initialiser of `ts_full_output_t`; None where some outputs are cut off or scaled up."""
        output = graph.output(self)
        multiplier, shift = self.output_multiplier(graph)
        if shift >= 0 or activation_range(self.activation, output) != (-128, 127):
            return None
        return {"multiplier": multiplier, "right": -1 - shift, "rounding": 1 + 2 * output.zero_point}

    def _params(self, graph: Graph) -> dict[str, ParamValue]:
        first, second, output = graph.operand(self, 0), graph.operand(self, 1), graph.output(self)
        multiplier, shift = self.output_multiplier(graph)
        low, high = activation_range(self.activation, output)
        return {
            "first_offset": -first.zero_point,
            "second_offset": -second.zero_point,
            **self.operand_params(graph),
            "output": {"multiplier": multiplier, "shift": shift, "offset": output.zero_point, "min": low, "max": high},
        }


def _to_output(output: Mapping[str, int], value: int) -> int:
    """The kernels' ts_to_output."""
    scaled = multiply_by_quantized_multiplier(value, output["multiplier"], output["shift"])
    return saturate(scaled + output["offset"], output["min"], output["max"])
