"""ADD: both operands are brought to twice the larger scale with 20 extra bits, added, and scaled back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.ir import Graph
from codegen.kernel_call import ParamValue
from codegen.ops.elementwise import Elementwise, common_scale


@dataclass(frozen=True, slots=True)
class Add(Elementwise):
    """first + second (TFLM add_common.cc)."""

    NAME: ClassVar[str] = "ADD"
    KERNEL: ClassVar[str] = "add"

    def arithmetic(self, graph: Graph) -> dict[str, ParamValue]:
        return common_scale(self, graph)
