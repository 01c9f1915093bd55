"""What a runtime (`direct`, `tflm`) contributes to a generated project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LayerFlash:
    """Bytes in flash of one operator: constants that no earlier one uses, and parameters of its kernel calls."""

    index: int  # in the model file
    operator: str
    constants: int
    parameters: int


@dataclass(frozen=True, slots=True)
class RuntimeFiles:
    """Files by path relative to the project folder, and what the manifest says of them."""

    files: Mapping[str, str | bytes]
    sources: tuple[str, ...]  # those to compile, in link order
    arena_bytes: int
    weights_bytes: int  # constants in flash, or the flatbuffer
    largest: tuple[tuple[str, int], ...] = ()  # (tensor or constant, bytes), for messages about size
    scratch_bytes: int | None = None  # of the arena, for the kernel that takes most; None where nobody planned it
    kernels: tuple[str, ...] = ()
    layers: tuple[LayerFlash, ...] = ()
    reads_ring: bool = False  # of the newest frames, which then lie in the arena
    steps: tuple[tuple[int, str], ...] = ()  # (index, name) of each operator, in the order in which they run
