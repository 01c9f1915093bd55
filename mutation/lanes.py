"""Where cases run: on the desktop, each way that the suite compiles for it, and on emulated Cortex-M cores."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from codegen.boards import Board, load_board
from mutation.case import Case
from mutation.kernel_tree import KERNELS, compile_c, digest, original, write_needs

HERE = Path(__file__).parent
# AVX-512's intrinsics in plain C, so that any machine runs what VNNI has.
_PLAIN_VNNI = ("-mavx2", "-Wno-psabi", f"-isystem{HERE.parent / 'tests' / 'ops' / 'plain_vnni'}")
_SANITIZE = ("-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
# A pointer in place of a number is no C, however much compilers put up with.
_ERRORS = ("-pedantic-errors", "-Werror=int-conversion", "-Werror=incompatible-pointer-types")
_FAST_SECONDS = 1.0
_EMULATED_SECONDS = 5.0
_WAIT_SECONDS = 300.0
_FIRST_CASES = 8  # most mutants do not outlive them; the others are only compiled where one does
_MOST_IMAGE_BYTES = 250_000
_ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0:detect_odr_violation=0"}


@dataclass(frozen=True, slots=True)
class Lane:
    """`flags` are those of the suite, without warnings; `board` is None on the desktop."""

    name: str
    compiler: str
    flags: tuple[str, ...]
    board: Board | None = None
    seconds: float = _FAST_SECONDS

    @property
    def is_sanitized(self) -> bool:
        return "sanitized" in self.name

    def batches(self, cases: Sequence[Case]) -> list[list[Case]]:
        """Cases that run together."""
        if self.board is None:
            return [list(part) for part in (cases[:_FIRST_CASES], cases[_FIRST_CASES:]) if part]
        found: list[list[Case]] = [[]]
        size = 0
        for case in cases:
            bytes_ = sum(map(len, case.own.values())) // 4 + len(case.data())
            if found[-1] and size + bytes_ > _MOST_IMAGE_BYTES:
                found.append([])
                size = 0
            found[-1].append(case)
            size += bytes_
        return found

    def kernel_object(self, kernel: str, needs: Mapping[str, str], cache: Path) -> Path:
        """Of the kernel as it is."""
        target = cache / f"{kernel[:-2]}-{digest(*self.flags, original(kernel), *needs.keys(), *needs.values())}.o"
        if not target.exists():
            self.compile_kernel(KERNELS.parent, kernel, needs, cache, target)
        return target

    def compile_kernel(self, tree: Path, kernel: str, needs: Mapping[str, str], cache: Path, target: Path) -> None:
        """One from a folder that has `kernels`. Raises CompilerError."""
        headers = write_needs(needs, cache)
        command = [self.compiler, *self.flags, "-c", "-frandom-seed=0", *_ERRORS, f"-I{headers}"]
        compile_c(command, [tree / "kernels" / kernel], target)


def all_lanes() -> dict[str, Lane]:
    """By the name that the recorder gives."""
    shared = ("-std=c99", "-fPIC")
    lanes = [
        Lane("host", "gcc", ("-O1", *shared)),
        Lane("avx2", "gcc", ("-O3", "-mavx2", *shared, "-ffp-contract=off")),
        Lane("vnni", "gcc", ("-O3", *_PLAIN_VNNI, *shared, "-ffp-contract=off"), seconds=4 * _FAST_SECONDS),
        Lane("native", "gcc", ("-O3", "-march=native", *shared, "-ffp-contract=off")),
        Lane("sanitized", "gcc", ("-O1", *_SANITIZE, *shared), seconds=4 * _FAST_SECONDS),
        Lane("avx2 sanitized", "gcc", ("-O1", "-mavx2", *_SANITIZE, *shared), seconds=4 * _FAST_SECONDS),
        Lane("vnni sanitized", "gcc", ("-O1", *_PLAIN_VNNI, *_SANITIZE, *shared), seconds=16 * _FAST_SECONDS),
    ]
    for name in ("mps2-an386", "mps3-an547", "microbit", "mps2-an385"):
        board = load_board(name)
        flags = tuple(flag for flag in board.c_flags if not flag.startswith("-W"))
        lanes.append(Lane(name, f"{board.compiler_prefix}gcc", flags, board, _EMULATED_SECONDS))
    return {lane.name: lane for lane in lanes}


def run_batch(lane: Lane, cases: Sequence[Case], changed: Mapping[str, Path], cache: Path, folder: Path) -> str:
    """What is wrong, "" where nothing is. `changed`: objects of kernels, by kernel, which take their place."""
    run = _run_image if lane.board is not None else _run_libraries
    return run(lane, cases, changed, cache, folder)


def _run_libraries(lane: Lane, cases: Sequence[Case], changed: Mapping[str, Path], cache: Path, folder: Path) -> str:
    runner = _runner(lane, cache)
    kernels = "-"
    if changed:
        target = folder / f"changed-{digest(*map(str, changed.values()))}.so"
        compile_c([lane.compiler, *lane.flags, "-shared", "-Wl,-z,lazy"], changed.values(), target)
        kernels = str(target)
    arguments = [part for case in cases for part in _library(lane, case, cache)]
    seconds = lane.seconds * (1 + len(cases) / 40)
    try:
        done = subprocess.run(
            [str(runner), str(seconds), kernels, *arguments],
            capture_output=True, text=True, errors="replace", check=False, timeout=_WAIT_SECONDS, env=_ENVIRONMENT,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "hang"
    if done.returncode == 2:
        raise RuntimeError(f"{lane.name}: {done.stderr[:500]}")
    if done.returncode == 1 and done.stdout.strip().isdigit():
        return cases[int(done.stdout)].test
    return "" if done.returncode == 0 else "hang" if done.returncode == -signal.SIGVTALRM else "fault"


def _runner(lane: Lane, cache: Path) -> Path:
    source = HERE / "battery.c"
    target = cache / f"battery-{digest(*lane.flags, source.read_bytes())}"
    if not target.exists():
        compile_c(
            [lane.compiler, *(f for f in lane.flags if f != "-std=c99"), "-rdynamic"], [source, Path("-ldl")], target
        )
    return target


def _library(lane: Lane, case: Case, cache: Path) -> tuple[str, str]:
    """The case with kernels as they are, which those of a library loaded before take the place of; and its data."""
    target = cache / f"case-{case.name}-{digest(*map(original, case.kernels))}.so"
    data = cache / f"case-{case.name}.data"
    if not target.exists():
        folder = cache / f"case-{case.name}"
        sources = [_write_guard(folder), *_write_model(case, folder)]
        objects = [lane.kernel_object(kernel, case.needs, cache) for kernel in case.kernels]
        command = [lane.compiler, *lane.flags, "-O0", "-shared", f"-I{folder}", f"-I{KERNELS.parent}"]
        headers = write_needs(case.needs, cache)
        compile_c([*command, f"-I{headers}"], [*sources, *objects], target)
    if not data.exists():
        data.write_bytes(case.data())
    return str(target), str(data)


def _write_guard(folder: Path) -> Path:
    """A variable that is linked before all others: only behind a variable is there memory that a sanitizer watches."""
    folder.mkdir(exist_ok=True)
    path = folder / "guard.c"
    path.write_text("static char before_all_else[32] __attribute__((used));\n")
    return path


def _write_model(case: Case, folder: Path, suffix: str = "") -> list[Path]:
    folder.mkdir(exist_ok=True)
    sources = []
    for name, text in case.own.items():
        renamed = re.sub(r"\bser_(model|weights|constant)\w*", lambda match: match[0] + suffix, Path(name).name)
        path = folder / renamed
        path.write_text(re.sub(r"\bser_(model|weights|constant)\w*", lambda match: match[0] + suffix, text))
        if path.suffix == ".c":
            sources.append(path)
    return sources


def _run_image(lane: Lane, cases: Sequence[Case], changed: Mapping[str, Path], cache: Path, folder: Path) -> str:
    parts = _image_parts(lane, cases, cache)
    kernels = sorted({kernel for case in cases for kernel in case.kernels})
    objects = [changed.get(kernel) or lane.kernel_object(kernel, cases[0].needs, cache) for kernel in kernels]
    image = folder / f"{digest(*map(str, objects), *(case.name for case in cases))}.elf"
    assert lane.board is not None
    link = [lane.compiler, *lane.board.link_flags, f"-T{parts / 'linker.ld'}"]
    compile_c(link, [*sorted(parts.glob("*.o")), *objects], image)
    machine = "mps2-an385" if lane.board.cpu == "cortex-m0" else lane.name
    # Of its processor time, for others may use the machine, too.
    limited = ["sh", "-c", f'ulimit -t {lane.seconds:.0f}; exec "$@"', "limited"]
    command = [
        *limited,
        "qemu-system-arm",
        "-machine",
        machine,
        "-kernel",
        str(image),
        "-display",
        "none",
        "-monitor",
        "none",
    ]
    command += ["-serial", "none", "-semihosting-config", "enable=on,target=native"]
    try:
        done = subprocess.run(
            command, capture_output=True, check=False, timeout=_WAIT_SECONDS, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return "hang"
    finally:
        image.unlink()
    if done.returncode == -signal.SIGXCPU:
        return "hang"
    return "" if done.returncode == 0 else f"one of {len(cases)} cases on {lane.name}, such as {cases[0].test}"


_CASES_H = """typedef struct {
    int (*init)(void);
    int (*reset)(void);
    int (*invoke)(void);
    int8_t *(*input)(size_t);
    const int8_t *(*output)(size_t);
    uint32_t rows, keep_state, inputs, outputs;
    const uint32_t *sizes;
    const int8_t *data;
} case_t;
"""
_LINKER = """MEMORY {{ FLASH (rx) : ORIGIN = {flash}, LENGTH = {flash_bytes}
 RAM (rwx) : ORIGIN = {ram}, LENGTH = {ram_bytes} }}
