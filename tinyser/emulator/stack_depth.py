"""How deep a function's own stack is, at most and at each call, from its instructions as objdump prints them.

The depth is followed from the first instruction along all branches; where two meet, the larger counts. What lowers the
stack pointer by a number that is not in the instruction has no bound and is refused.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from codegen.errors import ToolError

_SYMBOL = re.compile(r"^([0-9a-f]+) <.+>:$")
_INSTRUCTION = re.compile(r"^ *([0-9a-f]+):\t([a-z][a-z0-9.]*)(?:\t([^@;]*))?")
_TARGET = re.compile(r"\b([0-9a-f]+) <")
_CONDITION = "(?:eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)"
_BRANCH = re.compile(rf"^b({_CONDITION})?$")
_CALL = re.compile(rf"^bl({_CONDITION})?$")
_LOOP = re.compile(r"^(?:cbn?z|le|letp|wls|wlstp)(?:\.\d+)?$")
_SPLIT = re.compile(rf"^(.*?)({_CONDITION})?$")
_REGISTERS = re.compile(r"\{([^}]*)\}")
_WRITE_BACK = re.compile(r"\[sp, #(-?\d+)\]!|\[sp\], #(-?\d+)")
_POINTER_FIRST = re.compile(r"(?:[mp]?sp)\b", re.IGNORECASE)
_ONLY_READ = ("cmp", "cmn", "tst", "str")
_WITH_CONDITIONS = (
    "push", "pop", "vpush", "vpop", "add", "addw", "sub", "subw", "mov", "ldr", "str", "ldmia", "ldm", "stmdb", "bx"
)  # fmt: skip
# An address that no firmware's stack reaches: what goes deeper is a loop that only pushes.
_ENDLESS = 1 << 24


@dataclass(frozen=True, slots=True)
class Depth:
    """Bytes of a function's own stack: `deepest`, and at its calls, to an address or, None, through a pointer."""

    deepest: int
    calls: tuple[tuple[int, int | None], ...]


@dataclass(frozen=True, slots=True)
class Instruction:
    """One line of the listing; its name without its width."""

    address: int
    name: str
    operands: str

    @property
    def target(self) -> int | None:
        """The address that it names."""
        found = _TARGET.search(self.operands)
        return int(found.group(1), 16) if found else None

    @property
    def is_release(self) -> bool:
        """Whether it gives back a number of bytes of the stack."""
        return self.name == "add" and self.operands.startswith("sp, #")


class Listing:
    """The instructions of an image as `objdump -d --no-show-raw-insn` prints them, without the data between them.

    `names`: of functions, by the address of the first instruction.
    """

    def __init__(self, text: str, functions: Mapping[int, str], data: Collection[int]) -> None:
        self.names = functions
        self.instructions: dict[int, Instruction] = {}
        is_code = False
        for line in text.splitlines():
            if start := _SYMBOL.match(line):
                is_code = int(start.group(1), 16) not in data
            elif is_code and (found := _INSTRUCTION.match(line)):
                name = found.group(2).removesuffix(".n").removesuffix(".w")
                address = int(found.group(1), 16)
                self.instructions[address] = Instruction(address, name, (found.group(3) or "").strip())
        self.next = dict(itertools.pairwise(self.instructions))
        self.before = {second: first for first, second in self.next.items()}

    def name(self, address: int) -> str:
        """The function's name at its first instruction; else the address."""
        return self.names.get(address, f"0x{address:x}")

    def measure(self, start: int) -> Depth:
        """The stack of the function at an address.

        Raises ToolError where there is none, or where the stack pointer is lowered by what is not known.
        """
        if start not in self.instructions:
            raise ToolError(f"{self.name(start)}: called, and not in the listing; its stack cannot be bounded")
        walk = _Walk(self, start)
        walk.follow(start, 0)
        # What nothing branches to is a case of a switch, whose table of offsets the listing does not resolve.
        while walk.switches and (missed := walk.first_missed()) is not None:
            walk.follow(missed, max(walk.switches))
        return Depth(walk.deepest, tuple((depth, target) for (_, target), depth in walk.calls.items()))


