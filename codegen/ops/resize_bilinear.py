"""RESIZE_BILINEAR: every output position is a mean of four input positions, weighted by its distance from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from codegen.ir import Graph, Rule
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.resize import Resize

ONE = 1 << 10  # input positions are counted in these parts; TS_RESIZE_BITS in ts_resize_bilinear.c
MAX_SIZE = (2**31 - 1) // ONE


def _within_input(op: ResizeBilinear, graph: Graph) -> bool:
    """The scale is rounded: many output positions add up to more than the input has."""

    def last(input_size: int, output_size: int) -> int:
        scale, offset = op.scale(input_size, output_size)
        return (scale * (output_size - 1) + offset) // ONE

    sizes = op.sizes(graph)
    return all(size < MAX_SIZE and last(size, output_size) < size for size, output_size in sizes)


@dataclass(frozen=True, slots=True)
class ResizeBilinear(Resize):
    """Positions and weights are integers, in 1/1024 (TFLite reference/resize_bilinear.h, ResizeBilinearInteger)."""

    NAME: ClassVar[str] = "RESIZE_BILINEAR"
    RULES: ClassVar[tuple[Rule, ...]] = (
        *Resize.RULES,
        Rule(
            "align_corners and half_pixel_centers",
            lambda op, graph: not (op.align_corners and op.half_pixel_centers),
            lambda op, graph: "both set",
            "one of them",
        ),
        Rule(
            "sizes",
            _within_input,
            lambda op, graph: f"{graph.operand(op, 0).shape[1:3]} to {graph.output(op).shape[1:3]}",
            "such that TFLM's rounded positions stay within the input (an enlargement by less than 500 or so)",
        ),
    )

    def scale(self, input_size: int, output_size: int) -> tuple[int, int]:
        """(input positions per output position, input position of output position 0), in 1/1024."""
        corners = 1 if self.align_corners and output_size > 1 else 0
        steps = output_size - corners
        scale = (ONE * (input_size - corners) + steps // 2) // steps
        return scale, (scale // 2 - ONE // 2 if self.half_pixel_centers else 0)

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        batches, _, _, channels = graph.operand(self, 0).shape
        rows, columns = self.sizes(graph)
        params: dict[str, ParamValue] = {
            "batches": batches,
            "channels": channels,
            "rows": self._axis(*rows),
            "columns": self._axis(*columns),
        }
        return (KernelCall("resize_bilinear", self.site.inputs[:1], self.site.outputs[0], params),)

    def _axis(self, input_size: int, output_size: int) -> Mapping[str, ParamValue]:
        """Initialiser of `ts_resize_axis_t`."""
        scale, offset = self.scale(input_size, output_size)
        return {"input_size": input_size, "output_size": output_size, "scale": scale, "offset": offset}
