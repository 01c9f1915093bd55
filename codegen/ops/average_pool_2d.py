"""AVERAGE_POOL_2D over the part of each window that lies within the input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.ops.pool_2d import Pool2D


@dataclass(frozen=True, slots=True)
class AveragePool2D(Pool2D):
    """The average of each window (TFLite integer_ops/pooling.h)."""

    NAME: ClassVar[str] = "AVERAGE_POOL_2D"
    KERNEL: ClassVar[str] = "average_pool_2d"
