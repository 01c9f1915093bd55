"""Is a graph legal? Rules are data, evaluated after reading and after every pass; all operators are looked at first.

An operator is never skipped silently: what has no rule that allows it has no kernel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import fields

from codegen.errors import ModelFormatError, QuantizationError, TinySerError, UnsupportedOperatorError
from codegen.ir import ABSENT, ELEMENT_BYTES, Graph, Op, Tensor

MAX_ELEMENTS = 2**31 - 1
MAX_RANK = 6


def verify(graph: Graph, where: str) -> None:
    """Raises the first kind of error that the graph has, naming up to three violations."""
    for error, find in CHECKS:
        violations = list(find(graph))
        if violations:
            more = f"; and {len(violations) - 3} more" if len(violations) > 3 else ""
            raise error(f"{where}: {'; '.join(violations[:3])}{more}")


def _name(op: Op) -> str:
    return f"operator {op.site.index} {op.NAME}"


def _structure(graph: Graph) -> Iterator[str]:
    """Tensor indices in range, operands defined before use, each tensor written once."""
    defined = {i for i, tensor in enumerate(graph.tensors) if tensor.is_constant or tensor.is_variable}
    defined.update(graph.inputs)
    if not graph.inputs or not graph.outputs:
        yield "the model has no input or no output tensor, at least one of each is needed"
    for op in graph.ops:
        fewest, most = op.ARITY
        if not fewest <= len(op.site.inputs) <= most:
            yield f"{_name(op)} has {len(op.site.inputs)} operands, allowed: {fewest} to {most}"
            return
        if not op.site.outputs or op.OUTPUTS not in (None, len(op.site.outputs)):
            yield f"{_name(op)} has {len(op.site.outputs)} outputs, allowed: {op.OUTPUTS or 'at least 1'}"
            return
        for position, index in enumerate(op.site.inputs):
            if index == ABSENT and position >= most - op.OPTIONAL:
                continue
            if index not in defined:
                yield f"{_name(op)} reads tensor {index} before it is computed"
                return
        for index in op.site.outputs:
            if index in defined or not 0 <= index < len(graph.tensors):
                yield f"{_name(op)} writes tensor {index}, which is no fresh tensor"
                return
            defined.add(index)
    missing = [index for index in graph.outputs if index not in defined]
    if missing:
        yield f"output tensor {missing[0]} is never computed"
    elif constant := [graph.tensors[index].name for index in graph.outputs if graph.tensors[index].is_constant]:
        yield f"output tensor {constant[0]!r} is a constant, allowed: one that an operator computes from the inputs"


def _used(graph: Graph) -> Iterator[tuple[Op, Tensor]]:
    for op in graph.ops:
        for index in (*op.site.inputs, *op.site.outputs):
            if index != ABSENT:
                yield op, graph.tensors[index]


def _state(graph: Graph) -> Iterator[str]:
    """A variable tensor is the state of one operator and nothing else: no pass can then move a reader past a writer."""
    owners: dict[int, Op] = {}
    for op in graph.ops:
        for position in op.STATE:
            index = op.site.input(position)
            if index == ABSENT or not graph.tensors[index].is_variable or graph.tensors[index].is_constant:
                yield f"{_name(op)}: operand {position} is its state, allowed: a variable tensor without data"
            elif owners.setdefault(index, op) is not op:
                yield f"{_name(op)}: its state is that of {_name(owners[index])} too, allowed: a tensor of its own"
        for position, index in enumerate(op.site.inputs):
            if index != ABSENT and graph.tensors[index].is_variable and position not in op.STATE:
                yield f"{_name(op)}: operand {position} is a variable tensor, allowed: as the state of an operator"
    for index in (*graph.inputs, *graph.outputs):
        if graph.tensors[index].is_variable:
            yield f"tensor {graph.tensors[index].name!r} is variable, allowed: no input or output of the model is"


def _shapes(graph: Graph) -> Iterator[str]:
    """Shapes are static, small enough to address, and constants have the bytes that their shape says."""
    for op, tensor in _used(graph):
        if any(extent < 1 for extent in tensor.shape) or math.prod(tensor.shape) > MAX_ELEMENTS:
            yield f"{_name(op)}: tensor {tensor.name!r} has shape {tensor.shape}, allowed: from 1, product below 2^31"
        elif len(tensor.shape) > MAX_RANK:
            yield f"{_name(op)}: tensor {tensor.name!r} has {len(tensor.shape)} dimensions, allowed: at most {MAX_RANK}"


def _types(graph: Graph) -> Iterator[str]:
    """Types are known, and whatever is computed has one that both the operator that writes it and those that read it
    can do with."""
    for op, tensor in _used(graph):
        if tensor.dtype not in ELEMENT_BYTES:
            yield f"{_name(op)}: tensor {tensor.name!r} is {tensor.dtype}, allowed: {', '.join(ELEMENT_BYTES)}"
    for op in graph.ops:
        roles = ((op.site.inputs, op.INPUT_TYPES), (op.site.outputs, op.OUTPUT_TYPES))
        for indices, allowed in roles:
            for tensor in (graph.tensors[index] for index in indices if index != ABSENT):
                if not tensor.is_constant and not tensor.is_variable and tensor.dtype not in allowed:
                    advice = "quantize the model fully" if "int8" in allowed else "export the operator with that type"
                    yield (
                        f"{_name(op)}: tensor {tensor.name!r} is {tensor.dtype}, allowed: {' or '.join(allowed)}; "
                        f"{advice}"
                    )


def _quantization(graph: Graph) -> Iterator[str]:
    """Whatever is quantized has finite positive scales and zero points; what is computed has one of each."""
    for op, tensor in _used(graph):
        if not tensor.is_quantized or (tensor.dtype == "int16" and _is_no_value(op, tensor, graph)):
            continue  # index and bias operands, state, float outputs; each operator's own rules say what they may be
        low, high = (0, 0) if tensor.dtype == "int16" else tensor.limits
        if tensor.quant is None:
            yield f"{_name(op)}: tensor {tensor.name!r} has no quantization parameters; quantize the model again"
        elif not all(math.isfinite(scale) and scale > 0 for scale in tensor.quant.scale):
            yield f"{_name(op)}: tensor {tensor.name!r} has scale {min(tensor.quant.scale)}, allowed: finite, above 0"
        elif not all(low <= zero_point <= high for zero_point in tensor.quant.zero_point):
            yield f"{_name(op)}: tensor {tensor.name!r} has a zero point outside {low}..{high}, those of {tensor.dtype}"
        elif not tensor.is_constant and tensor.quant.per_channel:
            yield f"{_name(op)}: activation {tensor.name!r} is quantized per channel, allowed: one scale"


def _is_no_value(op: Op, tensor: Tensor, graph: Graph) -> bool:
    """Is a tensor of int16 a state, or a constant that is not of the operator's type?"""
    return tensor.is_variable or (tensor.is_constant and graph.output(op).dtype != tensor.dtype)


def _operators(graph: Graph) -> Iterator[str]:
    """Each operator's own rules, behind one for all: its options are finite numbers."""
    for op in graph.ops:
        try:
            message = _unusable_option(op) or op.check(graph)
        except QuantizationError as error:  # of a multiplier that a rule wants to see
            message = str(error)
        if message is not None:
            yield f"{_name(op)}: {message}"


def _unusable_option(op: Op) -> str | None:
    options = ((field.name, getattr(op, field.name)) for field in fields(op))
    bad = [(name, value) for name, value in options if isinstance(value, float) and not math.isfinite(value)]
    return f"{bad[0][0]} is {bad[0][1]}, allowed: a finite number" if bad else None


CHECKS: tuple[tuple[type[TinySerError], Callable[[Graph], Iterator[str]]], ...] = (
    (ModelFormatError, _structure),
    (ModelFormatError, _state),
    (ModelFormatError, _shapes),
    (QuantizationError, _types),
    (QuantizationError, _quantization),
    (UnsupportedOperatorError, _operators),
)
