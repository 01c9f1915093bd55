"""SOFTMAX over the last axis: exponentials from a table of the 256 differences that int8 knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from codegen.fixed_point import (
    exp_on_negative_values,
    input_radius,
    quantize_multiplier,
    saturating_rounding_doubling_high_mul,
    wrap_int32,
)
from codegen.ir import Graph, Op, OpSite, Rule
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.rules import SAME_SHAPE
from codegen.rows import Access, Rows

INTEGER_BITS = 5  # of the scaled difference


def exp_table(scale: float, beta: float) -> np.ndarray:
    """exp(-beta * scale * d) in Q0 for d = 0, 1, ... up to the last difference that TFLM does not flush to 0; int32."""
    real = min(beta * scale * (1 << (31 - INTEGER_BITS)), 2.0**31 - 1.0)
    multiplier, shift = quantize_multiplier(real)
    count = min(input_radius(INTEGER_BITS, shift), 255) + 1
    scaled = [
        saturating_rounding_doubling_high_mul(wrap_int32(-difference << shift), multiplier)
        for difference in range(count)
    ]
    return np.array([exp_on_negative_values(value, INTEGER_BITS) for value in scaled], dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Softmax(Op):
    """exp(beta * x) / sum(exp(beta * x)) per row (TFLite softmax.h)."""

    beta: float

    NAME: ClassVar[str] = "SOFTMAX"
    RULES: ClassVar[tuple[Rule, ...]] = (
        SAME_SHAPE,
        Rule(
            "output quantization",
            lambda op, graph: graph.output(op).zero_point == -128 and graph.output(op).scale == 1 / 256,
            lambda op, graph: graph.output(op).describe(),
            "scale 1/256, zero point -128",
        ),
        Rule("rank", lambda op, graph: len(graph.operand(op, 0).shape) >= 1, lambda op, graph: 0, "1 or more"),
        Rule(
            "beta * input scale",
            lambda op, graph: op.beta * graph.operand(op, 0).scale * (1 << (31 - INTEGER_BITS)) > 1.0,
            lambda op, graph: op.beta * graph.operand(op, 0).scale,
            f"above 2^-{31 - INTEGER_BITS}",
        ),
        # The sum of exponentials has 12 integer bits.
        Rule(
            "row length",
            lambda op, graph: graph.operand(op, 0).shape[-1] < 4096,
            lambda op, graph: graph.operand(op, 0).shape[-1],
            "below 4096",
        ),
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> Softmax:
        return cls(site, float(options.get("Beta", 1.0)))

    def overwrites(self, graph: Graph) -> tuple[int, ...]:
        return (0,)

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        return None if axis == len(graph.output(self).shape) - 1 else (Rows(axis),)

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        given = graph.operand(self, 0)
        table = exp_table(given.scale, self.beta)
        params: dict[str, ParamValue] = {
            "rows": given.size // given.shape[-1],
            "columns": given.shape[-1],
            "exp_count": len(table),
            "exp": table,
        }
        return (KernelCall("softmax", self.site.inputs, self.site.outputs[0], params),)
