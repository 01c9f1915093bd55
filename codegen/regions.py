"""Row regions: neighbouring operators that run together, block of rows by block of rows.

Only what enters and leaves a region is ever a whole tensor; what lies between holds the rows of one block, and those
rows before it that windows (convolutions) or later operators still read. Exact because every element is computed by the
same kernel from the same values, only in another order; sums that add up over blocks are integers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple


class RowsRead(NamedTuple):
    """The rows of an operand that an operator reads for one block: `rows`, from `back` before its own block on.

    `step` rows further for the next block.
    """

    axis: int
    rows: int
    step: int
    back: int


class RowBuffer(NamedTuple):
    """The rows of a tensor that a region holds, in bytes: one block, behind what is kept from before it."""

    block_bytes: int
    history_bytes: int
    surplus_bytes: int  # rows behind the tensor's last that fill up the last block
    zero_point: int  # of rows outside the tensor

    @property
    def bytes(self) -> int:
        return self.history_bytes + self.block_bytes


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """Operators `first` to `last` (excluded) of a graph, run in `turns`.

    An operator with delay d computes its block number i - d in turn i: what it reads reaches that far ahead.
    """

    first: int
    last: int
    blocks: int
    axes: Mapping[int, int]  # of the tensors that are written, or read by rows
    rows: Mapping[int, int]  # of the tensors that are written, with those that fill up the last block
    delays: Mapping[int, int]  # by position of the operator
    reads: Mapping[tuple[int, int], RowsRead]  # by position of the operator and of the operand; others are read whole
    roots: Mapping[int, int]  # of what is written inside: itself, or what it is a view of
    buffers: Mapping[int, RowBuffer]  # by root: what exists by rows only

    def buffer(self, tensor: int) -> RowBuffer | None:
        """Where the rows of a tensor are, None where all of it exists."""
        return self.buffers.get(self.roots.get(tensor, tensor))

    @property
    def turns(self) -> int:
        return self.blocks + max(self.delays.values())

    def moved(self, first: int) -> Region:
        """The same operators where they stand at another position."""
        by = first - self.first
        if by == 0:
            return self
        delays = {step + by: delay for step, delay in self.delays.items()}
        reads = {(step + by, position): read for (step, position), read in self.reads.items()}
        return replace(self, first=first, last=self.last + by, delays=delays, reads=reads)
