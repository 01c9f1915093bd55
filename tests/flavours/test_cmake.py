"""The bare-metal project of every board compiles without a warning, with GCC and with clang, all warnings on."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import Board, list_boards
from codegen.clip import Clip
from codegen.stream_spec import StreamSpec
from tests.cross_clang import cross_clang
from tests.projects import SPEC, write_sums_project
from tinyser.emulator.project_folder import load_project

STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror", "-fsyntax-only")
BOARDS = [board for board in list_boards() if "cmake" in board.projects]


def command_for(board: Board, compiler: str) -> list[str]:
    if compiler == "gcc":
        return [f"{board.compiler_prefix}gcc", *board.c_flags]
    # clang knows the unit of a core that GCC is told to derive.
    flags = [flag for flag in board.c_flags if flag != "-mfpu=auto"]
    return [*(["clang"] if board.is_host else cross_clang()), *flags]


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.id)
def test_no_warning(board: Board, compiler: str, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("gcc" if board.is_host else "arm-none-eabi-gcc", compiler)
    clip = Clip("tone.wav", np.zeros(1600, np.int16), SPEC.sample_rate_hz)
    parts = {"stream": StreamSpec(stride_frames=5), "clip": clip} if has_room(board) else {}
    project = load_project(write_sums_project(tmp_path / "project", board.id, **parts))
    sources = [str(path.relative_to(project.folder)) for path in sorted(project.folder.rglob("*.c"))]
    options = [f"-I{name}" for name in project.include_dirs] + [f"-D{name}" for name in project.defines]
    for json in ((), ("-DSER_REPORT_JSON",)):
        command = [*command_for(board, compiler), *STRICT, *options, *json, *sources]
        done = subprocess.run(command, cwd=project.folder, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def has_room(board: Board) -> bool:
    """For the application with its ring of sound."""
    return board.ram is None or board.ram.bytes >= 16_384
