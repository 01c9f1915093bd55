"""ADD: both operands are brought to twice the larger scale with 20 extra bits, added, and scaled back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.ir import Graph
from codegen.kernel_call import ParamValue
from codegen.ops.elementwise import (
    EXTRA_BITS,
    SCALED_TABLES_BYTES,
    Elementwise,
    at_common_scale,
    common_scale,
    to_output_scale,
)


@dataclass(frozen=True, slots=True)
class Add(Elementwise):
    """first + second (TFLM add_common.cc)."""

    NAME: ClassVar[str] = "ADD"
    KERNEL: ClassVar[str] = "add"
    SCRATCH_BYTES: ClassVar[int] = SCALED_TABLES_BYTES

    def arithmetic(self, graph: Graph) -> dict[str, ParamValue]:
        return common_scale(self, graph)

    @staticmethod
    def combine(p: Mapping[str, Any], first: int, second: int) -> int:
        first_scaled, second_scaled = at_common_scale(p, first, second, EXTRA_BITS)
        return to_output_scale(p, first_scaled + second_scaled)
