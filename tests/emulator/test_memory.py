"""Our memcpy, memmove and memset on a Cortex-M4 and, without unaligned words, on a Cortex-M0."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from codegen.boards import load_board
from tests.projects import write_sums_project
from tinyser.emulator import qemu
from tinyser.emulator.project_folder import load_project

PLACES = (0, 1, 2, 3, 4, 7)
LENGTHS = (0, 1, 3, 4, 5, 15, 16, 17, 31, 33, 60)
MAIN = r"""
#include "board.h"
#include "board_job.h"

#include <string.h>

#define SPACE 160

static unsigned char bytes[SPACE];

static void write_bytes(void)
{
    board_job_write(bytes, sizeof bytes);
    for (unsigned at = 0; at < SPACE; ++at) {
        bytes[at] = (unsigned char)(at * 7u + 1u);
    }
}

int main(void)
{
    static const unsigned char places[] = {@PLACES@};
    static const unsigned char lengths[] = {@LENGTHS@};
    void *(*volatile copy)(void *, const void *, size_t) = memcpy;
    void *(*volatile move)(void *, const void *, size_t) = memmove;
    void *(*volatile set)(void *, int, size_t) = memset;
    unsigned wrong = 0;
    board_init();
    if (!board_job_open()) {
        return 1;
    }
    write_bytes();
    for (unsigned length = 0; length < sizeof lengths; ++length) {
        for (unsigned to = 0; to < sizeof places; ++to) {
            wrong += set(bytes + places[to], -3 - (int)length, lengths[length]) != bytes + places[to];
            write_bytes();
            for (unsigned from = 0; from < sizeof places; ++from) {
                unsigned char *target = bytes + 80 + places[to];
                wrong += copy(target, bytes + places[from], lengths[length]) != target;
                write_bytes();
                target = bytes + places[to];
                wrong += move(target, bytes + places[from], lengths[length]) != target;
                write_bytes();
            }
        }
    }
    board_job_write(&wrong, sizeof wrong);
    board_job_close();
    return 0;
}
"""


def expected() -> bytes:
    """What the program writes."""
    start = bytes((at * 7 + 1) % 256 for at in range(160))
    content = [bytes(160)]
    for number, length in enumerate(LENGTHS):
        for to in PLACES:
            content.append(_written(start, to, bytes([253 - number]) * length))
            for origin in PLACES:
                content.append(_written(start, 80 + to, start[origin : origin + length]))
                content.append(_written(start, to, start[origin : origin + length]))
    return b"".join([*content, bytes(4)])


def _written(content: bytes, at: int, new: bytes) -> bytes:
    return content[:at] + new + content[at + len(new) :]


@pytest.mark.parametrize("board_id", ["mps2-an386", "microbit"])
def test_memory_functions(board_id: str, require_tool: Callable[..., None], tmp_path: Path) -> None:
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    board = load_board(board_id)
    folder = write_sums_project(tmp_path / "project", board)
    main = MAIN.replace("@PLACES@", ", ".join(map(str, PLACES))).replace("@LENGTHS@", ", ".join(map(str, LENGTHS)))
    (folder / "app/main.c").write_text(main)
    project = load_project(folder)
    sources = tuple(name for name in project.board_sources if name != "app/ser_job.c")
    image = qemu.build_image(replace(project, board_sources=sources), board, tmp_path)
    with tempfile.TemporaryDirectory() as job:
        (Path(job) / "job.bin").write_bytes(b"")
        qemu.boot(qemu.qemu_command(board, image), Path(job), 60)
        assert (Path(job) / "result.bin").read_bytes() == expected()
