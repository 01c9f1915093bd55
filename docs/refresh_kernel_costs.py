"""Writes codegen/kernel_costs.json: `./run python docs/refresh_kernel_costs.py`. A test compares.

Every kernel is compiled by arm-none-eabi-gcc for several cores with -O2 and -Os, for all that models may need of it and
for less. Its stack is the deepest path through the frames that GCC reports (-fcallgraph-info=su, which is -fstack-usage
with calls); those of libgcc, the C library and our own memory functions, which GCC did not compile here, are read from
the disassembly of the linked image. Parameters are those of a model that needs nothing special.
"""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import tempfile
from pathlib import Path

from codegen.boards import load_board
from codegen.direct import kernel_files
from codegen.kernel_costs import PATH, STACK_CORES
from codegen.kernel_needs import NEEDS, needs_header
from codegen.render import template_names, template_text

PREFIX = "arm-none-eabi-"
OPTIMIZATIONS = ("-O2", "-Os")
MEMORY = "memory.S"
# Of what models need; 0 is everything. Bit n leaves out the n-th need of each kernel, and the last one those of headers
# that kernels share.
_SHARED = {source for source in NEEDS if f"ts_{source}.c" not in template_names("kernels")}
SHARED_BIT = 2 ** max(len(needs) for needs in NEEDS.values())
VARIANTS = 2 * SHARED_BIT
FLAGS = ("-std=c99", "-ffp-contract=off", "-fcallgraph-info=su")
# How far `ser_model_invoke` itself may go: its largest frame for the benchmark models is 88 bytes, which grows with the
# addresses that the compiler keeps during a loop.
INVOKE_BYTES = 176

_NODE = re.compile(r'node: \{ title: "([^"]+)" label: "[^"]*?(?:\\n(\d+) bytes \((\w+)[^"]*)?"')
_EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"')
_FUNCTION = re.compile(r"^[0-9a-f]+ <([^>]+)>:$")
_SAVED = re.compile(r"\b(?:push|stmdb(?:\.w)?\s+sp!,|vpush)\s*\{([^}]*)\}")
_LOWERED = re.compile(r"\bsub(?:\.w|w)?\s+sp,(?:\s*sp,)?\s*#(\d+)|\bstr(?:d)?(?:\.w)?\s+.*\[sp, #-(\d+)\]!")
_CALLED = re.compile(r"\b(?:bl|b)(?:\.n|\.w)?\s+[0-9a-f]+ <([^>+]+)>")


def gcc_version() -> str:
    """The compiler's own first line."""
    return _run([f"{PREFIX}gcc", "--version"], Path.cwd()).splitlines()[0]


