"""The sliding window that convolutions and pools share: strides, dilation and where it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from codegen.ir import Graph, Op, Rule
from codegen.kernel_call import ParamValue
from codegen.rows import Access, Rows, WindowRows

SAME, VALID = "SAME", "VALID"
_LIMIT = 2**31


@dataclass(frozen=True, slots=True)
class Window:
    """Vertical then horizontal steps of a window; `before` overrides TFLite's padding rule once a PAD was folded in."""

    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: str
    before: tuple[int, int] | None = None

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> Window:
        return cls(
            stride=(int(options.get("StrideH", 0)), int(options.get("StrideW", 0))),
            dilation=(int(options.get("DilationHFactor", 1)), int(options.get("DilationWFactor", 1))),
            padding={0: SAME, 1: VALID}.get(int(options.get("Padding", 0)), "unknown"),
        )

    def as_param(
        self, given: tuple[int, ...], filter_size: tuple[int, int], output: tuple[int, ...]
    ) -> Mapping[str, ParamValue]:
        """Initialiser of `ts_window_t` for (batch, height, width, channels) tensors."""
        pairs = {"filter": filter_size, "stride": self.stride, "dilation": self.dilation}
        top, left = (self.pad_before(given[1 + axis], filter_size[axis], output[1 + axis], axis) for axis in (0, 1))
        return {
            "batches": given[0],
            "input_height": given[1],
            "input_width": given[2],
            "input_channels": given[3],
            "output_height": output[1],
            "output_width": output[2],
            "output_channels": output[3],
            **{f"{name}_{side}": pair[i] for name, pair in pairs.items() for i, side in enumerate(("height", "width"))},
            "pad_top": top,
            "pad_left": left,
        }

    def extent(self, filter_size: int, axis: int) -> int:
        """Input positions that one window spans."""
        return (filter_size - 1) * self.dilation[axis] + 1

    def pad_before(self, input_size: int, filter_size: int, output_size: int, axis: int) -> int:
        """Rows or columns of zero points in front of the input (TFLite's ComputePadding)."""
        if self.before is not None:
            return self.before[axis]
        return max((output_size - 1) * self.stride[axis] + self.extent(filter_size, axis) - input_size, 0) // 2

    def output_size(self, input_size: int, filter_size: int, axis: int) -> int:
        """Output positions along an axis (TFLite's ComputeOutSize)."""
        if self.padding == SAME:
            return -(-input_size // self.stride[axis])
        return (input_size + self.stride[axis] - self.extent(filter_size, axis)) // self.stride[axis]


def window_access(op: Any, graph: Graph, filter_size: tuple[int, int], axis: int, pads: bool) -> Access:
    """How rows of a (batch, height, width, channels) output along `axis`, not the last one, read those of the input."""
    if axis == 0:
        return Rows(0)
    given, output, side = graph.operand(op, 0).shape, graph.output(op).shape, axis - 1
    before = op.window.pad_before(given[axis], filter_size[side], output[axis], side)
    return WindowRows(axis, op.window.stride[side], before, op.window.extent(filter_size[side], side), pads)


def window_on_rows(op: Any, graph: Graph, filter_size: tuple[int, int], axis: int) -> Any:
    """The operator on blocks of rows along `axis`: padded along the other axis only."""
    given, output = graph.operand(op, 0).shape, graph.output(op).shape
    before = [
        0 if axis == 1 + side else op.window.pad_before(given[1 + side], filter_size[side], output[1 + side], side)
        for side in (0, 1)
    ]
    return replace(op, window=replace(op.window, before=(before[0], before[1])))


def window_rules(filter_shape_of: Any) -> tuple[Rule, ...]:
    """Rules on a window; `filter_shape_of(op, graph)` gives (height, width)."""

    def fits(op: Any, graph: Graph) -> bool:
        if op.window.before is not None:
            return True  # made by a pass from a legal PAD
        sizes = filter_shape_of(op, graph)
        given, output = graph.operand(op, 0).shape, graph.output(op).shape
        return all(output[1 + axis] == op.window.output_size(given[1 + axis], sizes[axis], axis) for axis in (0, 1))

    def reach(op: Any, graph: Graph) -> int:
        sizes, given, output = filter_shape_of(op, graph), graph.operand(op, 0).shape, graph.output(op).shape
        rows, columns = (
            given[1 + axis] + output[1 + axis] * op.window.stride[axis] + op.window.extent(sizes[axis], axis)
            for axis in (0, 1)
        )
        return int(rows * given[2] + columns) * given[3]

    def steps(op: Op, graph: Graph) -> bool:
        return all(step >= 1 for step in (*op.window.stride, *op.window.dilation))  # type: ignore[attr-defined]

    return (
        Rule(
            "output batch",
            lambda op, graph: graph.output(op).shape[0] == graph.operand(op, 0).shape[0],
            lambda op, graph: graph.output(op).shape[0],
            "the input's",
        ),
        Rule("stride and dilation", steps, lambda op, graph: (op.window.stride, op.window.dilation), "1 or more"),
        Rule(
            "padding",
            lambda op, graph: op.window.padding in (SAME, VALID),
            lambda op, graph: op.window.padding,
            "SAME or VALID",
        ),
        Rule(
            "output shape",
            lambda op, graph: not steps(op, graph) or fits(op, graph),
            lambda op, graph: graph.output(op).shape,
            "what padding, stride and filter give for the input",
        ),
        Rule(
            "elements from a window to the end of the image",
            lambda op, graph: not steps(op, graph) or reach(op, graph) < _LIMIT,
            reach,
            f"less than {_LIMIT}, which an int32 holds",
        ),
    )
