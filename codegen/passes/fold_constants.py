"""Computes what depends on constants only, once, when the firmware is generated.

Exact because it is the kernels' own arithmetic: tables of unary operators, the integer steps of binary ones, and the
copies that operators which only move bytes consist of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from codegen.ir import Graph, Op
from codegen.kernel_call import KernelCall
from codegen.ops.binary import Binary
from codegen.ops.unary import Unary

_FILL, _COPY = "fill", "strided_copy"
# Elements of a result: it is computed value by value, and a small file can ask for a large one.
LARGEST_RESULT = 2**20


def fold_constants(graph: Graph) -> Graph:
    """The graph without the operators whose operands are all constant; an output of the model is still computed."""
    for op in graph.ops:
        values = None if op.activations(graph) or set(op.site.outputs) & set(graph.outputs) else _evaluate(op, graph)
        folded = graph if values is None else _without(op, values, graph)
        readers = [reader for tensor in op.site.outputs for reader in folded.consumers(tensor)]
        if all(reader.check(folded) is None for reader in readers):  # some take only what is computed
            graph = folded
    return graph


def _without(op: Op, values: Sequence[np.ndarray], graph: Graph) -> Graph:
    """The graph with constants in place of an operator."""
    tensors = list(graph.tensors)
    for tensor, data in zip(op.site.outputs, values, strict=True):
        tensors[tensor] = replace(tensors[tensor], data=data.reshape(tensors[tensor].shape))
    return replace(graph, tensors=tuple(tensors), ops=tuple(other for other in graph.ops if other is not op))


def _evaluate(op: Op, graph: Graph) -> list[np.ndarray] | None:
    """The outputs of an operator on constants; None for one that is left to its kernel."""
    if sum(graph.tensors[tensor].size for tensor in op.site.outputs) > LARGEST_RESULT:
        return None
    if op.IS_VIEW:
        return [_data(op.site.inputs[0], graph)]
    if isinstance(op, Unary) and op.is_table(graph):
        return [op.table(graph)[_data(op.site.inputs[0], graph).astype(int) + 128]]
    if isinstance(op, Binary):
        first, second = np.broadcast_arrays(*(_data(tensor, graph) for tensor in op.site.inputs))
        values = op.evaluate(graph, first.ravel().tolist(), second.ravel().tolist())
        return [np.array(values, graph.output(op).dtype)]
    calls = op.prepare(graph)
    return _moved(op, calls, graph) if all(call.kernel in (_FILL, _COPY) for call in calls) else None


def _data(tensor: int, graph: Graph) -> np.ndarray:
    data = graph.tensors[tensor].data
    assert data is not None
    return data


def _moved(op: Op, calls: Sequence[KernelCall], graph: Graph) -> list[np.ndarray]:
    """What fills and copies leave in the outputs."""
    outputs = {tensor: np.zeros(graph.tensors[tensor].bytes, np.int8) for tensor in op.site.outputs}
    for call in calls:
        if call.kernel == _FILL:
            outputs[call.output][:] = call.params["value"]
        else:
            source, target = (_places(call.params, side) for side in ("source", "target"))
            given = call.inputs[0]  # MIRROR_PAD goes on from what it has written
            content = outputs[given] if given in outputs else _data(given, graph).ravel().view(np.int8)
            outputs[call.output][target] = content[source]
    return [content.view(graph.tensors[tensor].dtype) for tensor, content in outputs.items()]


def _places(params: Mapping[str, Any], side: str) -> list[int]:
    """Positions of the bytes that ts_strided_copy reads or writes, in its order."""
    indices = product(*(range(extent) for extent in params["extent"].values))
    steps, start = params[f"{side}_step"].values, params[f"{side}_start"]
    return [start + sum(i * step for i, step in zip(index, steps, strict=True)) for index in indices]