def measured(cores: tuple[str, ...] = STACK_CORES) -> dict[str, dict[str, dict[str, int] | int]]:
    """By kernel: bytes of its parameters, and by core the largest stack of all optimisations."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        names = sorted(name[3:-2] for name in template_names("kernels") if name.endswith(".c"))
        for name, content in kernel_files(names, lambda need: True).items():
            (folder / Path(name).name).write_bytes(content if isinstance(content, bytes) else content.encode())
        (folder / MEMORY).write_text(template_text(f"board/cortex_m/{MEMORY}"))
        sizes = _parameter_bytes(folder, names)
        stacks = {core: _deepest(folder, names, _core_flags(core)) for core in cores}
    return {
        name: {"params_bytes": sizes[name], "stack_bytes": {core: stacks[core][name] for core in cores}}
        for name in names
    }


def _core_flags(core: str) -> tuple[str, ...]:
    if core == "cortex-m4":
        return load_board("mps2-an386").cpu_flags
    return (f"-mcpu={core}", "-mthumb", "-mfloat-abi=soft")


def _run(command: list[str], folder: Path) -> str:
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def _parameter_bytes(folder: Path, names: list[str]) -> dict[str, int]:
    """sizeof(ts_<kernel>_t), from arrays of that size."""
    _write_needs(folder, VARIANTS - 1)
    lines = [f'#include "ts_{name}.h"\nconst char size_{name}[sizeof(ts_{name}_t)] = {{1}};' for name in names]
    (folder / "sizes.c").write_text("\n".join(lines) + "\n")
    _run([f"{PREFIX}gcc", "-std=c99", *_core_flags("cortex-m4"), "-c", "sizes.c", "-o", "sizes.o"], folder)
    listed = re.findall(r"^\w+ (\w+) R size_(\w+)$", _run([f"{PREFIX}nm", "-S", "sizes.o"], folder), re.MULTILINE)
    return {name: int(size, 16) for size, name in listed}


def _deepest(folder: Path, names: list[str], core: tuple[str, ...]) -> dict[str, int]:
    """By kernel, the largest stack of all optimisations, whatever models need of it."""
    worst = dict.fromkeys(names, 0)
    reported: dict[str, tuple[dict[str, int], dict[str, set[str]]]] = {}
    variants = {name: _variants(name) for name in names}
    _run([f"{PREFIX}gcc", *core, "-c", MEMORY, "-o", "memory.o"], folder)
    memory = _disassembled(_run([f"{PREFIX}objdump", "-d", "--no-show-raw-insn", "memory.o"], folder), "")[0]
    for optimisation, variant in itertools.product(OPTIMIZATIONS, range(VARIANTS)):
        compiled = [name for name in names if variant in variants[name]]
        if not compiled:
            continue
        _write_needs(folder, variant)
        _run([f"{PREFIX}gcc", *core, optimisation, *FLAGS, "-c", *(f"ts_{name}.c" for name in compiled)], folder)
        wanted = [f"-Wl,-u,ts_{name}" for name in names]
        objects = [f"ts_{name}.o" for name in names]
        link = ["-nostartfiles", "--specs=nano.specs", "--specs=nosys.specs", "-Wl,-e,0", *wanted]
        _run([f"{PREFIX}gcc", *core, *link, *objects, "-o", "kernels.elf"], folder)
        listing = _run([f"{PREFIX}objdump", "-d", "--no-show-raw-insn", "kernels.elf"], folder)
        frames, calls = _disassembled(listing, _run([f"{PREFIX}nm", "kernels.elf"], folder))
        frames |= {name: max(frame, frames.get(name, 0)) for name, frame in memory.items()}
        reported |= {name: _reported((folder / f"ts_{name}.ci").read_text()) for name in compiled}
        for name, (own_frames, own_calls) in reported.items():
            depth = _depth(f"ts_{name}", {**frames, **own_frames}, {**calls, **own_calls}, ())
            worst[name] = max(worst[name], depth)
    return worst


def _variants(kernel: str) -> set[int]:
    """The variants that differ for a kernel."""
    asked = [source for source in NEEDS if f"model/kernels/ts_{source}_needs.h" in kernel_files([kernel], bool)]
    own = _left_out(max((len(NEEDS[source]) for source in asked if source not in _SHARED), default=0))
    shared = (0, SHARED_BIT) if _SHARED.intersection(asked) else (0,)
    return {variant + bit for variant in own for bit in shared}


def _left_out(needs: int) -> set[int]:
    """Which of so many needs are left out, as bits: of a few every choice, of more none, one, all but one and all."""
    if needs <= 4:
        return set(range(2**needs))
    every, single = 2**needs - 1, [1 << need for need in range(needs)]
    return {0, every, *single, *(every - one for one in single)}


def _write_needs(folder: Path, variant: int) -> None:
    for source, needs in NEEDS.items():
        bits = -(variant // SHARED_BIT) if source in _SHARED else variant
        kept = [need for place, need in enumerate(needs) if not bits >> place & 1]
        (folder / f"ts_{source}_needs.h").write_text(needs_header(source, kept.__contains__))


def _reported(callgraph: str) -> tuple[dict[str, int], dict[str, set[str]]]:
    """Frames and calls as GCC reports them. Raises SystemExit where one has no bound."""
    frames: dict[str, int] = {}
    calls: dict[str, set[str]] = {}
    for title, size, kind in _NODE.findall(callgraph):
        if size:
            if kind != "static":
                raise SystemExit(f"{title}: its frame is {kind}, allowed: static")
            frames[title] = int(size)
            calls[title] = set()
    for source, target in _EDGE.findall(callgraph):
        calls[source].add(target)
    return frames, calls


def _disassembled(listing: str, symbols: str) -> tuple[dict[str, int], dict[str, set[str]]]:
    """Frames and calls of all functions of an image: everything that they ever push or take from the stack pointer.

    `symbols` tells which names stand for one function, of which the listing shows one.
    """
    frames: dict[str, int] = {}
    calls: dict[str, set[str]] = {}
    name = ""
    for line in listing.splitlines():
        found = _FUNCTION.match(line.strip())
        if found:
            name = found[1]
            frames[name], calls[name] = 0, set()
            continue
        for registers in _SAVED.findall(line):
            frames[name] += (8 if "vpush" in line else 4) * _count(registers)
        for lowered, stored in _LOWERED.findall(line):
            frames[name] += int(lowered or stored)
        calls.setdefault(name, set()).update(target for target in _CALLED.findall(line) if target != name)
    at = {alias: address for address, alias in re.findall(r"^(\w+) [TtWw] (\S+)$", symbols, re.MULTILINE)}
    shown = {at[function]: function for function in frames if function in at}
    for alias, address in at.items():
        if address in shown:
            frames[alias], calls[alias] = frames[shown[address]], calls[shown[address]]
    return frames, calls


def _count(registers: str) -> int:
    """Registers in a list such as `r4, r6-r8, lr`."""
    total = 0
    for part in registers.split(","):
        first, _, last = part.strip().partition("-")
        total += int(last[1:]) - int(first[1:]) + 1 if last else 1
    return total


def _depth(name: str, frames: dict[str, int], calls: dict[str, set[str]], above: tuple[str, ...]) -> int:
    if name in above:
        raise SystemExit(f"{name}: calls itself through {' and '.join(above)}; its stack has no bound")
    if name not in frames:
        raise SystemExit(f"{name}: called by {above[-1]}, but not in the image; its stack is unknown")
    return frames[name] + max((_depth(target, frames, calls, (*above, name)) for target in calls[name]), default=0)


def page() -> str:
    """The whole file."""
    costs = {
        "source": f"docs/refresh_kernel_costs.py with {gcc_version()}, the larger of {' and '.join(OPTIMIZATIONS)}",
        "invoke_bytes": INVOKE_BYTES,
        "kernels": measured(),
    }
    lines = json.dumps(costs, indent=1)
    return re.sub(r"\{\s+([^{}]*?)\s+\}", lambda found: "{" + re.sub(r"\s+", " ", found[1]) + "}", lines) + "\n"


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")
