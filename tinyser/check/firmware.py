"""What the generated project takes: the memory plan, flash by layer and, where asked for, the boards that it fits."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class LayerFlash:
    """Bytes of an operator's constants and of its kernels' parameters."""

    index: int
    operator: str
    constants: int
    parameters: int


@dataclass(frozen=True, slots=True)
class Firmware:
    """Of the project that was checked, for `board`; `boards`: the rows of `tinyser fit`, where they were asked for."""

    board: str
    arena_bytes: int
    weights_bytes: int
    stack_bytes: int | None
    layers: tuple[LayerFlash, ...]
    boards: tuple[dict[str, Any], ...] = ()


def firmware_of(project: Path, boards: tuple[dict[str, Any], ...] = ()) -> Firmware:
    """What a generated project says of itself."""
    manifest = json.loads((project / "manifest.json").read_text(encoding="utf-8"))
    return Firmware(
        board=manifest["board"],
        arena_bytes=manifest["arena_bytes"],
        weights_bytes=manifest["weights_bytes"],
        stack_bytes=manifest["stack_bytes"],
        layers=tuple(LayerFlash(**layer) for layer in manifest["layers"]),
        boards=boards,
    )


def memory_plan(project: Path) -> str:
    """The project's picture of its arena over time, SVG."""
    return (project / "model" / "memory_plan.svg").read_text(encoding="utf-8")


def boards_it_fits(tflite: Path, on_stage: Callable[[str], None]) -> tuple[dict[str, Any], ...]:
    """The rows of `tinyser fit --json`. Raises ToolError where the cross tools are missing."""
    from codegen.read_tflite import read_tflite
    from tinyser.emulator.fit import fit

    return tuple(row.to_json() for row in fit(read_tflite(tflite), on_stage))
