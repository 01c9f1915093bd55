"""Runs a project's image on its board in QEMU: the generated C on an emulated Cortex-M."""

from __future__ import annotations

import signal
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from codegen.boards import Board, load_board
from codegen.errors import BoardError, ToolError
from tinyser.emulator.build import compile_objects, find_tool, make_file
from tinyser.emulator.emulation import POSTERIOR_ONE, Classification, Emulation, Int8s, Sizes, Stream, StreamState
from tinyser.emulator.host_child import STATUS
from tinyser.emulator.project_folder import Project, load_project
from tinyser.emulator.sizes import measure
from tinyser.emulator.tflm_library import find_tflm
from tinyser.processes import run as run_process

TIMEOUT_SECONDS = 600.0
# app/ser_job.c.j2 says what these mean.
_KIND_INPUTS, _KIND_CLIP, _KIND_SEQUENCE, _KIND_STREAM = 1, 2, 3, 4
_TAG_RUN, _TAG_CLIP, _TAG_WINDOW, _TAG_END, _TAG_STATE = 1, 2, 3, 4, 5


def run(
    project: Project | str | Path,
    inputs: Int8s,
    *,
    keep_state: bool = False,
    board: Board | None = None,
    timeout: float = TIMEOUT_SECONDS,
) -> Emulation:
    """Runs int8 (runs, input bytes), each on a reset model, or all as one sequence (`keep_state`).

    `board`: a description that differs from the one of the project's board, for code of another core. Raises
    BoardError when the board has no machine in QEMU, ToolError when a tool is missing or the image fails.
    """
    project = project if isinstance(project, Project) else load_project(project)
    rows = project.check_rows(inputs)
    kind = _KIND_SEQUENCE if keep_state else _KIND_INPUTS
    job = struct.pack("<II", kind, len(rows)) + rows.tobytes()
    result, sizes = _run_job(project, board or board_of(project), job, timeout)
    return _emulation(result, sizes, result.outputs)


def classify(
    project: Project | str | Path, pcm: npt.NDArray[np.int16], *, timeout: float = TIMEOUT_SECONDS
) -> Classification:
    """Runs a clip of mono PCM, int16 (samples,), through features, model and classifier. Raises as `run`."""
    project = project if isinstance(project, Project) else load_project(project)
    project.need_features()
    job = struct.pack("<II", _KIND_CLIP, len(pcm)) + pcm.astype("<i2").tobytes()
    result, sizes = _run_job(project, board_of(project), job, timeout)
    emulation = _emulation(result, sizes, result.windows)
    return Classification(emulation, project.label_names(), result.posteriors, result.decision)


def stream(project: Project | str | Path, pcm: npt.NDArray[np.int16], *, timeout: float = TIMEOUT_SECONDS) -> Stream:
    """Runs mono PCM, int16 (samples,), as a stream, a hop at a time. Raises as `run`."""
    project = project if isinstance(project, Project) else load_project(project)
    rate = project.need_features().sample_rate_hz
    job = struct.pack("<II", _KIND_STREAM, len(pcm)) + pcm.astype("<i2").tobytes()
    result, sizes = _run_job(project, board_of(project), job, timeout)
    return Stream(_emulation(result, sizes, result.windows), project.label_names(), rate, tuple(result.states))


def board_of(project: Project) -> Board:
    """The project's board. Raises BoardError when QEMU has no machine for it."""
    board = load_board(project.board)
    if board.qemu is None:
        raise BoardError(
            f"{project.folder}: board {board.id} has no machine in QEMU; use '--on host', or generate with "
            "--board mps2-an386"
        )
    return board


def build_image(project: Project, board: Board, folder: Path, link_flags: Sequence[str] = ()) -> Path:
    """Cross-compiles and links `firmware.elf` in `folder`; a `tflm` project with the user's own library."""
    tflm = find_tflm(project) if project.runtime == "tflm" else None
    compiler = find_tool(f"{board.compiler_prefix}gcc")
    sources = [*project.portable_sources, *project.board_sources]
    objects = compile_objects(project, sources, compiler, board.c_flags, tflm.cxx_flags if tflm else ())
    image = folder / "firmware.elf"
    script = project.folder / "board" / "linker.ld"
    libraries = tflm.link_flags if tflm else ()
    command = [
        compiler,
        *board.link_flags,
        *link_flags,
        f"-T{script}",
        *map(str, objects),
        *libraries,
    ]
    make_file(command, project.folder, image)
    return image


def qemu_command(board: Board, image: Path, shift: int = 0) -> list[str]:
    """QEMU's command line: one instruction is 2^shift nanoseconds, so that a timer counts instructions."""
    if board.qemu is None:
        raise BoardError(f"board {board.id}: has no machine in QEMU; choose another board")
    machine = [find_tool(board.qemu.program), "-machine", board.qemu.machine, "-kernel", str(image)]
    screen = ["-display", "none", "-monitor", "none", "-serial", "stdio"]
    return [*machine, *screen, "-semihosting-config", "enable=on,target=native", "-icount", f"shift={shift}"]


