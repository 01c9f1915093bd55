"""Operators that only move bytes: each is one or more strided copies."""

from __future__ import annotations

from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.loops import MAX_COPY_LOOPS, Loop, merge_loops, padded


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
