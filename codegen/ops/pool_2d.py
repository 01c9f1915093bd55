"""What AVERAGE_POOL_2D and MAX_POOL_2D share: a window over (batch, height, width, channels), no requantization."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.ir import Graph, Op, OpSite, Rule
from codegen.kernel_call import KernelCall
from codegen.ops.rules import KNOWN_ACTIVATION, SAME_QUANT, activation_name, rank
from codegen.ops.window import Window, window_rules
from codegen.quantization import activation_range


@dataclass(frozen=True, slots=True)
class Pool2D(Op):
    """Base of the pools; windows are clipped at the border."""

    window: Window
    activation: str
    filter_size: tuple[int, int]

    KERNEL: ClassVar[str] = ""
    RULES: ClassVar[tuple[Rule, ...]] = (
        rank(0, (4,)),
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

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        given, output = graph.operand(self, 0).shape, graph.output(self)
        low, high = activation_range(self.activation, output)
        params = {
            "batches": given[0],
            "input_height": given[1],
            "input_width": given[2],
            "channels": given[3],
            "output_height": output.shape[1],
            "output_width": output.shape[2],
            "filter_height": self.filter_size[0],
            "filter_width": self.filter_size[1],
            "stride_height": self.window.stride[0],
            "stride_width": self.window.stride[1],
            "pad_top": self.window.pad_before(given[1], self.filter_size[0], output.shape[1], 0),
            "pad_left": self.window.pad_before(given[2], self.filter_size[1], output.shape[2], 1),
            "output_min": low,
            "output_max": high,
        }
        return (KernelCall(self.KERNEL, self.site.inputs, self.site.outputs[0], params),)
