"""Runs a model's firmware in QEMU with `profile.c` as a plugin, and reads what that wrote."""

from __future__ import annotations

import re
import struct
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from codegen.boards import Board, load_board
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import read_tflite
from tinyser.emulator.inputs import load_rows
from tinyser.emulator.project_folder import Project, load_project
from tinyser.emulator.qemu import TIMEOUT_SECONDS, boot, build_image, qemu_command

PLUGIN = Path(__file__).with_name("profile.c")
Result = TypeVar("Result")


def run_with_plugin(
    model: Path, board_id: str, read: Callable[[Project, Board, Path], Result], options: Sequence[str] = ()
) -> Result:
    """One inference of NAME.tflite on the first row of NAME.input.npy; needs gcc for this machine, too.

    `read` gets the project, its board and the image; `calls.txt` and `blocks.txt` lie beside the image.
    """
    board = load_board(board_id)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        generate_project(read_tflite(model), ProjectOptions(board=board), folder / "project")
        project = load_project(folder / "project")
        image = build_image(project, replace(board, optimisation=(*board.optimisation, "-g")), folder)
        rows = load_rows(project, model.with_suffix(".input.npy"))[:1]
        (folder / "job.bin").write_bytes(struct.pack("<II", 1, 1) + rows.tobytes())
        plugin = folder / "profile.so"
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", str(PLUGIN), "-o", str(plugin)], check=True)
        begin, end = _function(image, "ser_model_invoke", board.compiler_prefix)
        stop, _ = _function(image, "board_count_stop", board.compiler_prefix)
        files = (f"calls={folder / 'calls.txt'}", f"blocks={folder / 'blocks.txt'}")
        arguments = [str(plugin), f"begin={begin}", f"end={end}", f"stop={stop}", *files, *options]
        boot([*qemu_command(board, image), "-plugin", ",".join(arguments)], folder, TIMEOUT_SECONDS)
        return read(project, board, image)


def _function(image: Path, name: str, prefix: str) -> tuple[int, int]:
    listed = subprocess.run([f"{prefix}nm", "-S", str(image)], check=True, capture_output=True, text=True).stdout
    found = re.search(rf"^(\w+) (\w+) T {name}$", listed, re.MULTILINE)
    assert found is not None
    begin = int(found[1], 16) & ~1
    return begin, begin + int(found[2], 16)


def read_numbers(path: Path) -> list[tuple[int, ...]]:
    """The integers of each line of a file that the plugin wrote."""
    return [tuple(map(int, line.split())) for line in path.read_text().splitlines()]
