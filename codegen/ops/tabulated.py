"""What ELU and GELU share: the runtimes themselves make a table of them, from a function in float32.

Single precision in the same places gives the same table; the function itself is taken to be correctly rounded, which
the C library's is but for a last bit here and there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codegen.fixed_point import round_half_away
from codegen.ir import Graph, Op, Rule, Tensor
from codegen.ops.unary import Unary

LARGEST_INPUT = 255  # steps between an input and its zero point


def _steps(op: Op, graph: Graph) -> float:
    return LARGEST_INPUT * graph.operand(op, 0).scale / graph.output(op).scale


@dataclass(frozen=True, slots=True)
class Tabulated(Unary):
    """Base of operators that are a function of a float32; none grows faster than its input."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        *Unary.RULES,
        Rule(
            "input scale / output scale",
            lambda op, graph: _steps(op, graph) < 2**30,
            lambda op, graph: f"{_steps(op, graph) / LARGEST_INPUT:g}",
            "such that outputs fit int32",
        ),
    )

    def real(self, x: np.float32) -> np.float32:
        """The function, each step in float32."""
        raise NotImplementedError

    def value(self, q: int, given: Tensor, output: Tensor) -> int:
        x = np.float32(given.scale) * np.float32(q - given.zero_point)
        with np.errstate(over="ignore", under="ignore"):
            scaled = self.real(x) * (np.float32(1) / np.float32(output.scale))
        return round_half_away(float(scaled)) + output.zero_point
