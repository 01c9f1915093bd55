"""TABLE: any function of one int8 value. No TFLite operator: passes make it of chains of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.ir import Graph, Tensor
from codegen.kernel_call import KernelCall
from codegen.ops.sigmoid import TABLE_BYTES, Sigmoid
from codegen.ops.unary import Unary

FEWEST_LOOK_UPS = 2048  # of a call that computes the table anew: a dozen instructions for each


@dataclass(frozen=True, slots=True)
class Table(Unary):
    """output = values[input + 128]; a `sigmoid` computes the values at run time, where enough of them are looked up."""

    values: tuple[int, ...]
    sigmoid: Sigmoid | None = None

    NAME: ClassVar[str] = "TABLE"

    def value(self, q: int, given: Tensor, output: Tensor) -> int:
        return self.values[q + 128]

    def scratch_bytes(self, graph: Graph) -> int:
        return TABLE_BYTES if self.sigmoid is not None else 0

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        count = graph.output(self).size
        if self.sigmoid is None or count < FEWEST_LOOK_UPS:
            return Unary.prepare(self, graph)
        params = {"count": count, **self.sigmoid.params()}
        return (KernelCall("logistic", self.site.inputs, self.site.outputs[0], params, takes_scratch=True),)
