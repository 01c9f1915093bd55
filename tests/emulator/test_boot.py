"""Images of all boards link; those of emulated boards start as on the real one, with nobody behind semihosting."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from threading import Timer

import pytest

from codegen.boards import list_boards, load_board
from tests.projects import write_sums_project
from tinyser.emulator import qemu
from tinyser.emulator.project_folder import load_project

EMULATED = [board.id for board in list_boards() if board.qemu]
REAL = [board.id for board in list_boards() if not board.is_host and not board.qemu and "cmake" in board.projects]
LONGEST_SECONDS = 60.0


def console_until(command: list[str], word: str) -> str:
    """The lines up to the first that holds `word`; the firmware itself never ends."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        patience = Timer(LONGEST_SECONDS, process.kill)
        patience.start()
        lines = []
        for line in process.stdout:
            lines.append(line)
            if word in line:
                break
        patience.cancel()
        process.kill()
    return "".join(lines)


@pytest.mark.parametrize("board_id", EMULATED)
def test_self_test_passes_without_semihosting(board_id: str, require_tool: Callable[..., None], tmp_path: Path) -> None:
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    board = load_board(board_id)
    project = load_project(write_sums_project(tmp_path / "project", board))
    command = qemu.qemu_command(board, qemu.build_image(project, board, tmp_path))
    start = command.index("-semihosting-config")
    console = console_until([*command[:start], *command[start + 2 :]], "self-test")
    assert f"board {board_id}" in console and "self-test: PASS (0 vectors)" in console


@pytest.mark.parametrize("board_id", REAL)
def test_real_boards_link(board_id: str, require_tool: Callable[..., None], tmp_path: Path) -> None:
    require_tool("arm-none-eabi-gcc", "arm-none-eabi-nm")
    board = load_board(board_id)
    project = load_project(write_sums_project(tmp_path / "project", board))
    image = qemu.build_image(project, board, tmp_path)
    listed = subprocess.run(["arm-none-eabi-nm", image], capture_output=True, text=True, check=True).stdout
    symbols = {name: int(address, 16) for address, _, name in map(str.split, listed.splitlines())}
    assert board.flash and board.ram
    assert board.flash.base <= symbols["board_reset"] < board.flash.base + board.flash.bytes
    assert symbols["board_stack_top"] == board.ram.base + board.ram.bytes
    assert "board_job_open" not in symbols