class _Walk:
    """The depth before each instruction of a function, and of what it jumps to that has no name of its own."""

    def __init__(self, listing: Listing, start: int) -> None:
        self._listing = listing
        self._start = start
        self._name = listing.name(start)
        self._depths: dict[int, int] = {}
        self._popped: set[str] = set()
        self.deepest = 0
        self.calls: dict[tuple[int, int | None], int] = {}
        self.switches: list[int] = []

    def first_missed(self) -> int | None:
        """An instruction of the function, before the next one's name, that was not reached."""
        address: int | None = self._start
        while address is not None and (address == self._start or address not in self._listing.names):
            if address not in self._depths and self._listing.instructions[address].name != "nop":
                return address
            address = self._listing.next.get(address)
        return None

    def follow(self, address: int, depth: int) -> None:
        """From an instruction on, along all branches."""
        waiting = [(address, depth)]
        while waiting:
            place, before = waiting.pop()
            if self._depths.get(place, -1) >= before:
                continue
            self._depths[place] = before
            if before > _ENDLESS:
                raise ToolError(f"{self._name}: a loop of it lowers the stack pointer, so that its stack has no bound")
            waiting += self._step(self._listing.instructions[place], before)

    def _step(self, one: Instruction, before: int) -> list[tuple[int, int]]:
        """The instructions that may come next, with the depth before them."""
        stem, condition = _split(one.name)
        after = before + self._moved(one, stem)
        if condition:
            after = max(before, after)
        after = max(after, 0)  # a part of a function that has a name of its own may give back what the others took
        self.deepest = max(self.deepest, after)
        if _CALL.match(one.name) or one.name == "blx":
            self._call(one, one.target, before)
            if "_case_" in one.operands:
                self.switches.append(before)
                return []
            # A call before another function's name is of one that does not return.
            return [] if self._listing.next.get(one.address) in self._listing.names else self._fall(one, before)
        if _BRANCH.match(one.name) or _LOOP.match(one.name):
            jumps = [] if one.target is None else self._go(one, one.target, before)
            return jumps if one.name == "b" else [*jumps, *self._fall(one, before)]
        if one.name in ("tbb", "tbh"):
            self.switches.append(before)
            return []
        if self._leaves(one, stem, before) and not condition:
            return []
        return self._fall(one, after)

    def _call(self, one: Instruction, target: int | None, depth: int) -> None:
        key = (one.address, target)
        self.calls[key] = max(depth, self.calls.get(key, 0))

    def _fall(self, one: Instruction, depth: int) -> list[tuple[int, int]]:
        following = self._listing.next.get(one.address)
        return [] if following is None else self._go(one, following, depth)

    def _go(self, one: Instruction, target: int, depth: int) -> list[tuple[int, int]]:
        """Where the function goes on; to go to another function's first instruction is to call it."""
        if target == self._start or (target not in self._listing.names and target in self._listing.instructions):
            return [(target, depth)]
        self._call(one, target, depth)
        return []

    def _leaves(self, one: Instruction, stem: str, depth: int) -> bool:
        """Whether it ends the function: a return, or a jump through a pointer, which counts as a call."""
        if stem == "bx":
            if one.operands != "lr" and one.operands not in self._just_popped(one):
                self._call(one, None, depth)
            return True
        if stem in ("mov", "ldr") and one.operands.startswith("pc,"):
            if not re.search(r"\b(?:sp|lr)\b", one.operands):
                self._call(one, None, depth)
            return True
        return (stem in ("pop", "ldmia", "ldm") and "pc" in one.operands) or stem == "udf"

    def _just_popped(self, one: Instruction) -> list[str]:
        """Armv6-M returns by `pop {r3}`, `bx r3` where what was stacked above the return address goes, too."""
        address = self._listing.before.get(one.address)
        while address is not None and self._listing.instructions[address].is_release:
            address = self._listing.before.get(address)
        before = None if address is None else self._listing.instructions[address]
        return re.findall(r"\w+", before.operands) if before is not None and before.name == "pop" else []

    def _moved(self, one: Instruction, stem: str) -> int:
        """By how many bytes the stack grows; what only reads the pointer moves it by none."""
        operands = one.operands
        if stem in ("push", "vpush"):
            return _listed(operands)
        if stem in ("pop", "vpop"):
            return -_listed(operands)
        if operands.startswith("sp!"):
            return _listed(operands) if "db" in stem else -_listed(operands)
        if written := _WRITE_BACK.search(operands):
            return -int(written.group(1) or written.group(2))
        if constant := re.match(r"sp, (?:sp, )?#(\d+)$", operands):
            if stem in ("add", "addw"):
                return -int(constant.group(1))
            if stem in ("sub", "subw"):
                return int(constant.group(1))
        if stem not in _ONLY_READ and _POINTER_FIRST.match(operands):
            raise ToolError(
                f"{self._name}: '{one.name} {operands}' sets the stack pointer to what is not known before it runs; "
                "its stack cannot be bounded"
            )
        return 0


def _split(name: str) -> tuple[str, str | None]:
    """An instruction's name without the condition of an IT block; branches keep theirs."""
    found = _SPLIT.match(name)
    assert found is not None
    if found.group(2) and found.group(1) in _WITH_CONDITIONS:
        return found.group(1), found.group(2)
    return name, None


def _listed(operands: str) -> int:
    """Bytes of a list of registers; of d registers 8 each."""
    found = _REGISTERS.search(operands)
    total = 0
    for part in (found.group(1) if found else "").split(","):
        first, _, last = part.strip().partition("-")
        count = int(last[1:]) - int(first[1:]) + 1 if last else 1
        total += count * (8 if first.startswith("d") else 4)
    return total
