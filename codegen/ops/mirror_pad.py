"""MIRROR_PAD: a tensor between its own mirror images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.ir import Graph, Op, OpSite, Rule
from codegen.kernel_call import KernelCall
from codegen.ops.loops import Loop, contiguous_steps
from codegen.ops.pad import PADDINGS, paddings
from codegen.ops.rules import constant, element_type, rank
from codegen.ops.strided_copy import strided_copy

MODES = ("REFLECT", "SYMMETRIC")  # in TFLite's order; the edge itself is mirrored only if symmetric


def _reaches(op: MirrorPad, graph: Graph) -> bool:
    """TFLM reads on beyond the tensor, or repeats its end, where there is nothing left to mirror."""
    sides = zip(graph.operand(op, 0).shape, paddings(op, graph), strict=True)
    return all(max(pad) <= extent - op.edge for extent, pad in sides)


@dataclass(frozen=True, slots=True)
class MirrorPad(Op):
    """Copies the input into the output, then mirrors what is there, axis by axis from the last one."""

    mode: int

    NAME: ClassVar[str] = "MIRROR_PAD"
    ARITY: ClassVar[tuple[int, int]] = (2, 2)
    RULES: ClassVar[tuple[Rule, ...]] = (
        element_type(0, "int8"),
        rank(0, (1, 2, 3, 4, 5)),
        constant(1, "int32", "int64"),
        PADDINGS,
        Rule("mode", lambda op, graph: op.mode in (0, 1), lambda op, graph: op.mode, "0 (REFLECT) or 1 (SYMMETRIC)"),
        Rule(
            "paddings",
            _reaches,
            lambda op, graph: paddings(op, graph),
            "at most the input's extents, one less if the mode is REFLECT",
        ),
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> MirrorPad:
        return cls(site, int(options.get("Mode", 0)))

    @property
    def edge(self) -> int:
        """Elements at the edge that have no mirror image."""
        return 1 if self.mode == 0 else 0

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        shape, output = graph.operand(self, 0).shape, graph.output(self).shape
        steps = contiguous_steps(output)
        start = sum(before * step for (before, _), step in zip(paddings(self, graph), steps, strict=True))
        loops: list[Loop] = list(zip(shape, contiguous_steps(shape), steps, strict=True))
        inner = strided_copy(self.site.inputs[0], self.site.outputs[0], 1, loops, target_start=start)
        return (inner, *self._mirrored(graph, steps, start))

    def _mirrored(self, graph: Graph, steps: tuple[int, ...], start: int) -> Iterator[KernelCall]:
        """Copies out of the box of the output that is filled, `filled` from `start` on, to both sides of it."""
        filled, target = list(graph.operand(self, 0).shape), self.site.outputs[0]
        for axis, (before, after) in reversed(list(enumerate(paddings(self, graph)))):
            step = steps[axis]
            end = start + (filled[axis] - 1) * step
            for count, edge, direction in ((before, start, step), (after, end, -step)):
                loops: list[Loop] = list(zip(filled, steps, steps, strict=True))
                loops[axis] = (count, direction, -direction)
                if count:
                    yield strided_copy(target, target, 1, loops, edge + self.edge * direction, edge - direction)
            filled[axis] += before + after
            start -= before * step
