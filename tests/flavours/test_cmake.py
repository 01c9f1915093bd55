"""The bare-metal project of every board compiles without a warning, with GCC and with clang, all warnings on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

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


def source(board: Board) -> dict[str, Any]:
    """What it hears: its microphone, or a recording."""
    if board.microphone:
        return {"microphone": True}
    return {"clip": Clip("tone.wav", np.zeros(1600, np.int16), SPEC.sample_rate_hz)}


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.id)
def test_no_warning(board: Board, compiler: str, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("gcc" if board.is_host else "arm-none-eabi-gcc", compiler)
    hears = {"stream": StreamSpec(stride_frames=5), **source(board)} if has_room(board) else {}
    project = load_project(write_sums_project(tmp_path / "project", board.id, **hears))
    sources = [str(path.relative_to(project.folder)) for path in sorted(project.folder.rglob("*.c"))]
    options = [f"-I{name}" for name in project.include_dirs] + [f"-D{name}" for name in project.defines]
    for json in ((), ("-DSER_REPORT_JSON",)):
        command = [*command_for(board, compiler), *STRICT, *options, *json, *sources]
        done = subprocess.run(command, cwd=project.folder, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


DEBUGGED = [board for board in BOARDS if board.openocd]


def test_every_real_board_but_one_can_be_flashed() -> None:
    """Arm's boards are emulated only; a Netduino has no debugger of its own."""
    assert {board.id for board in BOARDS if not board.openocd and not board.id.startswith("mps")} == {
        "host",
        "netduinoplus2",
    }


@pytest.mark.parametrize("board", DEBUGGED, ids=lambda board: board.id)
def test_openocd_knows_the_files(board: Board, require_tool: Callable[..., None]) -> None:
    """As far as it goes without a board: all is read, nothing is opened."""
    require_tool("openocd")
    assert board.openocd is not None
    files = [argument for name in board.openocd.config for argument in ("-f", name)]
    done = subprocess.run(["openocd", *files, "-c", "shutdown"], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "Error" not in done.stderr, done.stderr


def test_flash_target_calls_openocd(
    tmp_path: Path, require_tool: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program of that name writes down what it is called with, from a folder with a space in its name."""
    require_tool("cmake", "arm-none-eabi-gcc")
    tools, called = tmp_path / "tools", tmp_path / "called"
    tools.mkdir()
    (tools / "openocd").write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{called}"\n')
    (tools / "openocd").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    project = write_sums_project(tmp_path / "a project", "nucleo-f446re")
    toolchain = "-DCMAKE_TOOLCHAIN_FILE=cmake/toolchain.cmake"
    for command in (["-S", ".", "-B", "build", toolchain], ["--build", "build", "--target", "flash"]):
        subprocess.run(["cmake", *command], cwd=project, check=True, capture_output=True)
    image = project / "build" / "firmware.elf"
    assert image.is_file()
    assert called.read_text().splitlines() == [
        "-f", "board/st_nucleo_f4.cfg", "-c", f"program {{{image}}} verify reset exit"
    ]  # fmt: skip
    assert 'openocd -f board/st_nucleo_f4.cfg -c "program build/firmware.elf' in (project / "README.md").read_text()


def has_room(board: Board) -> bool:
    """For the application with its ring of sound."""
    return board.ram is None or board.ram.bytes >= 16_384
