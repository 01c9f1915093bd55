"""What is typed on a board's console while the application listens, and what it answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from codegen.boards import Board, load_board
from tests.emulator.consoles import console_until, without_semihosting
from tests.emulator.test_application import EMULATED, END, STREAM, clip
from tests.projects import write_sums_project
from tinyser.emulator import qemu
from tinyser.emulator.project_folder import load_project

HELP = "commands: help, selftest, stats\n"


@pytest.fixture(autouse=True)
def cross_tools(require_tool: Callable[..., None]) -> None:
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")


def command_for(folder: Path, board: Board) -> list[str]:
    """Boots the firmware in the emulator that its board has, or that of the board of the same name."""
    image = qemu.build_image(load_project(folder), board, folder)
    return without_semihosting(qemu.qemu_command(load_board(board.id), image))


@pytest.mark.parametrize("board_id", EMULATED)
def test_commands(board_id: str, tmp_path: Path) -> None:
    """Each line is answered, and the stream goes on to its end without a sample lost."""
    board = load_board(board_id)
    folder = write_sums_project(tmp_path / "project", board, stream=STREAM, clip=clip(), selftest=True)
    typed = "what?\rselftesx\bt\r\n\nstats\n"
    console = console_until(command_for(folder, board), END, typed=typed, after=" s: ")
    after = console[console.index(" s: ") :]
    answers = [HELP, "self-test: PASS (1 vectors)\n", "self-test of sound: PASS (64 features, ", "stats: "]
    places = [after.find(answer) for answer in answers]
    assert places == sorted(places) and places[0] > 0, after
    assert re.search(
        r"stats: \d\.\d{3} s, inferences \d+; features ms [\d.]+, inference ms [\d.]+; lost samples 0\n", after
    )
    assert after.rstrip().endswith(f"{END} (status 0)")


def test_a_failing_selftest_says_so(tmp_path: Path) -> None:
    """Of a model whose first outputs are right: what happens to it later is seen when it is asked for."""
    from tests.projects import SUMS_C

    counted = "output[i] = (int8_t)(sums[i] % 128);\n    }\n    static int runs;\n    output[0] += ++runs > 3;"
    source = SUMS_C.replace("output[i] = (int8_t)(sums[i] % 128);\n    }", counted)
    assert source != SUMS_C
    board = load_board("mps2-an386")
    folder = write_sums_project(tmp_path / "project", board, source=source, stream=STREAM, clip=clip(), selftest=True)
    console = console_until(command_for(folder, board), "FAIL", typed="selftest\n", after=" s: ")
    assert console.index("self-test: PASS") < console.index("self-test: FAIL (vector 0, output byte 0, expected ")


def test_a_board_without_an_emulator_goes_on_answering(tmp_path: Path) -> None:
    board = replace(load_board("mps2-an386"), qemu=None)
    folder = write_sums_project(tmp_path / "project", board, stream=STREAM, clip=clip())
    typed = "a line of more than 15 characters\nstats\n"
    console = console_until(command_for(folder, board), "stats: ", typed=typed, after=END)
    assert console.index(END) < console.index(HELP) < console.index("stats: ")
