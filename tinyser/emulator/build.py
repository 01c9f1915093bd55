"""Compiles C sources with two jobs; an object is kept while its command, source and what it includes stay the same."""

from __future__ import annotations

import errno
import functools
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from codegen import cmsis_dsp
from codegen.boards.board import C_DIALECT
from codegen.errors import ToolError
from tinyser.emulator.project_folder import Project
from tinyser.processes import in_threads, run

JOBS = 2
# One source, or a link: a compiler that takes longer waits for something that does not come.
TIMEOUT_SECONDS = 300.0
_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*["<]([^">\n]+)[">]', re.MULTILINE)
# Debian and Ubuntu packages that hold each program.
PACKAGES: Mapping[str, str] = {
    "gcc": "gcc",
    "clang": "clang",
    "arm-none-eabi-gcc": "gcc-arm-none-eabi libnewlib-arm-none-eabi",
    "arm-none-eabi-size": "binutils-arm-none-eabi",
    "arm-none-eabi-objdump": "binutils-arm-none-eabi",
    "qemu-system-arm": "qemu-system-arm",
}


def find_tool(program: str) -> str:
    """The full path of a program. Raises ToolError, naming the packages that hold it."""
    path = shutil.which(program)
    if path is None:
        packages = PACKAGES.get(program, program)
        raise ToolError(f"{program}: not installed; install it (Debian, Ubuntu: apt install {packages})")
    return path


def run_tool(command: Sequence[str], cwd: Path) -> str:
    """Standard output of a program. Raises ToolError with the first line that says what went wrong."""
    name = Path(command[0]).name
    try:
        done = run(command, cwd=cwd, timeout=TIMEOUT_SECONDS, brief=True)
    except subprocess.TimeoutExpired as error:
        raise ToolError(
            f"{name}: no end after {TIMEOUT_SECONDS:g} s; see what {command[0]} is and what it waits for"
        ) from error
    if done.returncode != 0:
        lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        telling = [line for line in lines if "error" in line or "undefined reference" in line] or lines
        message = telling[0].strip() if telling else f"exit status {done.returncode}"
        if os.strerror(errno.ENOSPC) in message:
            raise ToolError(f"{name}: {message}; make room, or name another folder in TMPDIR")
        raise ToolError(f"{name}: {message}; this is a defect of the generated code or the toolchain")
    return done.stdout


def make_file(command: Sequence[str], cwd: Path, made: Path) -> None:
    """Runs a program that is to make a file. Raises ToolError as `run_tool`, and where there is none."""
    run_tool([*command, "-o", str(made)], cwd)
    if not made.is_file():
        raise ToolError(
            f"{Path(command[0]).name}: made no {made.suffix} file and did not say why: {command[0]} is no working "
            "compiler; install it anew, or put another one before it on PATH"
        )


@functools.cache
def _object_store(parent: str) -> tempfile.TemporaryDirectory[str]:
    """Objects of this process by content, among its temporary files, removed when it ends."""
    return tempfile.TemporaryDirectory(prefix="tinyser-objects-", dir=parent)


def compile_objects(
    project: Project, sources: Sequence[str], compiler: str, flags: Sequence[str], cxx_flags: Sequence[str] = ()
) -> list[Path]:
    """Objects of a project's sources, and of the library whose FFT they call, without its warnings.

    `cxx_flags` take the place of the C dialect where a source is C++. What was compiled before from the same bytes, by
    the same command, is kept. Raises ToolError where the compiler fails or the library is not there.
    """
    options = [*flags, *(f"-D{name}" for name in project.defines), *(f"-I{name}" for name in project.include_dirs)]
    if project.fft == "cmsis-dsp":
        root = cmsis_dsp.find_cmsis_dsp()
        options += cmsis_dsp.compiler_flags(root)
        sources = [*sources, *(str(root / name) for name in cmsis_dsp.SOURCES)]
    cxx_options = [*(option for option in options if option not in C_DIALECT), *cxx_flags]
    folders = [project.folder / name for name in project.include_dirs]
    store = Path(_object_store(tempfile.gettempdir()).name)

    def compile_one(source: str) -> Path:
        foreign = ["-w"] if Path(source).is_absolute() else []
        dialect = cxx_options if source.endswith(".cc") else options
        command = [compiler, *dialect, *foreign, "-c", source]
        state = f"{' '.join(command)} {_digest(_with_included(project.folder / source, folders))}"
        target = store / f"{hashlib.sha256(state.encode()).hexdigest()}.o"
        if not target.is_file():
            partial = target.with_suffix(f".{threading.get_ident()}.o")
            make_file(command, project.folder, partial)
            partial.replace(target)
        return target

    return in_threads(compile_one, sources, JOBS)


def _with_included(source: Path, folders: Sequence[Path]) -> list[Path]:
    """A source and whatever of the project it includes, itself or by others, whether or not a macro leaves it out."""
    found, wanted = {source: None}, [source]
    while wanted:
        file = wanted.pop()
        for name in map(os.fsdecode, _INCLUDE.findall(file.read_bytes())):
            # All of that name: which of them the compiler takes does not matter then.
            paths = [folder / name for folder in (file.parent, *folders)]
            new = [path for path in paths if path not in found and path.is_file()]
            found.update(dict.fromkeys(new))
            wanted += new
    return list(found)


def _digest(files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def refuse_interpreter(project: Project) -> None:
    """The desktop's TensorFlow Lite Micro is a Python package, which '--on tflm' runs. Raises ToolError."""
    if project.runtime == "tflm":
        raise ToolError(
            f"{project.folder}: runtime tflm links to your own TensorFlow Lite Micro, so '--on host' cannot build "
            "it; use '--on tflm', or generate with --runtime direct"
        )
