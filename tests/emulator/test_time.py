"""The time of a board never goes back, whenever it is asked for around a turn of SysTick."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from codegen.boards import load_board
from tests.projects import write_sums_project
from tinyser.emulator import qemu
from tinyser.emulator.project_folder import load_project

MILLISECONDS = 400
# Asks all the time, and leaves how often, how often the time was earlier than before, and how many ticks there were.
MAIN = r"""
#include "board.h"
#include "board_job.h"

static volatile uint32_t ticks;

static void tick(void) { ++ticks; }

int main(void) {
    uint32_t found[3] = {0u, 0u, 0u};
    board_init();
    if (!board_job_open()) {
        return 1;
    }
    board_tick_start(tick);
    for (uint32_t before = 0u; before < @MILLISECONDS@000u; ++found[0]) {
        const uint32_t now = board_microseconds();
        if (now < before) {
            ++found[1];
        }
        before = now;
    }
    board_tick_stop();
    found[2] = ticks;
    board_job_write(found, sizeof found);
    board_job_close();
    return 0;
}
""".replace("@MILLISECONDS@", str(MILLISECONDS))


@pytest.mark.parametrize("board_id", ["netduinoplus2", "mps2-an385", "microbit"])
def test_time_never_goes_back(board_id: str, require_tool: Callable[..., None], tmp_path: Path) -> None:
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    board = load_board(board_id)
    folder = write_sums_project(tmp_path / "project", board)
    (folder / "app/main.c").write_text(MAIN)
    project = load_project(folder)
    sources = tuple(name for name in project.board_sources if name != "app/ser_job.c")
    image = qemu.build_image(replace(project, board_sources=sources), board, tmp_path)
    command = qemu.qemu_command(board, image)
    # By its clock of instructions QEMU raises each exception in time, and the ticks can be counted.
    asked, back, ticks = _boot(command)
    assert asked > 10_000 and back == 0
    assert abs(ticks - MILLISECONDS) <= 1
    # By the desktop's clock it raises them late, by as much as the desktop is busy, and ticks at the end may be more.
    at = command.index("-icount")
    asked, back, _ = _boot([*command[:at], *command[at + 2 :]])
    assert asked > 10_000 and back == 0


def _boot(command: list[str]) -> tuple[int, int, int]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "job.bin").write_bytes(b"")
        qemu.boot(command, Path(folder), 60)
        asked, back, ticks = struct.unpack("<3I", (Path(folder) / "result.bin").read_bytes())
        return asked, back, ticks
