"""What is typed on a board's console while the application listens, and what it answers."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Timer

import pytest

from codegen.boards import Board, load_board
from tests.emulator.test_application import EMULATED, END, STREAM, clip
from tests.projects import write_sums_project
from tinyser.emulator import qemu
from tinyser.emulator.project_folder import load_project

HELP = "commands: help, selftest, stats\n"
LONGEST_SECONDS = 60.0


@pytest.fixture(autouse=True)
def cross_tools(require_tool: Callable[..., None]) -> None:
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")


def command_for(folder: Path, board: Board) -> list[str]:
    """Boots the firmware in the emulator that its board has, or that of the board of the same name."""
    command = qemu.qemu_command(load_board(board.id), qemu.build_image(load_project(folder), board, folder))
    start = command.index("-semihosting-config")
    return [*command[:start], *command[start + 2 :]]


def conversation(command: list[str], start: str, typed: str, word: str) -> str:
    """What is printed up to `word`, where `typed` is typed after the first line that holds `start`."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, bufsize=1, **pipes) as process:  # type: ignore[call-overload]
        patience = Timer(LONGEST_SECONDS, process.kill)
        patience.start()
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if start in line and typed:
                process.stdin.write(typed)
                process.stdin.flush()
                typed = ""
            if word in line:
                break
        patience.cancel()
        process.kill()
    return "".join(lines)


@pytest.mark.parametrize("board_id", EMULATED)
def test_commands(board_id: str, tmp_path: Path) -> None:
    """Each line is answered, and the stream goes on to its end without a sample lost."""
    board = load_board(board_id)
    folder = write_sums_project(tmp_path / "project", board, stream=STREAM, clip=clip(), selftest=True)
    typed = "what?\rselftesx\bt\r\n\nstats\n"
    console = conversation(command_for(folder, board), " s: ", typed, END)
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
    console = conversation(command_for(folder, board), " s: ", "selftest\n", "FAIL")
    assert console.index("self-test: PASS") < console.index("self-test: FAIL (vector 0, output byte 0, expected ")


def test_a_board_without_an_emulator_goes_on_answering(tmp_path: Path) -> None:
    board = replace(load_board("mps2-an386"), qemu=None)
    folder = write_sums_project(tmp_path / "project", board, stream=STREAM, clip=clip())
    console = conversation(command_for(folder, board), END, "a line of more than 15 characters\nstats\n", "stats: ")
    assert console.index(END) < console.index(HELP) < console.index("stats: ")
