"""The counter of the emulated boards against loops of known length."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from codegen.boards import list_boards, load_board
from tests.projects import write_sums_project
from tinyser.emulator import qemu
from tinyser.emulator.project_folder import load_project

# Two instructions a round, and the set-up that each measurement has in common.
LOOP_LENGTHS = (0, 1, 7, 19, 20, 21, 39, 40, 41, 12_345, 8_000_003)
MAIN = r"""
#include "board.h"
#include "board_job.h"

static void spin(uint32_t rounds)
{
    __asm__ volatile(".syntax unified\n\tcmp %0, #0\n\tbeq 2f\n1: subs %0, #1\n\tbne 1b\n2:" : "+l"(rounds) : : "cc");
}

static uint64_t measure(uint32_t rounds)
{
    board_count_start();
    spin(rounds);
    return board_count_stop();
}

int main(void)
{
    static const uint32_t rounds[] = {@LENGTHS@};
    board_init();
    if (!board_job_open()) {
        return 1;
    }
    for (unsigned index = 0; index < sizeof rounds / sizeof rounds[0]; ++index) {
        const uint64_t count = measure(rounds[index]);
        board_job_write(&count, sizeof count);
    }
    board_job_close();
    return 0;
}
"""


EMULATED = [board.id for board in list_boards() if board.qemu]


@pytest.mark.parametrize("board_id", EMULATED)
def test_counts_loops_of_known_length(board_id: str, require_tool: Callable[..., None], tmp_path: Path) -> None:
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    board = load_board(board_id)
    folder = write_sums_project(tmp_path / "project", board)
    (folder / "app/main.c").write_text(MAIN.replace("@LENGTHS@", ", ".join(map(str, LOOP_LENGTHS))))
    project = load_project(folder)
    sources = tuple(name for name in project.board_sources if name != "app/ser_job.c")
    image = qemu.build_image(replace(project, board_sources=sources), board, tmp_path)
    counts = [_boot(qemu.qemu_command(board, image)) for _ in range(2)]
    assert counts[0] == counts[1], "the same figure on each run"
    shortest = counts[0][0]  # no round at all
    errors = [count - shortest - 2 * rounds for count, rounds in zip(counts[0], LOOP_LENGTHS, strict=True)]
    assert board.qemu is not None
    exact = board.qemu.counter == "cmsdk_timer"
    tick = 0 if exact else -(-1_000_000_000 // board.qemu.counter_hz)
    assert max(map(abs, errors)) <= tick, errors


def _boot(command: list[str]) -> tuple[int, ...]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "job.bin").write_bytes(b"")
        qemu.boot(command, Path(folder), 60)
        content = (Path(folder) / "result.bin").read_bytes()
        return struct.unpack(f"<{len(LOOP_LENGTHS)}Q", content)
