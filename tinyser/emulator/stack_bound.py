"""A bound for the stack of a bare-metal image: its deepest way of calls, and interrupts on top of it.

The calls are those of the linked image. Those through pointers are in a table, and a pointer that the table does not
know is refused, as is recursion. Interrupts have one priority, so that one at a time is on the stack, and a fault on
top of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from codegen.boards import Board
from codegen.errors import ToolError
from tinyser.emulator import qemu
from tinyser.emulator.build import find_tool, run_tool
from tinyser.emulator.elf_image import ElfImage, read_image
from tinyser.emulator.project_folder import Project
from tinyser.emulator.stack_depth import Depth, Listing

# For the link: what tells a function's address from another number.
RELOCATIONS = ("-Wl,--emit-relocs",)
# Who calls through a pointer, and what it may point to; inlined, the call is its caller's.
_THROUGH_POINTERS: Mapping[str, tuple[str, ...]] = {
    "board_reset": (),  # constructors of C++, of which C has none
    "board_systick": ("each_millisecond",),
    "board_microphone_interrupt": ("hear",),
    "answer": ("run_selftest",),
    "ser_application_run": ("run_selftest",),
    "ser_application_answer": ("run_selftest",),
    "count_instructions": ("ser_model_invoke", "ser_classifier_infer"),
    "run_inputs": ("ser_model_invoke",),
    "run_sound": ("ser_classifier_infer",),
    "ser_job_run": ("ser_model_invoke", "ser_classifier_infer"),
}
# Armv6-M, Armv7-M and Armv8-M Architecture Reference Manuals: what an exception stacks, and a word where the pointer is
# no multiple of 8.
_FRAME_BYTES, _FRAME_WITH_FPU_BYTES, _ALIGNMENT_BYTES = 32, 104, 4
_RESET, _SYSTICK = 1, 15
_CLONE_MARKS = (".constprop", ".part", ".isra", ".cold")


@dataclass(frozen=True, slots=True)
class StackBound:
    """Bytes that the stack takes at most: of what reset calls, of the deepest interrupt, of a fault, frames included.

    `path`: the functions on the deepest way from reset.
    """

    thread: int
    interrupt: int
    fault: int
    path: tuple[str, ...]

    @property
    def bytes(self) -> int:
        return self.thread + self.interrupt + self.fault


def bound_stack(project: Project, board: Board) -> StackBound:
    """The bound of a project's image, linked anew.

    Raises ToolError where it does not build, for recursion, a call through a pointer that is not known, or a frame of a
    size that is not.
    """
    with tempfile.TemporaryDirectory(prefix="tinyser-stack-") as scratch:
        return bound_image(qemu.build_image(project, board, Path(scratch), RELOCATIONS), board)


def bound_image(image: Path, board: Board) -> StackBound:
    """The bound of an image that was linked with RELOCATIONS. Raises as `bound_stack`."""
    objdump = find_tool(f"{board.compiler_prefix}objdump")
    listing = run_tool([objdump, "-d", "--no-show-raw-insn", str(image)], image.parent)
    elf = read_image(image)
    ways = _Ways(image, listing, elf)
    frame = _ALIGNMENT_BYTES + (_FRAME_BYTES if board.float_abi == "soft" else _FRAME_WITH_FPU_BYTES)
    reset, *system = elf.vectors[_RESET:]
    assert reset is not None
    faults = {handler for handler in system[: _SYSTICK - 2] if handler is not None}
    interrupts = {handler for handler in system[_SYSTICK - 2 :] if handler is not None}
    thread, path = ways.deepest(reset)
    return StackBound(
        thread,
        max((frame + ways.deepest(handler)[0] for handler in interrupts), default=0),
        max((frame + ways.deepest(handler)[0] for handler in faults), default=0),
        path,
    )


class _Ways:
    """Deepest ways through the calls of an image."""

    def __init__(self, image: Path, listing: str, elf: ElfImage) -> None:
        self._image = image.name
        self._listing = Listing(listing, elf.functions, elf.data)
        self._elf = elf
        self._done: dict[int, tuple[int, tuple[str, ...]]] = {}
        self._open: list[int] = []
        self._taken: dict[str, list[int]] = {}
        for address in sorted(elf.taken):
            self._taken.setdefault(_plain(elf.functions[address]), []).append(address)
        known = {name for names in _THROUGH_POINTERS.values() for name in names}
        if unknown := sorted(set(self._taken) - known):
            raise ToolError(
                f"{self._image}: the address of {unknown[0]} is taken, and nothing says who calls it; the stack cannot "
                "be bounded"
            )

    def deepest(self, address: int) -> tuple[int, tuple[str, ...]]:
        """Bytes, and the names of the functions on the way."""
        if address in self._done:
            return self._done[address]
        name = self._listing.name(address)
        if address in self._open:
            circle = [self._listing.name(one) for one in self._open[self._open.index(address) :]]
            raise ToolError(f"{self._image}: {' calls '.join([*circle, name])}; a recursion's stack has no bound")
        self._open.append(address)
        own = self._listing.measure(address)
        ways: list[tuple[int, tuple[str, ...]]] = [(own.deepest, (name,))]
        for depth, target in self._calls(name, own):
            below, path = self.deepest(target)
            ways.append((depth + below, (name, *path)))
        self._open.pop()
        self._done[address] = max(ways)
        return self._done[address]

    def _calls(self, name: str, own: Depth) -> list[tuple[int, int]]:
        calls = [(depth, target) for depth, target in own.calls if target is not None]
        through = [depth for depth, target in own.calls if target is None]
        if through and _plain(name) not in _THROUGH_POINTERS:
            raise ToolError(f"{self._image}: {name} calls through a pointer; the stack cannot be bounded")
        named = _THROUGH_POINTERS.get(_plain(name), ())
        pointed = [address for one in named for address in self._taken.get(one, ())]
        return calls + [(depth, target) for depth in through for target in pointed]


def _plain(name: str) -> str:
    """A function's name in the source: without what the compiler adds for a copy of it."""
    for mark in _CLONE_MARKS:
        name = name.split(mark)[0]
    return name
