"""Instructions of each layer of a model, counted in QEMU one by one: they add up to what an inference takes."""

from __future__ import annotations

import struct
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from codegen.boards import Board
from codegen.direct import render_direct
from codegen.errors import ToolError
from codegen.ir import Model
from codegen.project import ProjectOptions, project_banner, write_project
from codegen.render import render
from tinyser.emulator import qemu
from tinyser.emulator.emulation import Int8s
from tinyser.emulator.inputs import zero_row
from tinyser.emulator.project_folder import Project, load_project

# Of QEMU's clock: an instruction takes 2^8 ns here, the slowest counter ticks every 80 ns (firmware: ser_layer_job.c).
_SHIFT = 8


@dataclass(frozen=True, slots=True)
class LayerInstructions:
    """What one operator takes in an inference; `index` in the model file."""

    index: int
    operator: str
    instructions: int


@dataclass(frozen=True, slots=True)
class InstructionsByLayer:
    """`layers` in the order in which they run; `between`: loops over blocks of rows, and rows kept from turn to turn.

    `inference`: of an image that counts nothing in between, as `tinyser emulate` counts it. Layers and `between` add up
    to it but for what the compiler does otherwise around the calls that count.
    """

    board: str
    layers: tuple[LayerInstructions, ...]
    between: int
    inference: int

    @property
    def counted(self) -> int:
        """All layers and what is between them."""
        return sum(layer.instructions for layer in self.layers) + self.between


def count_layers(model: Model, board: Board, row: Int8s | None = None, optimize: str = "speed") -> InstructionsByLayer:
    """One inference of `row`, int8 (input bytes,), or of zeros, by the runtime `direct`.

    Raises BoardError where QEMU has no machine for the board, ToolError when a tool is missing or an image fails.
    """
    options = ProjectOptions(board=board, optimize=optimize)
    features = None if model.card is None else model.card.features
    head = project_banner(model, options)
    files = render_direct(model, head, optimize, None, features, counts_layers=True)
    between = 1 + max(index for index, _ in files.steps)
    with tempfile.TemporaryDirectory(prefix="tinyser-layers-") as scratch:
        folder = write_project(model, files, options, Path(scratch) / "project").folder
        project = load_project(folder)
        rows = (zero_row(project) if row is None else row).reshape(1, -1)
        sizes = {f"{way}_bytes": [entry.bytes for entry in getattr(project, f"{way}s")] for way in ("input", "output")}
        job: dict[str, Any] = {"banner": head, "between": between, **sizes}
        (folder / "app" / "ser_layer_job.c").write_text(render("app/ser_layer_job.c.j2", **job), encoding="utf-8")
        counts = _counts(_with_job(project), board, project.check_rows(rows), between)
        plain = write_project(model, render_direct(model, head, optimize, None, features), options, folder / "plain")
        inference = qemu.run(plain.folder, rows, board=board).instructions
    assert inference is not None
    layers = (LayerInstructions(index, name, int(counts[index])) for index, name in files.steps)
    return InstructionsByLayer(
        board.id, tuple(layer for layer in layers if layer.instructions), int(counts[between]), inference[0]
    )


def _with_job(project: Project) -> Project:
    """The project with the job that counts layers in place of its own."""
    sources = ["app/ser_layer_job.c" if name == "app/ser_job.c" else name for name in project.board_sources]
    return replace(project, board_sources=tuple(sources))


def _counts(project: Project, board: Board, rows: Int8s, between: int) -> Any:
    """uint64 (between + 1,). Raises ToolError when the image gives no answer."""
    content, console = qemu.run_image(project, board, struct.pack("<Q", 1 << _SHIFT) + rows.tobytes(), shift=_SHIFT)
    if len(content) != 8 * (between + 1) + project.output_bytes:
        raise ToolError(f"{board.id} in QEMU: layers were not counted ({console}); this is a defect of the firmware")
    return np.frombuffer(content, "<u8", between + 1)
