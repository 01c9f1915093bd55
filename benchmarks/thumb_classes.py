"""What matters for cycles of each instruction of an image: its class, and what it does with the one before it."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

# Every instruction is of one of these.
CLASSES = (
    "data_processing",
    "multiply",
    "divide",
    "load",
    "load_after_load",  # whose address does not need what the load before it brings
    "load_multiple",
    "store",
    "store_multiple",
    "branch",
    "table_branch",
    "if_then",
    "floating_point",
)
# What costs besides: registers of multiple loads and stores (LDRD and STRD too), addresses that need the result of the
# data processing before them, branches taken (whatever writes the program counter).
EVENTS = ("registers", "address_waits", "branches_taken")

_CONDITION = "(?:eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)?"
_CLASS_BY_NAME = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("load_multiple", r"ldm|pop|ldrd"),
        ("store_multiple", r"stm|push|strd"),
        ("load", r"ldr"),
        ("store", r"str"),
        ("multiply", r"mul|ml[as]|sm[lmu]|um[lu]|umaal"),
        ("divide", r"[su]div"),
        ("table_branch", r"tb[bh]"),
        ("branch", rf"(?:bl?x?|cbn?z){_CONDITION}(?:\.[nw])?$"),
        ("if_then", r"it[te]{0,3}$"),
        ("floating_point", r"v"),
    )
)
_WRITES_NO_REGISTER = re.compile(r"cmp|cmn|tst|teq|nop|it")
_INSTRUCTION = re.compile(r"^ +([0-9a-f]+):\t(\S+)(?:\t([^;@<]*))?")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One line of a disassembly: `ldr.w` and `r1, [r8, #4]`."""

    name: str
    operands: str

    def class_name(self) -> str:
        """One of CLASSES, for an instruction without regard to the one before."""
        return next((name for name, pattern in _CLASS_BY_NAME if pattern.match(self.name)), "data_processing")

    def address_registers(self) -> set[str]:
        """What is between the brackets."""
        found = re.search(r"\[([^\]]*)\]", self.operands)
        return set(re.findall(r"\b[a-z]\w+", found[1])) if found else set()

    def results(self) -> set[str]:
        """The registers that a load (before its brackets) or data processing (first) writes."""
        if _WRITES_NO_REGISTER.match(self.name):
            return set()
        written = self.operands.split("[")[0] if self.name.startswith("ldr") else self.operands.split(",")[0]
        return set(re.findall(r"\b[a-z]\w+", written))

    def registers(self) -> int:
        """How many a multiple load or store moves."""
        if self.name.startswith(("ldrd", "strd")):
            return 2
        return sum(_span(part) for part in self.operands[self.operands.index("{") + 1 :].strip(" }").split(","))


def _span(part: str) -> int:
    """r3: 1; r3-r5: 3."""
    ends = [int(end.strip(" r}")) for end in part.split("-")] if "-" in part else [0]
    return ends[-1] - ends[0] + 1


def count_block(block: Sequence[Instruction]) -> Counter[str]:
    """CLASSES and EVENTS of instructions that run one after another; branches taken are not known here."""
    counts: Counter[str] = Counter()
    before, before_class = None, ""
    for instruction in block:
        name = instruction.class_name()
        needed = bool(before and instruction.address_registers() & before.results())
        if name == "load" and before_class.startswith("load") and before_class != "load_multiple" and not needed:
            name = "load_after_load"
        if name in ("load_multiple", "store_multiple"):
            counts["registers"] += instruction.registers()
        if needed and before_class in ("data_processing", "multiply", "divide"):
            counts["address_waits"] += 1
        counts[name] += 1
        before, before_class = instruction, name
    return counts


class Disassembly:
    """The instructions of an image by address, as its cross toolchain's objdump reads them."""

    def __init__(self, image: Path, compiler_prefix: str) -> None:
        command = [f"{compiler_prefix}objdump", "-d", "--no-show-raw-insn", str(image)]
        listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found = [line for line in map(_INSTRUCTION.match, listed.splitlines()) if line]
        self._instructions = [Instruction(line[2], (line[3] or "").strip()) for line in found]
        self._places = {int(line[1], 16): place for place, line in enumerate(found)}

    def block(self, address: int, instructions: int) -> Sequence[Instruction]:
        place = self._places[address]
        return self._instructions[place : place + instructions]


def count_executed(disassembly: Disassembly, blocks: Iterable[tuple[int, ...]]) -> Counter[str]:
    """CLASSES and EVENTS of an inference; blocks as the plugin writes them: address, instructions, executed, taken."""
    counts: Counter[str] = Counter()
    for address, instructions, executed, taken in blocks:
        for name, count in count_block(disassembly.block(address, instructions)).items():
            counts[name] += count * executed
        counts["branches_taken"] += taken
    return counts
