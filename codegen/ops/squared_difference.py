"""SQUARED_DIFFERENCE: the square of the difference at the common scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from codegen.ops.scaled import Scaled


@dataclass(frozen=True, slots=True)
class SquaredDifference(Scaled):
    """(first - second)^2 (TFLM squared_difference.cc)."""

    NAME: ClassVar[str] = "SQUARED_DIFFERENCE"
    KERNEL: ClassVar[str] = "squared_difference"
    EXTRA_BITS: ClassVar[Mapping[str, int]] = {"int8": 7, "int16": 0}
    POWER: ClassVar[int] = 2

    SIGNS: ClassVar[tuple[int, int]] = (1, -1)
    FAST_KERNEL: ClassVar[str] = "common_scale_square"
    FAST_FACTOR: ClassVar[int] = 1
    EXACT_BITS: ClassVar[int] = 6

    def join(self, first: int, second: int) -> int:
        return (first - second) ** 2
