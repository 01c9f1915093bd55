"""Where the instructions of an inference go: a plugin for QEMU counts what each call in `ser_model_invoke` executes."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

from plugin_run import read_numbers, run_with_plugin

from codegen.boards import Board
from tinyser.emulator.project_folder import Project

_CALL = re.compile(r"\bts_(\w+)\(&(\w+)")
_TITLE = re.compile(r"^/\* (\d+: \w+)")
_STRUCT = re.compile(r"^static const \w+ (\w+) = {")


def instructions_by_layer(model: Path, board_id: str) -> list[tuple[str, str, int]]:
    """(layer, kernel, instructions) in the order of the calls. Needs gcc for this machine besides the cross tools."""
    return run_with_plugin(model, board_id, _read)


def _read(project: Project, board: Board, image: Path) -> list[tuple[str, str, int]]:
    by_call = dict(read_numbers(image.with_name("calls.txt")))  # type: ignore[arg-type]
    source = (project.folder / "model" / "ser_model.c").read_text().splitlines()
    by_line: Counter[int] = Counter()
    for line, count in zip(_lines(image, list(by_call), board.compiler_prefix), by_call.values(), strict=True):
        by_line[line] += count
    return _named(source, by_line)


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
