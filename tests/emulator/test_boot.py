"""Images of all boards link; those of emulated boards start as on the real one, with nobody behind semihosting."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.boards import list_boards, load_board
from tests.emulator.consoles import console_until, without_semihosting
from tests.projects import write_sums_project
from tinyser.emulator import qemu
from tinyser.emulator.project_folder import load_project

EMULATED = [board.id for board in list_boards() if board.qemu]
REAL = [board.id for board in list_boards() if not board.is_host and not board.qemu and "cmake" in board.projects]


@pytest.mark.parametrize("board_id", EMULATED)
def test_self_test_passes_without_semihosting(board_id: str, require_tool: Callable[..., None], tmp_path: Path) -> None:
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    board = load_board(board_id)
    project = load_project(write_sums_project(tmp_path / "project", board))
    command = qemu.qemu_command(board, qemu.build_image(project, board, tmp_path))
    console = console_until(without_semihosting(command), "self-test")
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
