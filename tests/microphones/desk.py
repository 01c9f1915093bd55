"""A microphone's driver of a generated project, built for the desktop with registers that are the test's."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.boards import load_board
from tests.projects import write_sums_project

HERE = Path(__file__).parent
HALF = 128
KINDS = ("L4", "NRF", "U5")  # whose DMA is not that of an STM32F4
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
SANITIZED = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


@dataclass(frozen=True)
class Heard:
    """PCM in turns, int16 (turns, HALF), samples lost before each, and registers after the start, by address."""

    pcm: NDArray[np.int16]
    lost: NDArray[np.int32]
    registers: dict[int, int]


@dataclass(frozen=True)
class Desk:
    """A program around the driver, in the project it is of."""

    program: Path
    project: Path

    def hear(self, raw: NDArray[Any], miss: int = 0, in_a_row: int = 1) -> Heard:
        """Halves of the driver's buffer go in, one after the other.

        Every `miss`-th interrupt does not come, `in_a_row` of them.
        """
        done = subprocess.run(
            [self.program, str(miss), str(in_a_row)], input=raw.tobytes(), capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        turns = np.frombuffer(done.stdout, dtype=[("lost", "<i4"), ("pcm", "<i2", HALF)])
        pairs = [line.split() for line in done.stderr.decode().splitlines()]
        return Heard(turns["pcm"], turns["lost"], {int(at, 16): int(value, 16) for at, value in pairs})


def build_desk(board_id: str, folder: Path) -> Desk:
    """Compiles a board's driver and what it shares, under sanitizers."""
    microphone = load_board(board_id).microphone
    assert microphone is not None
    project = write_sums_project(folder / "project", board_id, microphone=True)
    board = project / "board"
    shared = sorted(path for path in board.glob("board_*.c"))
    program = folder / "desk"
    options = [
        f'-DDRIVER="{microphone.driver}.c"',
        *(f"-D{name}" for name in KINDS if name.lower() in microphone.driver),
    ]
    includes = ["-include", str(HERE / "registers.h"), f"-I{board}"]
    command = ["gcc", "-O1", *STRICT, *SANITIZED, *options, *includes, str(HERE / "desk.c"), *map(str, shared)]
    done = subprocess.run([*command, "-o", str(program)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Desk(program, project)
