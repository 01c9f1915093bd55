"""What AVERAGE_POOL_2D and MAX_POOL_2D share: a window over (batch, height, width, channels), no requantization."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.ir import QUANTIZED_TYPES, Graph, Op, OpSite, Rule
from codegen.kernel_call import KernelCall, ParamValue, for_type
from codegen.ops.rules import KNOWN_ACTIVATION, SAME_QUANT, activation_name, one_type, output_rank, rank
from codegen.ops.window import Window, window_access, window_on_rows, window_rules
from codegen.quantization import activation_range
from codegen.rows import Access


@dataclass(frozen=True, slots=True)
class Pool2D(Op):
    """Base of the pools; windows are clipped at the border."""

    window: Window
    activation: str
    filter_size: tuple[int, int]

    KERNEL: ClassVar[str] = ""
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    RULES: ClassVar[tuple[Rule, ...]] = (
        one_type(0),
        rank(0, (4,)),
        output_rank(4),
        KNOWN_ACTIVATION,
        SAME_QUANT,
        Rule(
            "filter size",
            lambda op, graph: min(op.filter_size) >= 1,
            lambda op, graph: op.filter_size,
            "1 or more",
        ),
        Rule(
            "output channels",
            lambda op, graph: graph.output(op).shape[::3] == graph.operand(op, 0).shape[::3],
            lambda op, graph: graph.output(op).shape,
            "the input's batch and channels",
        ),
        *window_rules(lambda op, graph: op.filter_size),
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> Pool2D:
        size = (int(options.get("FilterHeight", 0)), int(options.get("FilterWidth", 0)))
        return cls(site, Window.parse(options), activation_name(options), size)

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        # Windows are clipped at the border: rows of zero points would count.
        return None if axis == 3 else (window_access(self, graph, self.filter_size, axis, pads=False),)

    def on_rows(self, graph: Graph, axis: int) -> Pool2D:
        return window_on_rows(self, graph, self.filter_size, axis)

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        output = graph.output(self)
        low, high = activation_range(self.activation, output)
        window = self.window.as_param(graph.operand(self, 0).shape, self.filter_size, output.shape)
        params: dict[str, ParamValue] = {"window": window, "output_min": low, "output_max": high}
        return (KernelCall(for_type(self.KERNEL, output), self.site.inputs, self.site.outputs[0], params),)
