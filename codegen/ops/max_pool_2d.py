"""MAX_POOL_2D over the part of each window that lies within the input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.ops.pool_2d import Pool2D


@dataclass(frozen=True, slots=True)
class MaxPool2D(Pool2D):
    """The max of each window (TFLite integer_ops/pooling.h)."""

    NAME: ClassVar[str] = "MAX_POOL_2D"
    KERNEL: ClassVar[str] = "max_pool_2d"
