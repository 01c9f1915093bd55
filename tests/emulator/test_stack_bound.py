"""The bound of an image's stack: against GCC's own frames, and against what an emulated board has used."""

from __future__ import annotations

import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.boards import Board, list_boards, load_board
from codegen.clip import Clip
from codegen.errors import ToolError
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import read_tflite
from tests.cli.test_generate_emulate import tinyser
from tests.conftest import CHECKOUT
from tests.emulator.consoles import without_semihosting
from tests.emulator.test_application import END, STREAM, clip
from tests.projects import SUMS_C, write_sums_project
from tinyser.emulator import qemu
from tinyser.emulator.build import find_tool, run_tool
from tinyser.emulator.elf_image import read_image
from tinyser.emulator.project_folder import Project, load_project
from tinyser.emulator.stack_bound import RELOCATIONS, bound_image, bound_stack
from tinyser.emulator.stack_depth import Listing
from tinyser.features.audio import read_audio

MOST_ABOVE = 1500
# One board for each core.
HEARING = {board.cpu: board.id for board in list_boards() if board.microphone}.values()
# What GCC leaves out: what a handler in assembly pushes, and arguments that a function stacks for itself.
HANDLER = {"board_fault": (8, {0})}
NOT_REPORTED = {"mps3-an547": HANDLER, "microbit": {**HANDLER, "ser_scaled_add": (32, {24})}}


def spoken(folder: Path, board: Board) -> Project:
    """The example's model with its recording in flash."""
    samples = read_audio(CHECKOUT / "examples" / "angry.wav").samples
    options = ProjectOptions(board=board, clip=Clip("angry.wav", samples, 16000))
    return load_project(generate_project(read_tflite(CHECKOUT / "examples" / "spoken.tflite"), options, folder).folder)


def sums(folder: Path, board: Board | str, source: str = SUMS_C) -> Project:
    return load_project(write_sums_project(folder, board, source=source, stream=STREAM, clip=clip()))


def used_by_application(image: Path, board: Board) -> int:
    """Bytes of the stack that are no longer 0 when the recording is over, interrupts included."""
    assert board.ram and board.stack_bytes
    command = without_semihosting(qemu.qemu_command(board, image))
    monitor, dump = image.parent / "monitor", image.parent / "stack.bin"
    command[command.index("-monitor") + 1] = f"unix:{monitor},server,nowait"
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = []
        for line in process.stdout:
            lines.append(line)
            if END in line:
                break
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(monitor))
            start = board.ram.base + board.ram.bytes - board.stack_bytes
            control.sendall(f'pmemsave {start} {board.stack_bytes} "{dump}"\n'.encode())
            until = time.monotonic() + 30
            while not (dump.is_file() and dump.stat().st_size == board.stack_bytes) and time.monotonic() < until:
                time.sleep(0.05)
        process.kill()
    assert any("self-test: PASS" in line for line in lines) and any("(status 0)" in line for line in lines), lines
    content = dump.read_bytes()
    return len(content.lstrip(b"\0")) + 3 & ~3


