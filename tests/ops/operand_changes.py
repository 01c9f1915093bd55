"""Operators of many operands, of which a test makes one wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.tflite_builder import ModelBuilder

# Position of an operand -> other arguments of `ModelBuilder.tensor`, or None to leave the operand out.
Changes = Mapping[int, Mapping[str, Any] | None]


def add_operands(builder: ModelBuilder, operands: Mapping[int, Mapping[str, Any]], changes: Changes) -> dict[int, int]:
    """Tensor index of each operand (by position) after the changes; those only in `changes` are added."""
    indices = {}
    for position in sorted({*operands, *changes}):
        change = changes.get(position, {})
        if change is not None:
            indices[position] = builder.tensor(**{**operands.get(position, {"name": f"operand {position}"}), **change})
    return indices
