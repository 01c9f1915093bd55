"""Runs what the generator makes of a model: C files, compiled with warnings as errors, called in this process.

The kernels are the same for most models, so that their object files are kept by content for as long as Python runs.
"""

from __future__ import annotations

import atexit
import ctypes
import hashlib
import re
import shutil
import subprocess
import tempfile
from _ctypes import dlclose
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from codegen.direct import render_direct
from codegen.ir import Graph
from codegen.read_tflite import parse_tflite

Files = Mapping[str, str | bytes]
Edit = Callable[[Files], Files]
Rows = Sequence[Sequence[np.ndarray]]  # of inputs: one array per input of the model

WARNINGS = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror")
FAST = ("-O1", "-fPIC", *WARNINGS)
SANITIZED = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", *WARNINGS)

_HARNESS = """\
#include <stdio.h>
#include "ser_model.h"
static const size_t input_bytes[] = {%s};
static const size_t output_bytes[] = {%s};
int main(void) {
  if (ser_model_init() != SER_OK) return 2;
  for (long row = 0; row < %dL; ++row) {
    if (row > 0 && !%d && ser_model_reset() != SER_OK) return 6;
    for (size_t i = 0; i < sizeof input_bytes / sizeof *input_bytes; ++i)
      if (fread(ser_model_input(i), 1, input_bytes[i], stdin) != input_bytes[i]) return 3;
    if (ser_model_invoke() != SER_OK) return 4;
    for (size_t i = 0; i < sizeof output_bytes / sizeof *output_bytes; ++i)
      if (fwrite(ser_model_output(i), 1, output_bytes[i], stdout) != output_bytes[i]) return 5;
  }
  return 0;
}
"""


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A rendered graph and the inputs to run it on."""

    files: Files
    graph: Graph
    rows: Rows
    keep_state: bool = False  # from row to row
    ring_starts: Sequence[int] | None = None  # by row: where in the input's ring its first row lies


class CompilerError(RuntimeError):
    """The C compiler does not take the generated code."""


class RunError(RuntimeError):
    """The generated code, in a process of its own, did not end well."""


def run_direct(model: bytes, rows: Rows, edit: Edit | None = None, keep_state: bool = False) -> list[list[np.ndarray]]:
    """Outputs of the generated C, one list of tensors per row; `edit` may change the files before they are compiled.

    Each row meets a model that was just reset, or, with `keep_state`, what the rows before it left behind.
    """
    files, graph = _generate(model, edit)
    return run_programs([Program(files, graph, rows, keep_state)])[0]


def run_programs(programs: Sequence[Program]) -> list[list[list[np.ndarray]]]:
    """As `run_direct`, for several programs that are linked into one library."""
    suffixes = [f"_{number}" for number in range(len(programs))]
    files: dict[str, str | bytes] = {}
    for program, suffix in zip(programs, suffixes, strict=True):
        own = _renamed(program.files, suffix)
        needs = [name for name in own if name.endswith("_needs.h") and name in files]
        files.update({**own, **{name: _joined(files[name], own[name]) for name in needs}})
    with tempfile.TemporaryDirectory(dir=_objects_folder()) as folder:
        library = ctypes.CDLL(str(_link(files, Path(folder), FAST, "-shared")))
        try:
            return [
                _Loaded(library, suffix, program.graph).run(program)
                for program, suffix in zip(programs, suffixes, strict=True)
            ]
        finally:
            dlclose(library._handle)


def run_direct_sanitized(model: bytes, rows: Rows, keep_state: bool = False) -> list[list[np.ndarray]]:
    """As `run_direct`, in a process of its own that stops at the first address or undefined-behaviour error."""
    return run_sanitized(*_generate(model, None), rows, keep_state)


def run_sanitized(files: Files, graph: Graph, rows: Rows, keep_state: bool = False) -> list[list[np.ndarray]]:
    """`run_direct_sanitized` of a rendering."""
    sizes = [", ".join(str(graph.tensors[i].bytes) for i in side) for side in (graph.inputs, graph.outputs)]
    files = {**files, "model/harness.c": _HARNESS % (*sizes, len(rows), keep_state)}
    stdin = b"".join(tensor.tobytes() for row in rows for tensor in row)
    with tempfile.TemporaryDirectory(dir=_objects_folder()) as folder:
        program = _link(files, Path(folder), SANITIZED)
        done = subprocess.run([program], input=stdin, capture_output=True, check=False)
    if done.returncode != 0:
        raise RunError(f"exit status {done.returncode}\n{done.stderr.decode(errors='replace')}")
    outputs = [graph.tensors[i] for i in graph.outputs]
    flat = np.frombuffer(done.stdout, np.int8).reshape(len(rows), -1)
    pieces = [np.split(row, np.cumsum([tensor.bytes for tensor in outputs])[:-1]) for row in flat]
    return [
        [p.view(tensor.dtype).reshape(tensor.shape) for p, tensor in zip(row, outputs, strict=True)] for row in pieces
    ]


def _generate(model: bytes, edit: Edit | None) -> tuple[Files, Graph]:
    parsed = parse_tflite(model)
    files = render_direct(parsed, banner="/* test */").files
    return (edit(files) if edit else files), parsed.graph


def _renamed(files: Files, suffix: str) -> Files:
    """The rendering with a suffix on its own files and whatever they define; kernels stay what they are."""

    def rename(text: str) -> str:
        return re.sub(r"\bser_(model|weights|constant)\w*", lambda match: match[0] + suffix, text)

    return {rename(name): text if "/kernels/" in name else rename(str(text)) for name, text in files.items()}


def _joined(first: str | bytes, second: str | bytes) -> str:
    """What two programs need of a kernel (`ts_*_needs.h`)."""
    lines = zip(str(first).splitlines(), str(second).splitlines(), strict=True)
    # Of two lines that differ, one ends a macro with 0 and a comment, the other with 1.
    return "\n".join(max(pair) for pair in lines) + "\n"


class _Loaded:
    """The functions of one program in a library."""

    def __init__(self, library: ctypes.CDLL, suffix: str, graph: Graph) -> None:
        self._graph = graph
        self._input, self._output, self._invoke, self._reset, init = (
            getattr(library, f"ser_model_{name}{suffix}") for name in ("input", "output", "invoke", "reset", "init")
        )
        self._invoke_ring = getattr(library, f"ser_model_invoke_ring{suffix}", None)
        self._input.restype = self._output.restype = ctypes.c_void_p
        self._input.argtypes = self._output.argtypes = [ctypes.c_size_t]
        assert init() == 0

    def run(self, program: Program) -> list[list[np.ndarray]]:
        starts = program.ring_starts or [None] * len(program.rows)
        return [self._outputs(row, program.keep_state, start) for row, start in zip(program.rows, starts, strict=True)]

    def _outputs(self, row: Sequence[np.ndarray], keep_state: bool, start: int | None) -> list[np.ndarray]:
        assert keep_state or self._reset() == 0
        for index, value in enumerate(row):
            assert value.size == self._graph.tensors[self._graph.inputs[index]].size
            ctypes.memmove(self._input(index), value.tobytes(), value.nbytes)
        if start is None:
            assert self._invoke() == 0
        else:
            assert self._invoke_ring(ctypes.c_size_t(start)) == 0
            assert ctypes.string_at(self._input(0), row[0].nbytes) == row[0].tobytes(), "the ring was written to"
        outputs = []
        for index, tensor in enumerate(self._graph.tensors[i] for i in self._graph.outputs):
            content = ctypes.string_at(self._output(index), tensor.bytes)
            outputs.append(np.frombuffer(content, tensor.dtype).reshape(tensor.shape))
        return outputs


def _link(files: Files, folder: Path, flags: Sequence[str], *more_flags: str) -> Path:
    """Writes the files into the folder and gives what they are linked to: a program or a library."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    sources = [name for name in files if name.endswith(".c")]
    kernels = [name for name in sources if "/kernels/" in name]
    objects = [_kernel_object(folder / name, _with_headers(name, files), flags) for name in kernels]
    own = [str(folder / name) for name in sources if name not in kernels]
    target = folder / "model.out"
    _compile([*flags, *more_flags, f"-I{folder / 'model'}", *own, *objects], target)
    return target


def _with_headers(name: str, files: Files) -> str:
    """A kernel's source with whatever it includes of the kernels' headers."""
    parts, wanted = {}, [name]
    while wanted:
        name = wanted.pop()
        if name not in parts:
            parts[name] = str(files[name])
            wanted += [f"model/kernels/{header}" for header in re.findall(r'#include "(ts_\w+\.h)"', parts[name])]
    return "".join(parts.values())


def _kernel_object(source: Path, content: str, flags: Sequence[str]) -> str:
    """Object file of a kernel; `content` is all that it depends on."""
    digest = hashlib.sha256(" ".join((*flags, content)).encode()).hexdigest()[:16]
    target = _objects_folder() / f"{source.stem}-{digest}.o"
    if not target.exists():
        _compile(["-c", *flags, str(source)], target)
    return str(target)


def _compile(arguments: Sequence[str], target: Path) -> None:
    done = subprocess.run(["gcc", *arguments, "-o", str(target)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CompilerError(done.stderr)


@cache
def _objects_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tinyser-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
