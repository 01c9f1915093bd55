"""ADD: the sum at the common scale, scaled back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from codegen.ops.scaled import Scaled


@dataclass(frozen=True, slots=True)
class Add(Scaled):
    """first + second (TFLM add_common.cc)."""

    NAME: ClassVar[str] = "ADD"
    KERNEL: ClassVar[str] = "add"
    EXTRA_BITS: ClassVar[Mapping[str, int]] = {"int8": 20, "int16": 15}

    def join(self, first: int, second: int) -> int:
        return first + second
