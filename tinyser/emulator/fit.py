"""Which boards a model fits: sizes of images linked for each board, instructions counted in QEMU for each core."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from codegen.boards import Board, Region, list_boards, load_board
from codegen.ir import Model
from codegen.project import ProjectOptions, generate_project
from tinyser.emulator import qemu
from tinyser.emulator.project_folder import load_project
from tinyser.emulator.sizes import measure
from tinyser.emulator.stack_bound import RELOCATIONS, bound_image

# A machine of QEMU that runs each core's code, with room for every model; Cortex-M3 runs all of Armv6-M.
MACHINES = {
    "cortex-m0": "mps2-an385",
    "cortex-m0plus": "mps2-an385",
    "cortex-m3": "mps2-an385",
    "cortex-m4": "mps2-an386",
    "cortex-m7": "mps2-an500",
    "cortex-m33": "mps2-an505",
    "cortex-m55": "mps3-an547",
}
# So that an image links, and has a size, whatever the board holds.
_ROOM_BYTES = 1 << 26


@dataclass(frozen=True, slots=True)
class Core:
    """What an inference takes on a core, whichever board it is on."""

    instructions: int
    stack_bytes: int


@dataclass(frozen=True, slots=True)
class Fit:
    """A model on a board; bytes. `milliseconds`: of an inference at one instruction a cycle.

    `stack_bound`: what the whole image may take at most of the stack; None where the ecosystem's code is in it, too.
    `duty_cycle`: the share of time that inferences take in a stream of audio; None for a model without features.
    """

    board: Board
    flash_needed: int
    static_ram: int
    stack_bound: int | None
    core: Core
    inferences_per_second: float | None

    @property
    def lacking(self) -> tuple[tuple[str, int], ...]:
        """What the board has too little of, and by how many bytes; the stack that it reserves counts."""
        assert self.board.flash and self.board.ram and self.board.stack_bytes
        missing = {
            "flash": self.flash_needed - self.board.flash.bytes,
            "RAM": self.static_ram + self.board.stack_bytes - self.board.ram.bytes,
            "stack": max(self.core.stack_bytes, self.stack_bound or 0) - self.board.stack_bytes,
        }
        return tuple((memory, lack) for memory, lack in missing.items() if lack > 0)

    @property
    def milliseconds(self) -> float:
        assert self.board.clock
        return 1000 * self.core.instructions / self.board.clock.hz

    @property
    def duty_cycle(self) -> float | None:
        rate = self.inferences_per_second
        return None if rate is None else self.milliseconds / 1000 * rate

    @property
    def why(self) -> str:
        """One line for people."""
        if self.lacking:
            return "lacks " + ", ".join(f"{lack:,} bytes of {memory}" for memory, lack in self.lacking)
        if self.duty_cycle is not None and self.duty_cycle > 1:
            return f"too slow: {self.duty_cycle:.1f} s of work a second"
        return "fits"

    def to_json(self) -> dict[str, Any]:
        """The row of `tinyser fit --json`."""
        board = self.board
        assert board.flash and board.ram
        return {
            "id": board.id,
            "cpu": board.cpu,
            "fits": self.why == "fits",
            "why": self.why,
            "flash_bytes": {"needed": self.flash_needed, "free": board.flash.bytes - self.flash_needed},
            "ram_bytes": {
                "needed": self.static_ram + self.core.stack_bytes,
                "free": board.ram.bytes - self.static_ram - self.core.stack_bytes,
            },
            "stack_bytes": {
                "needed": self.core.stack_bytes,
                "bound": self.stack_bound,
                "reserved": board.stack_bytes,
            },
            "instructions_per_inference": self.core.instructions,
            "milliseconds": round(self.milliseconds, 3),
            "duty_cycle": None if self.duty_cycle is None else round(self.duty_cycle, 4),
        }


def fit(model: Model, progress: Callable[[str], None] = lambda text: None) -> list[Fit]:
    """The model on every board that has a core of its own, with the runtime `direct`.

    Raises ToolError where the cross compiler or QEMU is missing, and as `generate_project` for the model.
    """
    boards = [board for board in list_boards() if not board.is_host]
    rate = _inferences_per_second(model)
    cores: dict[str, Core] = {}
    fits = []
    for board in boards:
        if board.cpu not in cores:
            progress(f"{board.cpu}: counting")
            cores[board.cpu] = _run(model, board)
        progress(f"{board.id}: linking")
        fits.append(Fit(board, *_sizes(model, board), cores[board.cpu], rate))
    return fits


def _inferences_per_second(model: Model) -> float | None:
    features = None if model.card is None else model.card.features
    if features is None:
        return None
    return features.sample_rate_hz / (features.hop_length * features.stride_frames)


def _stand_in(board: Board) -> Board:
    """The machine of QEMU that runs code for the board's core."""
    return replace(load_board(MACHINES[board.cpu]), cpu=board.cpu, fpu=board.fpu, float_abi=board.float_abi)


def _run(model: Model, board: Board) -> Core:
    """One inference by code for the board's core, on the machine that stands in for it."""
    stand_in = _stand_in(board)
    with tempfile.TemporaryDirectory(prefix="tinyser-fit-") as scratch:
        project = load_project(generate_project(model, ProjectOptions(board=stand_in), Path(scratch) / "p").folder)
        zeros = np.zeros((1, sum(entry.bytes for entry in project.inputs)), dtype=np.int8)
        result = qemu.run(project, zeros, board=stand_in)
    assert result.instructions is not None and result.stack_bytes is not None
    return Core(result.instructions[0], result.stack_bytes)


def _sizes(model: Model, board: Board) -> tuple[int, int, int | None]:
    """Flash and static RAM of an image for the board, linked as if it had room for anything, and its stack's bound.

    Where the board is no target for bare metal, the image is for its core alone: what the ecosystem's own code takes
    is not in the board's memories either, and its stack is not known.
    """
    is_bare_metal = "cmake" in board.projects
    image = board if is_bare_metal else replace(_stand_in(board), qemu=None)
    assert image.flash and image.ram
    roomy = replace(image, flash=_with_room(image.flash), ram=_with_room(image.ram))
    with tempfile.TemporaryDirectory(prefix="tinyser-fit-") as scratch:
        folder = Path(scratch)
        project = load_project(generate_project(model, ProjectOptions(board=roomy), folder / "p").folder)
        firmware = qemu.build_image(project, roomy, folder, RELOCATIONS)
        sizes = measure(project, firmware, board.compiler_prefix)
        bound = bound_image(firmware, board).bytes if is_bare_metal else None
    assert sizes.flash_total is not None and sizes.ram is not None
    return sizes.flash_total, sizes.ram, bound


def _with_room(region: Region) -> Region:
    return replace(region, bytes=_ROOM_BYTES)
