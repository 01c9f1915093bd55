"""Where the instructions of an inference go: a plugin for QEMU counts what each call in `ser_model_invoke` executes."""

from __future__ import annotations

import re
import struct
import subprocess
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from codegen.boards import load_board
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import read_tflite
from tinyser.emulator.inputs import load_rows
from tinyser.emulator.project_folder import load_project
from tinyser.emulator.qemu import TIMEOUT_SECONDS, boot, build_image, qemu_command

PLUGIN = Path(__file__).with_name("profile.c")
_CALL = re.compile(r"\bts_(\w+)\(&(\w+)")
_TITLE = re.compile(r"^/\* (\d+: \w+)")
_STRUCT = re.compile(r"^static const \w+ (\w+) = {")


def instructions_by_layer(model: Path, board_id: str) -> list[tuple[str, str, int]]:
    """(layer, kernel, instructions) in the order of the calls. Needs gcc for this machine besides the cross tools."""
    board = load_board(board_id)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        generate_project(read_tflite(model), ProjectOptions(board=board), folder / "project")
        project = load_project(folder / "project")
        image = build_image(project, replace(board, optimisation=(*board.optimisation, "-g")), folder)
        rows = load_rows(project, model.with_suffix(".input.npy"))[:1]
        (folder / "job.bin").write_bytes(struct.pack("<II", 1, 1) + rows.tobytes())
        plugin, counts = folder / "profile.so", folder / "counts.txt"
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", str(PLUGIN), "-o", str(plugin)], check=True)
        begin, end = _function(image, "ser_model_invoke", board.compiler_prefix)
        stop, _ = _function(image, "board_count_stop", board.compiler_prefix)
        options = ["-plugin", f"{plugin},begin={begin},end={end},stop={stop},out={counts}"]
        boot([*qemu_command(board, image), *options], folder, TIMEOUT_SECONDS)
        by_call = {int(call): int(count) for call, count in map(str.split, counts.read_text().splitlines())}
        lines = _lines(image, list(by_call), board.compiler_prefix)
        source = (project.folder / "model" / "ser_model.c").read_text().splitlines()
    by_line: Counter[int] = Counter()
    for line, count in zip(lines, by_call.values(), strict=True):
        by_line[line] += count
    return _named(source, by_line)


def _function(image: Path, name: str, prefix: str) -> tuple[int, int]:
    listed = subprocess.run([f"{prefix}nm", "-S", str(image)], check=True, capture_output=True, text=True).stdout
    found = re.search(rf"^(\w+) (\w+) T {name}$", listed, re.MULTILINE)
    assert found is not None
    begin = int(found[1], 16) & ~1
    return begin, begin + int(found[2], 16)


def _lines(image: Path, addresses: list[int], prefix: str) -> list[int]:
    command = [f"{prefix}addr2line", "-e", str(image), *map(hex, addresses)]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [int(re.search(r":(\d+)", line)[1]) if re.search(r":(\d+)", line) else 0 for line in listed]  # type: ignore[index]


def _named(source: list[str], by_line: Counter[int]) -> list[tuple[str, str, int]]:
    layers: dict[str, str] = {}
    title = ""
    for text in source:
        if named := _TITLE.match(text):
            title = named[1]
        elif struct_name := _STRUCT.match(text):
            layers.setdefault(struct_name[1], title)
    rows: list[tuple[str, str, int]] = []
    besides = 0
    for line, count in sorted(by_line.items()):
        call = _CALL.search(source[line - 1])
        if call is None:
            besides += count
        else:
            rows.append((layers.get(call[2], call[2]), call[1], count))
    return [*rows, ("besides", "", besides)]
