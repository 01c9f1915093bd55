"""TRANSPOSE_CONV: (batch, height, width, channels) upsampled with filter (filters, height, width, channels).

Every `stride`-th output row and column meets the same taps of the filter: a transposed convolution is stride * stride
plain ones without stride, each on its share of the taps, in reverse. That is how it is computed here; the sums are
those of TFLM, which scatters every input over the output.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from codegen.ir import QUANTIZED_TYPES, Graph, Op, OpSite, Rule
from codegen.kernel_call import KernelCall
from codegen.ops.conv_2d import bias_length, filter_shape, patches_call, positions_param, scale_count
from codegen.ops.linear import conv_scratch_bytes
from codegen.ops.linear_i16 import bias_type, wide_rules
from codegen.ops.operands import integers
from codegen.ops.rules import KNOWN_ACTIVATION, activation_name, constant, one_type, rank
from codegen.ops.window import SAME, VALID, Window

OUTPUT_SHAPE, FILTER, INPUT, BIAS = range(4)


def _window_fits(op: TransposeConv, graph: Graph) -> bool:
    """Would the convolution with this window make the input's size of the output's?"""
    given, output, sizes = graph.operand(op, INPUT).shape, graph.output(op).shape, filter_shape(op, graph)
    return all(given[1 + axis] == op.window.output_size(output[1 + axis], sizes[axis], axis) for axis in (0, 1))


@dataclass(frozen=True, slots=True)
class Share:
    """Output positions `start`, `start + stride`, ... along one axis: a window of `taps` over the input."""

    start: int
    positions: int
    taps: tuple[int, ...]  # of the filter, in the order of the inputs they meet
    before: int  # input positions in front of the first one (below 0: left out)


def shares(output_size: int, filter_size: int, stride: int, pad: int) -> list[Share]:
    """What becomes of one axis; input i adds to output i * stride - pad + tap."""
    found = []
    for start in range(min(stride, output_size)):
        inputs, first_tap = divmod(start + pad, stride)
        taps = tuple(reversed(range(first_tap, filter_size, stride)))
        found.append(Share(start, -(-(output_size - start) // stride), taps, len(taps) - 1 - inputs))
    return found


@dataclass(frozen=True, slots=True)
class TransposeConv(Op):
    """The gradient of a 2-D convolution (TFLite reference/integer_ops/transpose_conv.h)."""

    window: Window
    activation: str

    NAME: ClassVar[str] = "TRANSPOSE_CONV"
    ARITY: ClassVar[tuple[int, int]] = (3, 4)
    OPTIONAL: ClassVar[int] = 1
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    RULES: ClassVar[tuple[Rule, ...]] = (
        rank(FILTER, (4,)),
        rank(INPUT, (4,)),
        one_type(INPUT),
        constant(OUTPUT_SHAPE, "int32"),
        constant(FILTER, "int8"),
        bias_type(BIAS, "int16", "int64"),
        scale_count(FILTER, 0),
        bias_length(0, BIAS),
        KNOWN_ACTIVATION,
        Rule(
            "output shape",
            lambda op, graph: integers(op, graph, OUTPUT_SHAPE) == graph.output(op).shape
            and len(graph.output(op).shape) == 4,
            lambda op, graph: graph.output(op).shape,
            "(batch, height, width, channels), as operand 0 says",
        ),
        Rule(
            "channels",
            lambda op, graph: graph.operand(op, FILTER).shape[::3]
            == (graph.output(op).shape[3], graph.operand(op, INPUT).shape[3]),
            lambda op, graph: graph.operand(op, FILTER).shape[::3],
            "those of the output and of the input in the filter",
        ),
        Rule("stride", lambda op, graph: min(op.window.stride) >= 1, lambda op, graph: op.window.stride, "1 or more"),
        Rule(
            "padding",
            lambda op, graph: op.window.padding in (SAME, VALID),
            lambda op, graph: op.window.padding,
            "SAME or VALID",
        ),
        Rule(
            "input shape",
            lambda op, graph: graph.operand(op, INPUT).shape[0] == graph.output(op).shape[0]
            and _window_fits(op, graph),
            lambda op, graph: graph.operand(op, INPUT).shape,
            "what padding, stride and filter give for the output",
        ),
        *wide_rules(INPUT, FILTER, BIAS),
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> TransposeConv:
        return cls(site, Window.parse(options), activation_name(options))

    def scratch_bytes(self, graph: Graph) -> int:
        rows, columns = self._shares(graph)
        taps = max(len(share.taps) for share in rows) * max(len(share.taps) for share in columns)
        given = graph.operand(self, INPUT)
        return conv_scratch_bytes(given, taps * given.shape[3])

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        all_rows, all_columns = self._shares(graph)
        return tuple(self._call(graph, rows, columns) for rows in all_rows for columns in all_columns)

    def _shares(self, graph: Graph) -> tuple[list[Share], list[Share]]:
        """Of the rows and of the columns; a filter smaller than the stride is taken to be that large, with zeros."""
        given, output, sizes = graph.operand(self, INPUT).shape, graph.output(self).shape, filter_shape(self, graph)
        rows, columns = (
            shares(
                output[1 + axis],
                max(sizes[axis], self.window.stride[axis]),
                self.window.stride[axis],
                self.window.pad_before(output[1 + axis], sizes[axis], given[1 + axis], axis),
            )
            for axis in (0, 1)
        )
        return rows, columns

    def _call(self, graph: Graph, rows: Share, columns: Share) -> KernelCall:
        """The plain convolution that makes the outputs of one share of the rows and one of the columns."""
        given, filters, output = graph.operand(self, INPUT), graph.operand(self, FILTER), graph.output(self)
        taps = self._with_zeros(filters.data)[:, rows.taps][:, :, columns.taps]
        weights = replace(filters, shape=taps.shape, data=taps)
        made = (output.shape[0], rows.positions, columns.positions, output.shape[3])
        window = Window((1, 1), (1, 1), VALID, before=(rows.before, columns.before))
        geometry = {
            "window": window.as_param(given.shape, (len(rows.taps), len(columns.taps)), made),
            "positions": positions_param(output.shape, (rows.start, columns.start), self.window.stride),
        }
        return patches_call(self, graph, weights, geometry, given=INPUT, bias=BIAS)

    def _with_zeros(self, weights: np.ndarray | None) -> np.ndarray:
        """The filter, at least as large as the stride."""
        assert weights is not None
        missing = [max(step - size, 0) for step, size in zip(self.window.stride, weights.shape[1:3], strict=True)]
        return np.pad(weights, ((0, 0), (0, missing[0]), (0, missing[1]), (0, 0)))