@dataclass(slots=True)
class _Result:
    """The records of result.bin."""

    output_bytes: int
    instructions: list[int] = field(default_factory=list)
    runs: list[bytes] = field(default_factory=list)
    window_outputs: list[bytes] = field(default_factory=list)
    posteriors: tuple[float, ...] = ()
    decision: int = 0
    states: list[StreamState] = field(default_factory=list)
    end: tuple[int, int, int] | None = None  # status, stack bytes, arena bytes

    @property
    def outputs(self) -> Int8s:
        return np.frombuffer(b"".join(self.runs), dtype=np.int8).reshape(-1, self.output_bytes)

    @property
    def windows(self) -> Int8s:
        return np.frombuffer(b"".join(self.window_outputs), dtype=np.int8).reshape(-1, self.output_bytes)


def _run_job(project: Project, board: Board, job: bytes, timeout: float) -> tuple[_Result, Sizes]:
    with tempfile.TemporaryDirectory(prefix="tinyser-qemu-") as scratch:
        image = build_image(project, board, Path(scratch))
        content, console = _answer(board, image, job, timeout, shift=0)
        result = _parse(content, project.output_bytes)
        if result.end is None:
            raise ToolError(
                f"{board.id} in QEMU: the firmware stopped early ({console}); this is a defect of it or of QEMU"
            )
        if result.end[0] != 0:
            raise ToolError(f"{board.id} in QEMU: the firmware reports: {STATUS[result.end[0]]}; console: {console}")
        return result, measure(project, image, board.compiler_prefix)


def run_image(
    project: Project, board: Board, job: bytes, *, shift: int = 0, timeout: float = TIMEOUT_SECONDS
) -> tuple[bytes, str]:
    """What a project's image leaves in result.bin for a job of its own, and its console as one line.

    An instruction is 2^shift nanoseconds. Raises ToolError.
    """
    with tempfile.TemporaryDirectory(prefix="tinyser-qemu-") as scratch:
        return _answer(board, build_image(project, board, Path(scratch)), job, timeout, shift)


def _answer(board: Board, image: Path, job: bytes, timeout: float, shift: int) -> tuple[bytes, str]:
    (image.parent / "job.bin").write_bytes(job)
    console = boot(qemu_command(board, image, shift), image.parent, timeout)
    answer = image.parent / "result.bin"
    return (answer.read_bytes() if answer.is_file() else b""), console


def boot(command: list[str], folder: Path, timeout: float) -> str:
    """Runs QEMU in `folder`, where semihosting looks for files; its console as one line. Raises ToolError."""
    try:
        done = run_process(command, cwd=folder, timeout=timeout, merge=True)
    except subprocess.TimeoutExpired as error:
        raise ToolError(
            f"QEMU: no end after {timeout:g} s; give fewer inputs or more time (--timeout), or look for an endless loop"
        ) from error
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    program = Path(command[0]).name
    refusals = [line for line in lines if line.startswith(f"{program}: ") and "warning:" not in line]
    if done.returncode < 0:
        raise ToolError(f"{program}: ended by {signal.Signals(-done.returncode).name}; install another version of QEMU")
    if done.returncode != 0 and refusals:
        raise ToolError(f"{refusals[0][:300]}; install a version of QEMU that has what this board needs")
    return " | ".join(lines)[:500] or "nothing on the console"


def _parse(content: bytes, output_bytes: int) -> _Result:
    result = _Result(output_bytes)
    position = 0
    while position + 8 <= len(content):
        tag, size = struct.unpack_from("<II", content, position)
        payload = content[position + 8 : position + 8 + size]
        position += 8 + size
        if len(payload) < size:
            break
        if tag == _TAG_RUN:
            result.instructions.append(struct.unpack_from("<Q", payload)[0])
            result.runs.append(payload[8:])
        elif tag == _TAG_WINDOW:
            result.window_outputs.append(payload)
        elif tag == _TAG_CLIP:
            result.decision = struct.unpack_from("<I", payload)[0]
            posteriors = struct.unpack_from(f"<{(size - 4) // 4}i", payload, 4)
            result.posteriors = tuple(value / POSTERIOR_ONE for value in posteriors)
        elif tag == _TAG_STATE:
            samples, windows, silent, decision, *smoothed = struct.unpack(f"<3I{size // 4 - 3}i", payload)
            label = None if decision < 0 else decision
            result.states.append(StreamState(samples, windows, bool(silent), label, tuple(smoothed) or None))
        elif tag == _TAG_END:
            status, stack_bytes, arena_bytes = struct.unpack("<III", payload)
            result.end = (status, stack_bytes, arena_bytes)
    return result


def _emulation(result: _Result, sizes: Sizes, outputs: Int8s) -> Emulation:
    assert result.end is not None
    _, stack_bytes, arena_bytes = result.end
    return Emulation(outputs, arena_bytes, sizes, tuple(result.instructions), stack_bytes)
