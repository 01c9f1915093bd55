"""Legality rules that several operators share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codegen.ir import Graph, Op, Rule
from codegen.quantization import ACTIVATIONS

SAME_SHAPE = Rule(
    "output shape",
    lambda op, graph: graph.output(op).shape == graph.operand(op, 0).shape,
    lambda op, graph: graph.output(op).shape,
    "the input's shape",
)
SAME_SIZE = Rule(
    "output size",
    lambda op, graph: graph.output(op).size == graph.operand(op, 0).size,
    lambda op, graph: f"{graph.output(op).size} elements",
    "the input's number of elements",
)
SAME_QUANT = Rule(
    "output quantization",
    lambda op, graph: all(
        abs(graph.output(op, i).scale - graph.operand(op, 0).scale) <= 1e-6
        and graph.output(op, i).zero_point == graph.operand(op, 0).zero_point
        for i in range(len(op.site.outputs))
    ),
    lambda op, graph: graph.output(op).describe(),
    "the input's scale and zero point",
)
COMPUTED_INPUT = Rule(
    "input",
    lambda op, graph: not graph.operand(op, 0).is_constant,
    lambda op, graph: "a constant",
    "a computed tensor (fold constants before conversion)",
)
KNOWN_ACTIVATION = Rule(
    "fused activation",
    lambda op, graph: op.activation in ACTIVATIONS,
    lambda op, graph: op.activation,
    ", ".join(ACTIVATIONS),
)


PER_TENSOR_OPERANDS = Rule(
    "quantization of operands",
    lambda op, graph: not any(graph.tensors[i].per_channel for i in op.site.inputs),
    lambda op, graph: "per channel",
    "one scale",
)


def rank(position: int, ranks: tuple[int, ...]) -> Rule:
    """The number of dimensions of an operand."""
    return Rule(
        f"rank of operand {position}",
        lambda op, graph: len(graph.operand(op, position).shape) in ranks,
        lambda op, graph: len(graph.operand(op, position).shape),
        " or ".join(str(n) for n in ranks),
    )


def constant(position: int, dtype: str) -> Rule:
    """An operand that must be known at generation time; an absent optional one is fine."""

    def holds(op: Op, graph: Graph) -> bool:
        tensor = graph.input(op, position)
        return tensor is None or (tensor.is_constant and tensor.dtype == dtype)

    def got(op: Op, graph: Graph) -> str:
        tensor = graph.operand(op, position)
        return f"{'constant' if tensor.is_constant else 'computed'} {tensor.dtype}"

    return Rule(f"operand {position}", holds, got, f"a constant of type {dtype}")


def activation_name(options: Mapping[str, Any]) -> str:
    """The fused activation of an option table; numbers outside TFLite's list keep their number."""
    names = {0: "NONE", 1: "RELU", 2: "RELU_N1_TO_1", 3: "RELU6", 4: "TANH", 5: "SIGN_BIT"}
    number = int(options.get("FusedActivationFunction", 0))
    return names.get(number, f"activation {number}")
