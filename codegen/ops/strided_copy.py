"""Operators that only move bytes: each is one or more strided copies."""

from __future__ import annotations

from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.loops import MAX_COPY_LOOPS, Loop, contiguous_steps, merge_loops, padded


def copy_loop_count(loops: list[Loop]) -> int:
    return len(merge_loops(loops))


def strided_copy(
    source: int, target: int, loops: list[Loop], source_start: int = 0, target_start: int = 0
) -> KernelCall:
    """Copies elements; loops are (extent, step in the source, step in the target), outermost first."""
    nest = padded(merge_loops(loops) or [(1, 1, 1)], MAX_COPY_LOOPS)
    params: dict[str, ParamValue] = {
        "extent": tuple(extent for extent, _, _ in nest),
        "source_step": tuple(step for _, step, _ in nest),
        "target_step": tuple(step for _, _, step in nest),
        "source_start": source_start,
        "target_start": target_start,
    }
    return KernelCall("strided_copy", (source,), target, params)


def slice_copy(source: int, target: int, shape: tuple[int, ...], spans: list[tuple[int, int, int]]) -> KernelCall:
    """Copies what lies at (first, count, stride) along each axis of a row-major `shape` into a row-major tensor."""
    steps = contiguous_steps(shape)
    target_steps = contiguous_steps(tuple(count for _, count, _ in spans))
    loops: list[Loop] = [
        (count, step * stride, target_step)
        for (_, count, stride), step, target_step in zip(spans, steps, target_steps, strict=True)
    ]
    start = sum(first * step for (first, _, _), step in zip(spans, steps, strict=True))
    return strided_copy(source, target, loops, source_start=start)
