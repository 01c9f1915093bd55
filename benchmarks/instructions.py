"""Instructions, RAM and code of generated firmware on an emulated Cortex-M4F, beside TFLM with CMSIS-NN."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from codegen.boards import load_board
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import read_tflite
from tinyser.emulator.emulation import Emulation
from tinyser.emulator.inputs import load_rows
from tinyser.emulator.project_folder import load_project
from tinyser.emulator.qemu import run

PEER = json.loads(Path(__file__).with_name("tflm_cmsis_nn.json").read_text(encoding="utf-8"))["models"]
BOARD = "mps2-an386"


def measure(model: Path, scratch: Path) -> Emulation:
    """Generates, builds and runs one model; the figure is the same for every input."""
    folder = scratch / model.stem
    generate_project(read_tflite(model), ProjectOptions(board=load_board(BOARD)), folder)
    project = load_project(folder)
    return run(project, load_rows(project, model.with_suffix(".input.npy"))[:1])


def main(models: Path) -> None:
    table = Table(title=f"direct on {BOARD}; in brackets: of TFLM with CMSIS-NN", title_justify="left")
    for name in ("model", "instructions", "arena", "code"):
        table.add_column(name, justify="left" if name == "model" else "right")
    with tempfile.TemporaryDirectory() as scratch:
        for path in sorted(models.glob("*.tflite")):
            if not path.with_suffix(".input.npy").is_file():
                continue
            result = measure(path, Path(scratch)).to_json()
            peer = PEER.get(path.stem, {})
            values = {
                "instructions": result["instructions_per_inference"],
                "arena_bytes": result["arena_bytes"],
                "code_bytes": result["flash_bytes"]["code"],
            }
            shares = (f" ({value / peer[key]:.2f})" if key in peer else "" for key, value in values.items())
            table.add_row(
                path.stem, *(f"{value:,}{share}" for value, share in zip(values.values(), shares, strict=True))
            )
    Console(width=110).print(table)


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        raise SystemExit("usage: instructions.py FOLDER (of NAME.tflite with NAME.input.npy)")
    main(Path(sys.argv[1]))
