"""How operators read their operands when they compute a few rows of their output at a time.

Rows are counted along one axis of a tensor. What an operator says here lets `regions.py` run it block of rows by block
of rows, on tensors that hold only those rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Rows:
    """A block of an output's rows reads the block of the operand that lies at the same share of its `axis`."""

    axis: int


@dataclass(frozen=True, slots=True)
class WindowRows:
    """Output row r reads rows r * stride - before ... r * stride - before + extent - 1 along `axis`.

    Rows outside the operand hold its zero point if `pads`; otherwise no row may lie outside.
    """

    axis: int
    stride: int
    before: int
    extent: int
    pads: bool


WHOLE = None  # every block reads the whole operand

Access: TypeAlias = "Rows | WindowRows | None"


def outermost_axis(shape: Sequence[int]) -> int | None:
    """The first axis that has more than one row; neighbouring rows along it are neighbours in memory."""
    return next((axis for axis, extent in enumerate(shape) if extent > 1), None)


def matching_axis(shape: Sequence[int], other: Sequence[int], axis: int) -> int | None:
    """The axis of `other` in front of which as many elements lie as in front of `axis` of `shape`, and not of extent 1.

    Blocks along both then are the same bytes, if both extents are multiples of the number of blocks.
    """
    before = math.prod(shape[:axis])
    for candidate in range(len(other)):
        if math.prod(other[:candidate]) == before and other[candidate] > 1:
            return candidate
    return None


def same_bytes_access(shape: Sequence[int], operand: Sequence[int], axis: int) -> tuple[Access, ...] | None:
    """The access of an operator with one operand that has the output's elements in the same order."""
    own = matching_axis(shape, operand, axis)
    return None if own is None else (Rows(own),)


def broadcast_access(shape: Sequence[int], operand: Sequence[int], axis: int) -> Access:
    """An operand that is right-aligned with the output and repeated where its extent is 1."""
    own = axis - (len(shape) - len(operand))
    return Rows(own) if own >= 0 and operand[own] == shape[axis] else WHOLE