@pytest.mark.parametrize(
    ("make", "board_id"),
    [(spoken, "mps2-an386"), (spoken, "mps3-an547"), (sums, "microbit")],
)
def test_no_less_than_what_was_used(
    make: Callable[[Path, Board], Project], board_id: str, tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    board = load_board(board_id)
    project = make(tmp_path / "project", board)
    with tempfile.TemporaryDirectory() as short:  # a socket's path has at most 107 characters
        image = qemu.build_image(project, board, Path(short), RELOCATIONS)
        bound = bound_image(image, board)
        application = used_by_application(image, board)
    job = qemu.stream(project, clip().samples).emulation.stack_bytes
    assert job is not None and board.stack_bytes is not None
    assert job <= bound.thread, bound
    assert max(job, application) <= bound.bytes <= max(job, application) + MOST_ABOVE
    assert bound.bytes <= board.stack_bytes
    assert bound.path[:2] == ("board_reset", "main")


@pytest.mark.parametrize("board_id", HEARING)
def test_boards_with_a_microphone_reserve_enough(
    board_id: str, tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    require_tool("arm-none-eabi-gcc")
    board = load_board(board_id)
    bound = bound_stack(load_project(write_sums_project(tmp_path / "project", board, microphone=True)), board)
    assert board.stack_bytes is not None and 400 < bound.bytes <= board.stack_bytes
    assert bound.interrupt > 36 and bound.fault > 36


@pytest.mark.parametrize("board_id", NOT_REPORTED)
def test_frames_are_those_that_gcc_reports(board_id: str, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    """-fstack-usage, of all that is in the image."""
    require_tool("arm-none-eabi-gcc")
    board = load_board(board_id)
    make = sums if board_id == "microbit" else spoken
    project = make(tmp_path / "project", board)
    compiler = find_tool("arm-none-eabi-gcc")
    options = [*board.c_flags, "-fstack-usage", *(f"-I{project.folder / name}" for name in project.include_dirs)]
    sources = [str(project.folder / name) for name in (*project.portable_sources, *project.board_sources)]
    run_tool([compiler, *options, "-c", *sources], tmp_path)
    objects = [f"{Path(name).stem}.o" for name in sources]
    script = f"-T{project.folder / 'board' / 'linker.ld'}"
    run_tool([compiler, *board.link_flags, *RELOCATIONS, script, *objects, "-o", "firmware.elf"], tmp_path)
    reported: dict[str, set[int]] = {}
    for report in tmp_path.glob("*.su"):
        for line in report.read_text().splitlines():
            place, size, kind = line.split("\t")
            assert kind == "static", line
            reported.setdefault(place.rpartition(":")[2], set()).add(int(size))
    elf = read_image(tmp_path / "firmware.elf")
    listing = Listing(
        run_tool(["arm-none-eabi-objdump", "-d", "--no-show-raw-insn", "firmware.elf"], tmp_path),
        elf.functions,
        elf.data,
    )
    compared = {name: listing.measure(start).deepest for start, name in elf.functions.items() if name in reported}
    assert len(compared) > 60
    wrong = {name: (deepest, reported[name]) for name, deepest in compared.items() if deepest not in reported[name]}
    assert wrong == NOT_REPORTED[board_id]


REFUSED = {
    "recursion": (
        "static int32_t deep(int32_t n) { volatile int32_t x = n; return n > 0 ? deep(n - 1) * x + x : 0; }",
        "deep(arena[0])",
        r"deep calls deep; a recursion's stack has no bound",
    ),
    "a circle": (
        "__attribute__((noinline)) static int32_t one(int32_t n);\n"
        "__attribute__((noinline)) static int32_t two(int32_t n) { volatile int32_t x = n; return one(x - 1) + x; }\n"
        "static int32_t one(int32_t n) { volatile int32_t x = n; return n > 0 ? two(x) + x : 0; }",
        "one(arena[0])",
        r"(one|two) calls (one|two) calls (one|two); a recursion's stack has no bound",
    ),
    "a pointer": (
        "static int32_t same(int32_t n) { return n; }\nstatic int32_t (*volatile hook)(int32_t) = same;",
        "hook(arena[0])",
        "the address of same is taken, and nothing says who calls it",
    ),
    "a pointer from nowhere": (
        "typedef int32_t (*hook_t)(int32_t);\nstatic volatile uintptr_t hook;",
        "((hook_t)hook)(arena[0])",
        "ser_model_invoke calls through a pointer",
    ),
    "an array of variable length": (
        "__attribute__((noinline)) static int32_t fill(size_t n) { volatile int8_t x[n]; x[n - 1u] = 1; return x[0]; }",
        "fill((size_t)(arena[0] + 200))",
        "fill: 'sub.* sp, .*' sets the stack pointer to what is not known",
    ),
}


def with_call(functions: str, call: str) -> str:
    """SUMS_C with more functions, and a call of them in the model."""
    before = "const int8_t *ser_model_output"
    source = SUMS_C.replace("ser_status_t ser_model_init(void)", f"{functions}\n\nser_status_t ser_model_init(void)", 1)
    source = source.replace(
        f"    return SER_OK;\n}}\n\n{before}", f"    output[0] = (int8_t)({call});\n    return SER_OK;\n}}\n\n{before}"
    )
    assert source.count(call) > functions.count(call)
    return source


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_bound(name: str, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("arm-none-eabi-gcc")
    functions, call, message = REFUSED[name]
    source = with_call(functions, call)
    with pytest.raises(ToolError, match=message):
        bound_stack(sums(tmp_path / "project", "mps2-an386", source), load_board("mps2-an386"))


def test_in_the_table_of_emulate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], require_tool: Callable[..., None]
) -> None:
    """With a note where the board reserves too little, or where there is no bound."""
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    folder = sums(tmp_path / "project", "mps2-an386").folder
    assert tinyser("emulate", folder, "--on", "qemu") == 0
    output = capsys.readouterr()
    used, bound = (
        int(re.search(rf"{key} *│ *([0-9,]+)", output.out)[1].replace(",", ""))  # type: ignore[index]
        for key in ("stack_bytes", "stack_bound_bytes")
    )
    assert used < bound <= used + MOST_ABOVE and "the stack" not in output.err
    functions, call, message = REFUSED["recursion"]
    (folder / "model" / "ser_model.c").write_text(with_call(functions, call))
    assert tinyser("emulate", folder, "--on", "qemu") == 0
    output = capsys.readouterr()
    assert re.search(f"note: .*{message}", output.err) and "stack_bound_bytes" not in output.out


def test_an_image_without_relocations(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("arm-none-eabi-gcc")
    board = load_board("mps2-an386")
    image = qemu.build_image(sums(tmp_path / "project", board), board, tmp_path)
    with pytest.raises(ToolError, match=re.escape("link it with -Wl,--emit-relocs")):
        bound_image(image, board)
