"""SUB: as ADD with a minus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.ir import Graph
from codegen.kernel_call import ParamValue
from codegen.ops.elementwise import Elementwise, common_scale


@dataclass(frozen=True, slots=True)
class Sub(Elementwise):
    """first - second (TFLite sub.cc)."""

    NAME: ClassVar[str] = "SUB"
    KERNEL: ClassVar[str] = "sub"

    def arithmetic(self, graph: Graph) -> dict[str, ParamValue]:
        return common_scale(self, graph)
