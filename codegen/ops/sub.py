"""SUB: the difference at the common scale, scaled back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from codegen.ops.scaled import Scaled


@dataclass(frozen=True, slots=True)
class Sub(Scaled):
    """first - second (TFLite sub.cc)."""

    NAME: ClassVar[str] = "SUB"
    KERNEL: ClassVar[str] = "sub"
    EXTRA_BITS: ClassVar[Mapping[str, int]] = {"int8": 20, "int16": 15}

    SIGNS: ClassVar[tuple[int, int]] = (1, -1)

    def join(self, first: int, second: int) -> int:
        return first - second
