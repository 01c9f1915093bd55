"""One model with inputs and the bytes that have to come out, as a test of the suite has it."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Case:
    """`own`: the model's files by path; `needs`: what it asks of kernels, by header; `kernels`: the sources it calls.

    `rows` and `expected`: all inputs and all outputs of a row, one behind the other.
    """

    test: str
    lane: str
    own: Mapping[str, str] = field(repr=False)
    needs: Mapping[str, str] = field(repr=False)
    kernels: tuple[str, ...]
    input_bytes: tuple[int, ...]
    output_bytes: tuple[int, ...]
    rows: tuple[bytes, ...] = field(repr=False)
    expected: tuple[bytes, ...] = field(repr=False)
    keep_state: bool

    @property
    def name(self) -> str:
        """By content."""
        parts = (self.lane, *self.own.values(), *self.needs.values(), repr((self.rows, self.expected, self.keep_state)))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    @property
    def size(self) -> int:
        """Bytes of all that is its own."""
        return sum(map(len, (*self.own.values(), *self.rows, *self.expected)))

    def data(self) -> bytes:
        """What battery.c reads."""
        counts = (len(self.rows), int(self.keep_state), len(self.input_bytes), len(self.output_bytes))
        head = struct.pack(
            f"<{4 + len(self.input_bytes) + len(self.output_bytes)}I", *counts, *self.input_bytes, *self.output_bytes
        )
        return head + b"".join(given + expected for given, expected in zip(self.rows, self.expected, strict=True))
