"""Runs a project's C on the desktop: its portable sources as a shared library, called in a child process."""

from __future__ import annotations

import functools
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codegen.boards import load_board
from codegen.errors import ToolError
from codegen.features_code import ARITHMETICS, feature_sources
from tinyser.emulator import host_child
from tinyser.emulator.build import compile_objects, find_tool, make_file, refuse_interpreter, run_tool
from tinyser.emulator.child import run_child
from tinyser.emulator.emulation import POSTERIOR_ONE, Classification, Emulation, Int8s, Stream, StreamState
from tinyser.emulator.handed_over import handed_over
from tinyser.emulator.project_folder import Project, load_project
from tinyser.emulator.sizes import unlinked
from tinyser.processes import in_threads

# A report ends the child: undefined behaviour is never only printed. Both at compile and at link time.
SANITIZE = ("-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
_FEATURES_BYTES_C = """#include "ser_features.h"
extern const size_t ser_features_bytes;
const size_t ser_features_bytes = sizeof(ser_features_t);
extern const size_t ser_features_ring_bytes;
const size_t ser_features_ring_bytes = SER_FEATURES_RING_VALUES * sizeof(ser_row_value_t);
"""
# Runs on a reset model each, or as one sequence: between two small models' inferences, Python would take a third.
_RUNS_C = """#include "ser_model.h"

#include <string.h>

ser_status_t ser_runs(const char *inputs, const size_t *input_bytes, char *outputs, const size_t *output_bytes,
                      size_t runs, int keeps_state);

ser_status_t ser_runs(const char *inputs, const size_t *input_bytes, char *outputs, const size_t *output_bytes,
                      size_t runs, int keeps_state) {
    ser_status_t status = SER_OK;
    for (size_t run = 0; run < runs && status == SER_OK; ++run) {
        status = keeps_state ? SER_OK : ser_model_reset();
        for (size_t i = 0; i < SER_MODEL_INPUT_COUNT; inputs += input_bytes[i++]) {
            memcpy(ser_model_input(i), inputs, input_bytes[i]);
        }
        status = status == SER_OK ? ser_model_invoke() : status;
        for (size_t i = 0; i < SER_MODEL_OUTPUT_COUNT; outputs += output_bytes[i++]) {
            memcpy(outputs, ser_model_output(i), output_bytes[i]);
        }
    }
    return status;
}
"""
# A process costs some 30 ms to start, a run of a small model 1 ms.
_RUNS_A_PROCESS = 64
# For many runs: three to five times as fast with vector instructions as with the board's -O2, and slower to compile.
_FAST = ("-O3", "-march=native")
_SANITIZER_OPTIONS = {"ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=0"}


def run(
    project: Project | str | Path,
    inputs: Int8s,
    *,
    keep_state: bool = False,
    sanitize: bool = False,
    compiler: str | None = None,
) -> Emulation:
    """Runs int8 (runs, input bytes), each on a reset model, or all as one sequence (`keep_state`).

    Many runs share the machine's cores, in several processes. Raises ToolError when there is no compiler, or when the
    generated code crashes or a sanitizer reports.
    """
    project = project if isinstance(project, Project) else load_project(project)
    rows = project.check_rows(inputs)
    refuse_interpreter(project)
    parts = 1 if keep_state else _processes(len(rows))
    calls = [
        ({"mode": "inputs", "runs": len(part), "keep_state": keep_state, **tensor_sizes(project)}, part.data)
        for part in np.array_split(rows, parts)
    ]
    fast = len(rows) >= _RUNS_A_PROCESS
    with tempfile.TemporaryDirectory(prefix="tinyser-runs-") as scratch:
        loop = Path(scratch) / "ser_runs.c"
        loop.write_text(_RUNS_C)
        done = _call_all(project, [*project.portable_sources, str(loop)], calls, sanitize, compiler, fast=fast)
    outputs = np.frombuffer(b"".join(content for content, _ in done), dtype=np.int8)
    return Emulation(outputs.reshape(-1, project.output_bytes), done[0][1]["arena_bytes"], unlinked(project))


def _processes(runs: int) -> int:
    """As many as there are cores, where each gets enough to do."""
    return max(1, min(os.cpu_count() or 1, -(-runs // _RUNS_A_PROCESS)))


def classify(
    project: Project | str | Path,
    pcm: npt.NDArray[np.int16],
    *,
    earlier: Sequence[npt.NDArray[np.int16]] = (),
    sanitize: bool = False,
    compiler: str | None = None,
) -> Classification:
    """Runs a clip of mono PCM, int16 (samples,), through features, model and classifier.

    `earlier`: clips of the same speaker that are heard before it, for running normalisation. Raises as `run`.
    """
    project = project if isinstance(project, Project) else load_project(project)
    hop_length = project.need_features().hop_length
    plan, sound = _with_clips({"mode": "clip", "hop_length": hop_length}, (*earlier, pcm))
    outputs, answer = _run_model(project, plan, sound, sanitize, compiler)
    emulation = Emulation(outputs, answer["arena_bytes"], unlinked(project))
    posteriors = tuple(value / POSTERIOR_ONE for value in answer["posteriors_q24"])
    return Classification(emulation, project.label_names(), posteriors, answer["decision"])


def stream(
    project: Project | str | Path,
    pcm: npt.NDArray[np.int16],
    *,
    chunks: Sequence[int] | None = None,
    sanitize: bool = False,
    compiler: str | None = None,
) -> Stream:
    """Runs mono PCM, int16 (samples,), as a stream, in chunks of these sizes in turn, or a hop at a time.

    Raises as `run`.
    """
    project = project if isinstance(project, Project) else load_project(project)
    spec = project.need_features()
    plan = {"mode": "stream", "chunks": list(chunks or [spec.hop_length])}
    outputs, answer = _run_model(project, plan, pcm.astype(np.int16).tobytes(), sanitize, compiler)
    emulation = Emulation(outputs, answer["arena_bytes"], unlinked(project))
    states = tuple(
        StreamState(samples, windows, silent, decision, None if smoothed is None else tuple(smoothed))
        for samples, windows, silent, decision, smoothed in answer["states"]
    )
    return Stream(emulation, project.label_names(), spec.sample_rate_hz, states)


def feature_frames(
    project: Project | str | Path,
    pcm: npt.NDArray[np.int16],
    *,
    chunk: int = 160,
    earlier: Sequence[npt.NDArray[np.int16]] = (),
    sanitize: bool = False,
    compiler: str | None = None,
) -> Int8s:
    """The project's C features of mono PCM, pushed `chunk` samples at a time: int8 (frames, features).

    `earlier`: clips that are heard before it, for running normalisation. Not with normalisation `utterance`, where a
    frame has no value outside a window.
    """
    project = project if isinstance(project, Project) else load_project(project)
    plan = {"mode": "frames", "chunk": chunk, "frame_bytes": project.need_features().features}
    content = _call_features(project, plan, (*earlier, pcm), sanitize, compiler)
    return np.frombuffer(content, dtype=np.int8).reshape(-1, project.need_features().features)


def feature_windows(
    project: Project, pcm: npt.NDArray[np.int16], *, sanitize: bool = False, compiler: str | None = None
) -> Int8s:
    """What the model sees of a clip: int8 (windows, context_frames * features), by the context rule."""
    from tinyser.features.context import window_ends

    spec = project.need_features()
    window_bytes = spec.context_frames * spec.features
    ends = window_ends(spec.frame_count(len(pcm)), spec)
    plan = {"mode": "windows", "chunk": spec.hop_length, "window_bytes": window_bytes, "ends": ends}
    content = _call_features(project, plan, (pcm,), sanitize, compiler)
    return np.frombuffer(content, dtype=np.int8).reshape(-1, window_bytes)


def find_compiler() -> str:
    """gcc, else clang. Raises ToolError when there is neither."""
    return find_tool("clang" if shutil.which("gcc") is None and shutil.which("clang") else "gcc")


def build_library(
    project: Project, sources: Sequence[str], folder: Path, compiler: str, sanitize: bool, *, fast: bool = False
) -> Path:
    """Sources of a project as `libser.so` in `folder`; `fast`: for this machine alone, where the compiler can."""
    sanitizers = SANITIZE if sanitize else ()
    flags = [*load_board("host").c_flags, "-fPIC", *sanitizers]
    if fast and not sanitize:
        flags += _fast_flags(compiler)
    objects = compile_objects(project, sources, compiler, flags)
    library = folder / "libser.so"
    shared = ["-shared", *sanitizers, *(["-shared-libasan"] if sanitize and _is_clang(compiler) else [])]
    make_file([compiler, *shared, *map(str, objects)], project.folder, library)
    return library


@functools.cache
def _fast_flags(compiler: str) -> tuple[str, ...]:
    """Some compilers do not know the machine that they run on."""
    command = [compiler, *_FAST, "-x", "c", "-fsyntax-only", "-"]
    try:
        run_tool(command, Path.cwd())
    except ToolError:
        return _FAST[:1]
    return _FAST


def sanitizer_runtime(compiler: str) -> str:
    """The sanitizers' shared library, which must be loaded before anything else in the child."""
    if _is_clang(compiler):
        machine = run_tool([compiler, "-dumpmachine"], Path.cwd()).split("-")[0]
        name = f"libclang_rt.asan-{machine}.so"
    else:
        name = "libasan.so"
    path = run_tool([compiler, f"-print-file-name={name}"], Path.cwd()).strip()
    if not Path(path).is_absolute():
        raise ToolError(f"{compiler}: has no {name}; install the compiler's sanitizer runtime or leave --sanitize out")
    return path


def sanitizer_environment(compiler: str) -> dict[str, str]:
    """What a child that loads a sanitized library has besides in its environment."""
    return {**_SANITIZER_OPTIONS, "LD_PRELOAD": sanitizer_runtime(compiler)}


def _is_clang(compiler: str) -> bool:
    return "clang" in run_tool([compiler, "--version"], Path.cwd())


def _run_model(
    project: Project, plan: dict[str, Any], data: bytes, sanitize: bool, compiler: str | None
) -> tuple[Int8s, dict[str, Any]]:
    refuse_interpreter(project)
    call = ({**plan, **tensor_sizes(project)}, data)
    ((content, answer),) = _call_all(project, project.portable_sources, [call], sanitize, compiler)
    return np.frombuffer(content, dtype=np.int8).reshape(-1, project.output_bytes), answer


def _call_features(
    project: Project,
    plan: dict[str, Any],
    clips: Sequence[npt.NDArray[np.int16]],
    sanitize: bool,
    compiler: str | None,
) -> bytes:
    """Runs a mode that needs nothing but features/, and the size of its state."""
    named = {Path(name).name for arithmetic in ARITHMETICS for name in feature_sources(arithmetic, project.fft)}
    sources = [name for name in project.portable_sources if Path(name).name in named]
    with tempfile.TemporaryDirectory(prefix="tinyser-features-") as scratch:
        size = Path(scratch) / "ser_features_bytes.c"
        size.write_text(_FEATURES_BYTES_C)
        call = _with_clips(plan, clips)
        return _call_all(project, [*sources, str(size)], [call], sanitize, compiler)[0][0]


def _with_clips(plan: dict[str, Any], clips: Sequence[npt.NDArray[np.int16]]) -> tuple[dict[str, Any], bytes]:
    """The plan with the samples of all clips but the last, and the sound of all."""
    sound = b"".join(clip.astype(np.int16).tobytes() for clip in clips)
    return {**plan, "earlier": [len(clip) for clip in clips[:-1]]}, sound


def tensor_sizes(project: Project) -> dict[str, Any]:
    """The part of a child's plan that says how large inputs and outputs are, in bytes."""
    return {
        "input_bytes": [entry.bytes for entry in project.inputs],
        "output_bytes": [entry.bytes for entry in project.outputs],
    }


def _call_all(
    project: Project,
    sources: Sequence[str],
    calls: Sequence[tuple[dict[str, Any], bytes | memoryview]],
    sanitize: bool,
    compiler: str | None,
    *,
    fast: bool = False,
) -> list[tuple[bytes, dict[str, Any]]]:
    """Builds the sources once, and runs each (plan, input) in its own process, as many at once as there are cores."""
    compiler = find_tool(compiler or find_compiler())
    with tempfile.TemporaryDirectory(prefix="tinyser-host-") as scratch:
        folder = Path(scratch)
        library = build_library(project, sources, folder, compiler, sanitize, fast=fast)
        environment = sanitizer_environment(compiler) if sanitize else {}

        def call(number: int) -> tuple[bytes, dict[str, Any]]:
            own = folder / str(number)
            own.mkdir()
            plan, data = calls[number]
            (own / "plan.json").write_text(json.dumps(plan))
            with handed_over(own / "input") as given, handed_over(own / "output") as made:
                given.write_bytes(data)
                files = [str(path) for path in (own / "plan.json", given, made)]
                command = [sys.executable, "-I", str(host_child.__file__), str(library), *files]
                printed = run_child(command, f"{project.folder}: generated code on the host", environment)
                return made.read_bytes(), json.loads(printed)

        return in_threads(call, range(len(calls)), os.cpu_count() or 1)
