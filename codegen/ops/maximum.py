"""MAXIMUM: the larger of two raw values; scales are not looked at, as in TFLM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from codegen.ir import Graph
from codegen.ops.binary import Binary


@dataclass(frozen=True, slots=True)
class Maximum(Binary):
    """max(first, second) (TFLite maximum_minimum.h); operands and output share a quantization."""

    NAME: ClassVar[str] = "MAXIMUM"
    KERNEL: ClassVar[str] = "maximum"

    def evaluate(self, graph: Graph, first: Sequence[int], second: Sequence[int]) -> tuple[int, ...]:
        return tuple(map(max, first, second))
