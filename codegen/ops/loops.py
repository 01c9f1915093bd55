"""Nested loops over tensors in memory: steps of a row-major tensor, and neighbours merged into one loop."""

from __future__ import annotations

MAX_BATCH_LOOPS = 3  # of TS_BATCH_NEST in firmware_templates/kernels/ts_batch_matmul.h
MAX_COPY_LOOPS = 5  # of TS_COPY_NEST in firmware_templates/kernels/ts_strided_copy.h
MAX_REDUCE_LOOPS = 3  # of TS_REDUCE_NEST in firmware_templates/kernels/ts_reduce.h

Loop = tuple[int, ...]  # extent, then one step per tensor walked


def contiguous_steps(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Elements between neighbours along each axis of a row-major tensor."""
    steps = []
    step = 1
    for extent in reversed(shape):
        steps.append(step)
        step *= extent
    return tuple(reversed(steps))


def merge_loops(loops: list[Loop]) -> list[Loop]:
    """Drops loops of one pass and merges an outer loop into the next inner one where both just walk on.

    Loops come outermost first and keep that order.
    """
    merged: list[Loop] = []
    for loop in loops:
        if loop[0] == 1:
            continue
        if merged and all(outer == loop[0] * inner for outer, inner in zip(merged[-1][1:], loop[1:], strict=True)):
            merged[-1] = (merged[-1][0] * loop[0], *loop[1:])
        else:
            merged.append(loop)
    return merged


def padded(loops: list[Loop], count: int) -> list[Loop]:
    """Exactly `count` loops: loops of one pass in front."""
    width = len(loops[0]) if loops else 2
    return [(1, *([0] * (width - 1)))] * (count - len(loops)) + loops
