"""RAM and flash of generated firmware, linked for a Cortex-M4F, beside TFLM with CMSIS-NN.

Static RAM is .data and .bss of the image, the stack's reserve not counted; most of it is the arena. The image is .text,
.ARM.exidx and .data, without the self-test's vectors. Constants are the arrays of ser_weights.c: the weights, and what
was computed of them and of the scales. Code is the rest of the image.
Besides model is the image minus those arrays that stand for constant tensors, with their biases and scales: tables that
were computed count. The peer's is taken in the same way: text and data of its image minus the .tflite file.
Besides weights is the image minus the bytes of the model's constant tensors as they are in the .tflite file, the same
for both: ours includes all constants beyond those, and the peer's the rest of the .tflite file, which it has in flash.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from peer import BOARD, beside_peer, models_of_command_line
from rich.console import Console
from rich.table import Table

from codegen.boards import load_board
from codegen.ir import ABSENT, Model
from codegen.ops.row_sums import WeightedSums
from codegen.project import OPTIMIZATIONS, ProjectOptions, generate_project
from codegen.read_tflite import read_tflite
from tinyser.emulator.project_folder import load_project
from tinyser.emulator.qemu import build_image
from tinyser.emulator.sizes import measure

COMPILER_OPTIMIZATIONS = ("-Os", "-O2")
COLUMNS = (
    *("model", "--optimize", "gcc", "arena", "static RAM", "constants", "code"),
    *("besides model", "besides weights"),
)


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes."""

    arena: int
    ram: int
    code: int
    constants: int
    besides_model: int
    besides_weights: int


def footprint(model: Model, optimize: str, compiler_optimization: str, folder: Path) -> Footprint:
    """Generates and links one model in a new folder."""
    board = replace(load_board(BOARD), optimisation=(compiler_optimization,))
    manifest = generate_project(model, ProjectOptions(board=board, optimize=optimize), folder).manifest
    project = load_project(folder)
    sizes = measure(project, build_image(project, board, folder), board.compiler_prefix)
    assert sizes.flash_total is not None and sizes.flash_code is not None and sizes.ram is not None
    besides = sizes.flash_total - project.selftest_bytes - weights_bytes(model)
    computed = sizes.flash_code + tables_bytes(model, manifest)
    return Footprint(project.arena_bytes, sizes.ram, sizes.flash_code, sizes.flash_weights, computed, besides)


def weights_bytes(model: Model) -> int:
    """Bytes of the constant tensors."""
    return sum(tensor.bytes for tensor in model.graph.tensors if tensor.is_constant)


def tables_bytes(model: Model, manifest: Mapping[str, Any]) -> int:
    """Bytes of constants that stand for no constant tensor: what look-ups and exponentials were computed to."""
    with_constants = {
        op.site.index
        for op in model.graph.ops
        if any(model.graph.tensors[index].is_constant for index in op.site.inputs if index != ABSENT)
    }
    computed = (x for x in manifest["layers"] if x["operator"] == "TABLE" or x["index"] not in with_constants)
    return sum(layer["constants"] for layer in computed if layer["operator"] != WeightedSums.NAME)


def main(models: list[Path]) -> None:
    table = Table(title=f"direct, linked for {BOARD}; in brackets: of TFLM with CMSIS-NN", title_justify="left")
    for name in COLUMNS:
        table.add_column(name, justify="left" if name in COLUMNS[:3] else "right")
    with tempfile.TemporaryDirectory() as scratch:
        for path in models:
            model = read_tflite(path)
            beyond_weights = len(model.content) - weights_bytes(model)
            for optimize in OPTIMIZATIONS:
                for flag in COMPILER_OPTIMIZATIONS:
                    found = footprint(model, optimize, flag, Path(scratch) / f"{path.stem}_{optimize}{flag}")
                    table.add_row(
                        path.stem,
                        optimize,
                        flag,
                        beside_peer(path, "arena_bytes", found.arena),
                        f"{found.ram:,}",
                        f"{found.constants:,}",
                        f"{found.code:,}",
                        beside_peer(path, "code_bytes", found.besides_model),
                        beside_peer(path, "code_bytes", found.besides_weights, beyond_weights),
                    )
    Console(width=140).print(table)


if __name__ == "__main__":
    main(models_of_command_line())
