"""TABLE: any function of one int8 value. No TFLite operator: the pass `fuse_tables` makes it of chains of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.ir import Tensor
from codegen.ops.unary import Unary


@dataclass(frozen=True, slots=True)
class Table(Unary):
    """output = values[input + 128]."""

    values: tuple[int, ...]

    NAME: ClassVar[str] = "TABLE"

    def value(self, q: int, given: Tensor, output: Tensor) -> int:
        return self.values[q + 128]
