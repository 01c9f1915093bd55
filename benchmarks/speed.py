"""Instructions per inference of generated firmware on emulated Cortex-M cores, beside TensorFlow Lite Micro.

`speed.py MODELS [--layers]`. The limit is what the core's multiply instructions alone would take: two for one
multiply-accumulate on a Cortex-M0+ (MULS, ADDS), one on a Cortex-M3 (MLA), one for two with the DSP extension (SMLAD),
one for sixteen with MVE (VMLADAVA). Instructions are not cycles.
"""

from __future__ import annotations

import math
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from peer import PEER, beside, models_of_folder
from profile_layers import instructions_by_layer
from rich.console import Console
from rich.table import Table

from codegen.boards import Board, load_board
from codegen.ir import Model
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import read_tflite
from tinyser.emulator.inputs import load_rows
from tinyser.emulator.project_folder import load_project
from tinyser.emulator.qemu import run


@dataclass(frozen=True, slots=True)
class Target:
    """A core: the board that QEMU has for it, its key in the peer's figures, and the limit."""

    name: str
    board: str
    peer: str
    macs_per_instruction: float
    cpu: str = ""  # where it is not the board's own
    stand_in: str = ""  # the key of a core whose reference kernels stand in, where the peer has no figures for this one

    def describe(self) -> Board:
        board = load_board(self.board)
        return replace(board, cpu=self.cpu) if self.cpu else board

    def peers(self) -> Mapping[str, Mapping[str, int]]:
        """Instructions by kernels and model."""
        figures = PEER["instructions"]
        return {"reference": figures[self.stand_in]["reference"]} if self.stand_in else figures.get(self.peer, {})

    def title(self) -> str:
        counted = f", its reference kernels counted on {self.stand_in}" if self.stand_in else ""
        return f"direct on {self.name} ({self.board}); in brackets: of TensorFlow Lite Micro{counted}"


TARGETS = (
    Target("Cortex-M0+", "mps2-an385", "cortex-m0plus", 0.5, "cortex-m0plus"),
    Target("Cortex-M3", "mps2-an385", "cortex-m3", 1, stand_in="cortex-m4"),
    Target("Cortex-M4F", "mps2-an386", "cortex-m4", 2),
    Target("Cortex-M7", "mps2-an500", "cortex-m7", 2),
    Target("Cortex-M33", "mps2-an505", "cortex-m33", 2),
    Target("Cortex-M55", "mps3-an547", "cortex-m55", 16),
)


def multiply_accumulates(model: Model) -> int:
    """Of all linear operators, padding included."""
    total = 0
    for op in model.graph.ops:
        output = model.graph.tensors[op.site.outputs[0]]
        if op.NAME in ("FULLY_CONNECTED", "CONV_2D"):
            total += output.size * math.prod(model.graph.operand(op, 1).shape[1:])
        elif op.NAME == "DEPTHWISE_CONV_2D":
            total += output.size * math.prod(model.graph.operand(op, 1).shape[1:3])
        elif op.NAME == "BATCH_MATMUL":
            total += output.size * op.depth(model.graph)  # type: ignore[attr-defined]
    return total


def measure(path: Path, target: Target, folder: Path) -> tuple[int, int, int]:
    """Instructions, arena and code of one model; the first is the same for every input."""
    generate_project(read_tflite(path), ProjectOptions(board=load_board(target.board)), folder)
    project = load_project(folder)
    rows = load_rows(project, path.with_suffix(".input.npy"))[:1]
    result = run(project, rows, board=target.describe())
    assert result.instructions_per_inference is not None and result.sizes.flash_code is not None
    return result.instructions_per_inference, result.arena_bytes, result.sizes.flash_code


def print_target(target: Target, models: list[Path], scratch: Path, console: Console) -> None:
    table = Table(title=target.title(), title_justify="left")
    columns = ("model", "instructions", "of reference kernels", "of CMSIS-NN", "MACs/instruction", "of limit")
    for name in (*columns, "arena", "code"):
        table.add_column(name, justify="left" if name == "model" else "right")
    peers = target.peers()
    for path in models:
        instructions, arena, code = measure(path, target, scratch / f"{target.name}-{path.stem}")
        rate = multiply_accumulates(read_tflite(path)) / instructions
        table.add_row(
            path.stem,
            f"{instructions:,}",
            *(beside(peers.get(kernels, {}).get(path.stem), instructions) for kernels in ("reference", "cmsis-nn")),
            f"{rate:.2f}",
            f"{rate / target.macs_per_instruction:.1%}",
            f"{arena:,}",
            f"{code:,}",
        )
    console.print(table)


def print_layers(target: Target, models: list[Path], console: Console) -> None:
    for path in models:
        table = Table(title=f"{path.stem} on {target.name}, by layer", title_justify="left")
        for name in ("layer", "kernel", "instructions", "share"):
            table.add_column(name, justify="left" if name in ("layer", "kernel") else "right")
        found = instructions_by_layer(path, target.board)
        for layer, kernel, instructions in found:
            share = instructions / sum(row[2] for row in found)
            table.add_row(layer, kernel, f"{instructions:,}", f"{share:.1%}")
        console.print(table)


def main(arguments: list[str]) -> None:
    layers = "--layers" in arguments
    models = models_of_folder([argument for argument in arguments if argument != "--layers"])
    console = Console(width=130)
    with tempfile.TemporaryDirectory() as scratch:
        for target in TARGETS:
            print_target(target, models, Path(scratch), console)
            if layers and not target.cpu:
                print_layers(target, models, console)


if __name__ == "__main__":
    main(sys.argv[1:])
