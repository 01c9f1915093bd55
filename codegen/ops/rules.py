"""Legality rules that several operators share."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
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
SAME_TYPE = Rule(
    "output type",
    lambda op, graph: graph.output(op).dtype == graph.operand(op, 0).dtype,
    lambda op, graph: graph.output(op).dtype,
    "the input's type",
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
FOLDABLE_INPUT = Rule(
    "input",
    lambda op, graph: not graph.operand(op, 0).is_constant or op.site.outputs[0] not in graph.outputs,
    lambda op, graph: "a constant",
    "a computed tensor, or a constant where the output is not the model's",  # which passes/fold_constants.py folds
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


def output_rank(number: int) -> Rule:
    """The number of dimensions of the output."""
    return Rule(
        "rank of the output",
        lambda op, graph: len(graph.output(op).shape) == number,
        lambda op, graph: len(graph.output(op).shape),
        str(number),
    )


def constant(position: int, *dtypes: str) -> Rule:
    """An operand that must be known at generation time; an absent optional one is fine."""

    def holds(op: Op, graph: Graph) -> bool:
        tensor = graph.input(op, position)
        return tensor is None or (tensor.is_constant and tensor.dtype in dtypes)

    def got(op: Op, graph: Graph) -> str:
        tensor = graph.operand(op, position)
        return f"{'constant' if tensor.is_constant else 'computed'} {tensor.dtype}"

    return Rule(f"operand {position}", holds, got, f"a constant of type {' or '.join(dtypes)}")


def constants(positions: range, dtype: str) -> Rule:
    """Several operands in a row that must all be known at generation time."""
    rules = [constant(position, dtype) for position in positions]

    def violated(op: Op, graph: Graph) -> list[Rule]:
        return [rule for rule in rules if not rule.holds(op, graph)]

    return Rule(
        f"operands {positions[0]} to {positions[-1]}",
        lambda op, graph: not violated(op, graph),
        lambda op, graph: ", ".join(f"{rule.about} {rule.got(op, graph)}" for rule in violated(op, graph)),
        f"constants of type {dtype}",
    )


def presence(positions: Collection[int], wanted: bool, allowed: str) -> Rule:
    """Operands that must be there, or must not."""

    def wrong(op: Op, graph: Graph) -> list[int]:
        return [position for position in positions if (graph.input(op, position) is not None) != wanted]

    return Rule(
        f"{'presence' if wanted else 'absence'} of operands",
        lambda op, graph: not wrong(op, graph),
        lambda op, graph: f"{wrong(op, graph)} {'absent' if wanted else 'present'}",
        allowed,
    )


def one_scale(positions: Collection[int]) -> Rule:
    """Operands with exactly one scale, which is what TFLM reads of them."""

    def scales(op: Op, graph: Graph, position: int) -> tuple[float, ...]:
        quant = graph.operand(op, position).quant
        return () if quant is None else quant.scale

    def wrong(op: Op, graph: Graph) -> list[int]:
        return [
            position
            for position in positions
            if len(scales(op, graph, position)) != 1 or not 0.0 < scales(op, graph, position)[0] < math.inf
        ]

    return Rule(
        "scales of operands",
        lambda op, graph: not wrong(op, graph),
        lambda op, graph: f"{len(scales(op, graph, wrong(op, graph)[0]))} for operand {wrong(op, graph)[0]}",
        f"one above 0 for each of {', '.join(map(str, positions))}",
    )


def element_type(position: int, *dtypes: str) -> Rule:
    """The type of an operand, computed or constant."""
    return Rule(
        f"type of operand {position}",
        lambda op, graph: graph.operand(op, position).dtype in dtypes,
        lambda op, graph: graph.operand(op, position).dtype,
        " or ".join(dtypes),
    )


def one_type(*positions: int) -> Rule:
    """The same type for the operands at these positions (all, if none is named), computed or constant, and the outputs;
    which types there are for what is computed, the operator says itself."""

    def types(op: Op, graph: Graph) -> list[str]:
        operands = [op.site.inputs[position] for position in positions] or op.site.inputs
        return [graph.tensors[index].dtype for index in (*operands, *op.site.outputs)]

    return Rule(
        "types of operands and outputs",
        lambda op, graph: len(set(types(op, graph))) == 1,
        lambda op, graph: ", ".join(types(op, graph)),
        "the same for all",
    )


def only_where(condition: Callable[[Op, Graph], bool], *rules: Rule) -> tuple[Rule, ...]:
    """Rules that only matter where a condition holds."""

    def limited(rule: Rule) -> Rule:
        return replace(rule, holds=lambda op, graph: not condition(op, graph) or rule.holds(op, graph))

    return tuple(limited(rule) for rule in rules)


def of_type(dtype: str, *rules: Rule) -> tuple[Rule, ...]:
    """Rules that only matter where the first output has this type, and say so."""

    def saying(rule: Rule) -> Rule:
        return rule if dtype in rule.allowed else replace(rule, allowed=f"{rule.allowed} ({dtype})")

    return only_where(lambda op, graph: graph.output(op).dtype == dtype, *map(saying, rules))


def output_quantization(scale: float, zero_point: int, tolerance: float = 0.0) -> Rule:
    """The one quantization that an operator's output may have; the scale is a fraction of 1, give or take so much of
    itself."""
    return Rule(
        "output quantization",
        lambda op, graph: abs(graph.output(op).scale - scale) <= tolerance * scale
        and graph.output(op).zero_point == zero_point,
        lambda op, graph: graph.output(op).describe(),
        f"scale 1/{round(1 / scale)}, zero point {zero_point}",
    )


def activation_name(options: Mapping[str, Any]) -> str:
    """The fused activation of an option table; numbers outside TFLite's list keep their number."""
    names = {0: "NONE", 1: "RELU", 2: "RELU_N1_TO_1", 3: "RELU6", 4: "TANH", 5: "SIGN_BIT"}
    number = int(options.get("FusedActivationFunction", 0))
    return names.get(number, f"activation {number}")
