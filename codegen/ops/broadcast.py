"""Walking two tensors together, NumPy's broadcasting rules, in as few loops as the shapes allow."""

from __future__ import annotations

from dataclasses import dataclass

from codegen.kernel_call import Nest, Shared

MAX_LOOPS = 4  # of TS_BROADCAST_NEST in firmware_templates/kernels/ts_broadcast.h


@dataclass(frozen=True, slots=True)
class BroadcastPlan:
    """Loops from outermost to innermost: extent and the step of each operand (0 where it is repeated)."""

    extents: tuple[int, ...]
    first_steps: tuple[int, ...]
    second_steps: tuple[int, ...]

    def as_param(self) -> Shared:
        """Initialiser of `ts_broadcast_t`."""
        fields = {"extent": self.extents, "first_step": self.first_steps, "second_step": self.second_steps}
        return Shared("ts_broadcast_t", {name: broadcast_nest(values) for name, values in fields.items()})


def broadcast_nest(values: tuple[int, ...]) -> Nest:
    """A field of `ts_broadcast_t`."""
    return Nest("TS_BROADCAST_NEST", values, usual=2)


def broadcast_shape(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...] | None:
    """The common shape, right-aligned; None when two extents differ and neither is 1."""
    rank = max(len(first), len(second))
    first, second = (1,) * (rank - len(first)) + first, (1,) * (rank - len(second)) + second
    if any(a != b and 1 not in (a, b) for a, b in zip(first, second, strict=True)):
        return None
    return tuple(max(a, b) for a, b in zip(first, second, strict=True))


def loop_count(first: tuple[int, ...], second: tuple[int, ...]) -> int:
    """Loops that remain after merging neighbours."""
    return len(_merged(first, second))


def broadcast_plan(first: tuple[int, ...], second: tuple[int, ...]) -> BroadcastPlan:
    """The plan for two shapes that broadcast."""
    loops = _merged(first, second)
    loops = [(1, 0, 0)] * (MAX_LOOPS - len(loops)) + loops
    extents, first_steps, second_steps = zip(*loops, strict=True)
    return BroadcastPlan(extents, first_steps, second_steps)


def _merged(first: tuple[int, ...], second: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """(extent, step of first, step of second) per loop, outermost first, neighbours merged where both walk on."""
    shape = broadcast_shape(first, second)
    assert shape is not None
    rank = len(shape)
    loops: list[tuple[int, int, int]] = []
    steps = [1, 1]
    for axis in range(rank - 1, -1, -1):
        sizes = [operand[axis - rank] if axis - rank >= -len(operand) else 1 for operand in (first, second)]
        walk = [step if size > 1 else 0 for step, size in zip(steps, sizes, strict=True)]
        steps = [step * size for step, size in zip(steps, sizes, strict=True)]
        if shape[axis] == 1:
            continue
        if loops and all(step == loops[0][0] * inner for step, inner in zip(walk, loops[0][1:], strict=True)):
            loops[0] = (loops[0][0] * shape[axis], loops[0][1], loops[0][2])
        else:
            loops.insert(0, (shape[axis], walk[0], walk[1]))
    return loops