ENTRY(image_reset)
SECTIONS {{
 .text : {{ KEEP(*(.vectors)) *(.text .text.*) *(.rodata .rodata.*) . = ALIGN(4); }} > FLASH
 .ARM.exidx : {{ *(.ARM.exidx*) }} > FLASH
 .data : {{ . = ALIGN(4); image_data_start = .; *(.data .data.*) . = ALIGN(4); image_data_end = .; }} > RAM AT > FLASH
 image_data_load = LOADADDR(.data);
 .bss (NOLOAD) : {{ . = ALIGN(4); image_bss_start = .; *(.bss .bss.* COMMON) . = ALIGN(4); image_bss_end = .;
  PROVIDE(end = .); }} > RAM
 image_stack_top = ORIGIN(RAM) + LENGTH(RAM) - 16;
}}
"""


def _image_parts(lane: Lane, cases: Sequence[Case], cache: Path) -> Path:
    """Objects of an image but for its kernels, in a folder; all cases ask the same of their kernels."""
    folder = cache / f"image-{digest((HERE / 'image.c').read_bytes(), _LINKER, *(case.name for case in cases))}"
    done = folder / "done"
    if done.exists():
        return folder
    folder.mkdir(exist_ok=True)
    header, table = [_CASES_H], []
    for number, case in enumerate(cases):
        suffix = f"_{number}"
        sources = _write_model(case, folder, suffix)
        includes = [f"-I{folder}", f"-I{KERNELS.parent}", f"-I{write_needs(case.needs, cache)}"]
        for source in sources:
            compile_c([lane.compiler, *lane.flags, *includes, "-c"], [source], source.with_suffix(".o"))
        data = folder / f"data{suffix}.S"
        (folder / f"data{suffix}.bin").write_bytes(
            b"".join(a + b for a, b in zip(case.rows, case.expected, strict=True))
        )
        data.write_text(
            f'.section .rodata\n.balign 4\n.global data{suffix}\ndata{suffix}:\n.incbin "{folder}/data{suffix}.bin"\n'
        )
        compile_c([lane.compiler, *lane.flags, "-c"], [data], folder / f"data{suffix}.o")
        names = ("init", "reset", "invoke", "input", "output")
        header.append(f"extern const int8_t data{suffix}[];\n")
        header.append("".join(f"extern int ser_model_{n}{suffix}(void);\n" for n in names[:3]))
        header.append(
            f"extern int8_t *ser_model_input{suffix}(size_t);\nextern const int8_t *ser_model_output{suffix}(size_t);\n"
        )
        sizes = ", ".join(map(str, (*case.input_bytes, *case.output_bytes)))
        header.append(f"static const uint32_t sizes{suffix}[] = {{{sizes}}};\n")
        calls = ", ".join(f"ser_model_{name}{suffix}" for name in names)
        counts = f"{len(case.rows)}, {int(case.keep_state)}, {len(case.input_bytes)}, {len(case.output_bytes)}"
        table.append(f"{{{calls}, {counts}, sizes{suffix}, data{suffix}}},\n")
    header.append(f"#define CASES {len(cases)}\nstatic const case_t cases[] = {{{''.join(table)}}};\n")
    (folder / "cases.h").write_text("".join(header))
    compile_c([lane.compiler, *lane.flags, f"-I{folder}", "-c"], [HERE / "image.c"], folder / "image.o")
    board = lane.board if lane.board is not None and lane.board.cpu != "cortex-m0" else load_board("mps2-an385")
    assert board.flash is not None and board.ram is not None
    memory = {
        "flash": board.flash.base,
        "flash_bytes": board.flash.bytes,
        "ram": board.ram.base,
        "ram_bytes": board.ram.bytes,
    }
    (folder / "linker.ld").write_text(_LINKER.format(**memory))
    done.touch()
    return folder
