"""What the generated project takes: the memory plan, flash by layer and, where asked for, the boards that it fits."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codegen.boards import Board, load_board
from codegen.ir import Model
from codegen.read_tflite import read_tflite
from tinyser.emulator.layer_instructions import InstructionsByLayer, count_layers


@dataclass(frozen=True, slots=True)
class LayerFlash:
    """Bytes of an operator's constants and of its kernels' parameters."""

    index: int
    operator: str
    constants: int
    parameters: int


@dataclass(frozen=True, slots=True)
class Firmware:
    """Of the project that was checked, for `board`; `boards`: the rows of `tinyser fit`, where they were asked for.

    `instructions`: by layer, where QEMU counted them.
    """

    board: str
    arena_bytes: int
    weights_bytes: int
    stack_bytes: int | None
    layers: tuple[LayerFlash, ...]
    boards: tuple[dict[str, Any], ...] = ()
    instructions: InstructionsByLayer | None = None


def firmware_of(
    project: Path, boards: tuple[dict[str, Any], ...] = (), instructions: InstructionsByLayer | None = None
) -> Firmware:
    """What a generated project says of itself, and what was found out besides."""
    manifest = json.loads((project / "manifest.json").read_text(encoding="utf-8"))
    return Firmware(
        board=manifest["board"],
        arena_bytes=manifest["arena_bytes"],
        weights_bytes=manifest["weights_bytes"],
        stack_bytes=manifest["stack_bytes"],
        layers=tuple(LayerFlash(**layer) for layer in manifest["layers"]),
        boards=boards,
        instructions=instructions,
    )


def memory_plan(project: Path) -> str:
    """The project's picture of its arena over time, SVG."""
    return (project / "model" / "memory_plan.svg").read_text(encoding="utf-8")


def boards_it_fits(project: Path, on_stage: Callable[[str], None]) -> tuple[dict[str, Any], ...]:
    """Of a project's model: the rows of `tinyser fit --json`. Raises ToolError where the cross tools are missing."""
    from tinyser.emulator.fit import fit

    return tuple(row.to_json() for row in fit(_model_of(project)[0], on_stage))


def instructions_by_layer(project: Path) -> InstructionsByLayer:
    """Of one inference on the board that a project is for. Raises BoardError and ToolError as `count_layers`."""
    model, board = _model_of(project)
    return count_layers(model, board)


def _model_of(project: Path) -> tuple[Model, Board]:
    manifest = json.loads((project / "manifest.json").read_text(encoding="utf-8"))
    return read_tflite(project / manifest["model"]["file"]), load_board(manifest["board"])
