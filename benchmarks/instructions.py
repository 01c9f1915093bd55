"""Instructions, RAM and code of generated firmware on an emulated Cortex-M4F, beside TFLM with CMSIS-NN."""

from __future__ import annotations

import tempfile
from pathlib import Path

from peer import BOARD, beside_peer, models_of_command_line
from rich.console import Console
from rich.table import Table

from codegen.boards import load_board
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import read_tflite
from tinyser.emulator.emulation import Emulation
from tinyser.emulator.inputs import load_rows
from tinyser.emulator.project_folder import load_project
from tinyser.emulator.qemu import run


def measure(model: Path, scratch: Path) -> Emulation:
    """Generates, builds and runs one model; the figure is the same for every input."""
    folder = scratch / model.stem
    generate_project(read_tflite(model), ProjectOptions(board=load_board(BOARD)), folder)
    project = load_project(folder)
    return run(project, load_rows(project, model.with_suffix(".input.npy"))[:1])


def main(models: list[Path]) -> None:
    table = Table(title=f"direct on {BOARD}; in brackets: of TFLM with CMSIS-NN", title_justify="left")
    for name in ("model", "instructions", "arena", "code"):
        table.add_column(name, justify="left" if name == "model" else "right")
    with tempfile.TemporaryDirectory() as scratch:
        for path in models:
            result = measure(path, Path(scratch)).to_json()
            values = {
                "instructions": result["instructions_per_inference"],
                "arena_bytes": result["arena_bytes"],
                "code_bytes": result["flash_bytes"]["code"],
            }
            table.add_row(path.stem, *(beside_peer(path, key, value) for key, value in values.items()))
    Console(width=110).print(table)


if __name__ == "__main__":
    main(models_of_command_line())
