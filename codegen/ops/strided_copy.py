"""Operators that only move bytes: each is one or more strided copies.

A tensor of elements of several bytes is one of bytes, with one axis more.
"""

from __future__ import annotations

from collections.abc import Iterable

from codegen.ir import Graph, Op
from codegen.kernel_call import KernelCall, Nest, ParamValue
from codegen.ops.loops import MAX_COPY_LOOPS, Loop, contiguous_steps, merge_loops, padded


def copy_loop_count(loops: list[Loop]) -> int:
    return len(merge_loops(loops))


def strided_copy(
    source: int, target: int, element_bytes: int, loops: list[Loop], source_start: int = 0, target_start: int = 0
) -> KernelCall:
    """Copies elements; loops are (extent, step in the source, step in the target), outermost first, in elements."""
    nest = padded(_in_bytes(element_bytes, loops) or [(1, 1, 1)], MAX_COPY_LOOPS)
    params: dict[str, ParamValue] = {
        "extent": _nest(extent for extent, _, _ in nest),
        "source_step": _nest(step for _, step, _ in nest),
        "target_step": _nest(step for _, _, step in nest),
        "source_start": source_start * element_bytes,
        "target_start": target_start * element_bytes,
    }
    return KernelCall("strided_copy", (source,), target, params)


def _nest(values: Iterable[int]) -> Nest:
    return Nest("TS_COPY_NEST", tuple(values), usual=3)


def strided_copies(source: int, target: int, element_bytes: int, loops: list[Loop]) -> tuple[KernelCall, ...]:
    """As `strided_copy`, also where the bytes of an element are one loop more than the kernel has: the shortest loop is
    unrolled then."""
    if len(_in_bytes(element_bytes, loops)) <= MAX_COPY_LOOPS:
        return (strided_copy(source, target, element_bytes, loops),)
    unrolled = min(merge_loops(loops))
    extent, source_step, target_step = unrolled
    rest = [loop for loop in merge_loops(loops) if loop is not unrolled]
    return tuple(
        strided_copy(source, target, element_bytes, rest, i * source_step, i * target_step) for i in range(extent)
    )


def _in_bytes(element_bytes: int, loops: list[Loop]) -> list[Loop]:
    """Loops over elements as loops over bytes."""
    scaled = [(extent, *(step * element_bytes for step in steps)) for extent, *steps in loops]
    return merge_loops([*scaled, (element_bytes, 1, 1)])


def slice_copy(op: Op, graph: Graph, spans: list[tuple[int, int, int]]) -> KernelCall:
    """Copies what lies at (first, count, stride) along each axis of the first operand into the output."""
    shape = graph.operand(op, 0).shape
    steps = contiguous_steps(shape)
    target_steps = contiguous_steps(tuple(count for _, count, _ in spans))
    loops: list[Loop] = [
        (count, step * stride, target_step)
        for (_, count, stride), step, target_step in zip(spans, steps, target_steps, strict=True)
    ]
    start = sum(first * step for (first, _, _), step in zip(spans, steps, strict=True))
    element_bytes = graph.output(op).element_bytes
    return strided_copy(op.site.inputs[0], op.site.outputs[0], element_bytes, loops, source_start=start)
