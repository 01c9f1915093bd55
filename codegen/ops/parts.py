"""Operators that join parts along one axis or take a tensor apart: CONCATENATION, PACK, SPLIT, SPLIT_V, UNPACK.

All of them see a tensor as (outer, run): `outer` is what lies in front of the axis, and a part's run is what it has in
each of these rows.
"""

from __future__ import annotations

from codegen.ir import Graph, Op
from codegen.kernel_call import KernelCall
from codegen.ops.loops import Loop
from codegen.ops.strided_copy import strided_copy


def without_axis(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return (*shape[:axis], *shape[axis + 1 :])


def are_parts(parts: list[tuple[int, ...]], whole: tuple[int, ...], axis: int) -> bool:
    """Whether the parts' shapes, side by side along the axis, make the whole."""
    if any(len(part) != len(whole) or without_axis(part, axis) != without_axis(whole, axis) for part in parts):
        return False
    return sum(part[axis] for part in parts) == whole[axis]


def join(op: Op, graph: Graph, outer: int) -> tuple[KernelCall, ...]:
    """All operands side by side in the output, one copy for each."""
    calls, start = [], 0
    row = graph.output(op).size // outer
    for part in op.site.inputs:
        run = graph.tensors[part].size // outer
        loops: list[Loop] = [(outer, run, row), (run, 1, 1)]
        element_bytes = graph.tensors[part].element_bytes
        calls.append(strided_copy(part, op.site.outputs[0], element_bytes, loops, target_start=start))
        start += run
    return tuple(calls)


def take_apart(op: Op, graph: Graph, position: int, outer: int) -> tuple[KernelCall, ...]:
    """The outputs out of the operand at a position, where they lie side by side, one copy for each."""
    calls, start = [], 0
    source, row = op.site.inputs[position], graph.operand(op, position).size // outer
    for part in op.site.outputs:
        run = graph.tensors[part].size // outer
        loops: list[Loop] = [(outer, row, run), (run, 1, 1)]
        calls.append(strided_copy(source, part, graph.tensors[part].element_bytes, loops, source_start=start))
        start += run
    return tuple(calls)
