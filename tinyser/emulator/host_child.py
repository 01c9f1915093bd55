"""The child process of `host`: loads a project's shared library and calls it.

`python host_child.py LIBRARY PLAN.json INPUT OUTPUT`: INPUT holds rows of model inputs or PCM samples, OUTPUT gets
rows of outputs or of features, as the plan's mode says: `inputs`, `clip`, `stream`, `pipe`, `frames` or `windows`. A
pipe goes on with standard input behind INPUT, and prints a line for each state. Only the standard library, so that
little else runs under the sanitizers. A status other than 0 ends it with exit status 3 and
a line on standard error.
"""

from __future__ import annotations

import ctypes
import io
import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

# ser_status_t of model/ser_status.h, by value.
STATUS = ("ok", "bad argument", "not ready", "model does not run", "arena too small")


_NOT_READY = STATUS.index("not ready")
_RUNS_A_CALL = 32  # few enough that their inputs stay in a cache
_CLIP, _STREAM = 0, 1  # ser_classifier_mode_t


def _check(status: int) -> None:
    if status != 0:
        print(f"error: the firmware reports: {STATUS[status]}", file=sys.stderr)
        sys.exit(3)


def _start_model(library: ctypes.CDLL) -> None:
    library.ser_model_input.restype = ctypes.c_void_p
    library.ser_model_input.argtypes = [ctypes.c_size_t]
    library.ser_model_output.restype = ctypes.c_void_p
    library.ser_model_output.argtypes = [ctypes.c_size_t]
    library.ser_model_arena_used.restype = ctypes.c_size_t
    _check(library.ser_model_init())


def _write_outputs(library: ctypes.CDLL, plan: dict[str, Any], sink: BinaryIO) -> None:
    for index, size in enumerate(plan["output_bytes"]):
        sink.write(ctypes.string_at(library.ser_model_output(index), size))


def _run_inputs(library: ctypes.CDLL, plan: dict[str, Any], source: BinaryIO, sink: BinaryIO) -> dict[str, Any]:
    _start_model(library)
    sizes = [(ctypes.c_size_t * len(plan[key]))(*plan[key]) for key in ("input_bytes", "output_bytes")]
    outputs = ctypes.create_string_buffer(_RUNS_A_CALL * sum(plan["output_bytes"]))
    for done in range(0, plan["runs"], _RUNS_A_CALL):
        runs = min(_RUNS_A_CALL, plan["runs"] - done)
        inputs = source.read(runs * sum(plan["input_bytes"]))
        count = ctypes.c_size_t(runs)
        _check(library.ser_runs(inputs, sizes[0], outputs, sizes[1], count, int(plan["keep_state"])))
        sink.write(outputs.raw[: runs * sum(plan["output_bytes"])])
    return {"arena_bytes": library.ser_model_arena_used()}


def _start_classifier(library: ctypes.CDLL, mode: int) -> None:
    library.ser_classifier_push.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    library.ser_classifier_windows.restype = ctypes.c_size_t
    library.ser_classifier_is_silent.restype = ctypes.c_bool
    _check(library.ser_classifier_reset(mode))


def _posteriors(library: ctypes.CDLL, plan: dict[str, Any]) -> list[int] | None:
    posteriors = (ctypes.c_int32 * sum(plan["output_bytes"]))()
    return None if library.ser_classifier_posteriors_q24(posteriors) == _NOT_READY else list(posteriors)


def _decision(library: ctypes.CDLL) -> int | None:
    decision = ctypes.c_size_t()
    return None if library.ser_classifier_decision(ctypes.byref(decision)) == _NOT_READY else decision.value


class _Pipe:
    """Bytes of `head`, then of what is `behind` it, `limit` in all, or without end where it is None."""

    def __init__(self, head: BinaryIO, limit: int | None, behind: BinaryIO | None = None) -> None:
        self._sources = [head] if behind is None else [behind, head]
        self._left = limit
        self.heard = 0

    def read(self, size: int) -> bytes:
        """Fewer than `size` bytes at the end alone."""
        wanted = size if self._left is None else min(size, self._left - self.heard)
        content = b""
        while self._sources and len(content) < wanted:
            part = self._sources[-1].read(wanted - len(content))
            content += part
            if not part:
                self._sources.pop()
        self.heard += len(content)
        return content


def _hear_clip(library: ctypes.CDLL, plan: dict[str, Any], source: BinaryIO | _Pipe, sink: BinaryIO) -> None:
    windows = 0
    while chunk := source.read(2 * plan["hop_length"]):
        _check(library.ser_classifier_push(chunk, len(chunk) // 2))
        if library.ser_classifier_windows() > windows:
            windows += 1
            _write_outputs(library, plan, sink)
    _check(library.ser_classifier_finish())
    if library.ser_classifier_windows() > windows:
        _write_outputs(library, plan, sink)


def _run_clip(library: ctypes.CDLL, plan: dict[str, Any], source: BinaryIO, sink: BinaryIO) -> dict[str, Any]:
    """The last clip's answer, and its outputs; the plan has the samples of those before it in one stream."""
    _start_model(library)
    _start_classifier(library, _CLIP)
    for samples in plan["earlier"]:
        _hear_clip(library, plan, _Pipe(source, 2 * samples), io.BytesIO())
        _check(library.ser_classifier_next_clip())
    _hear_clip(library, plan, source, sink)
    answer = {"posteriors_q24": _posteriors(library, plan), "decision": _decision(library)}
    return {**answer, "arena_bytes": library.ser_model_arena_used()}


def _states(library: ctypes.CDLL, plan: dict[str, Any], source: BinaryIO | _Pipe, sink: BinaryIO) -> Iterator[Any]:
    """Where the state changed: (samples, windows, silent, decision, posteriors). Chunks have the plan's sizes in turn;
    half a sample at the end is left out."""
    _start_model(library)
    _start_classifier(library, _STREAM)
    last: tuple[int, bool, int | None] = (0, False, None)
    heard = 0
    sizes = itertools.cycle(plan["chunks"])
    while chunk := source.read(2 * next(sizes)):
        _check(library.ser_classifier_push(chunk, len(chunk) // 2))
        heard += len(chunk) // 2
        state = (library.ser_classifier_windows(), library.ser_classifier_is_silent(), _decision(library))
        if state[0] != last[0]:
            _write_outputs(library, plan, sink)
        if state != last:
            yield (heard, *state, _posteriors(library, plan))
        last = state


def _run_stream(library: ctypes.CDLL, plan: dict[str, Any], source: BinaryIO, sink: BinaryIO) -> dict[str, Any]:
    states = list(_states(library, plan, source, sink))
    return {"states": states, "arena_bytes": library.ser_model_arena_used()}


def _run_pipe(library: ctypes.CDLL, plan: dict[str, Any], source: BinaryIO, sink: BinaryIO) -> dict[str, Any]:
    pipe = _Pipe(source, plan["limit"], sys.stdin.buffer)
    for state in _states(library, plan, pipe, sink):
        print(json.dumps(state), flush=True)
    return {"bytes": pipe.heard}


def _frames(library: ctypes.CDLL, plan: dict[str, Any], source: BinaryIO) -> Iterator[Any]:
    """A `ser_features_t` before the first frame of the last clip, and after each."""
    features, ring = (
        ctypes.create_string_buffer(ctypes.c_size_t.in_dll(library, name).value)
        for name in ("ser_features_bytes", "ser_features_ring_bytes")
    )
    consumed, ready = ctypes.c_size_t(), ctypes.c_bool()
    push = library.ser_features_push
    push.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
    _check(library.ser_features_reset(features, ring))

    def hear(clip: BinaryIO | _Pipe) -> Iterator[Any]:
        while chunk := clip.read(2 * plan["chunk"]):
            while chunk:
                _check(push(features, chunk, len(chunk) // 2, ctypes.byref(consumed), ctypes.byref(ready)))
                chunk = chunk[2 * consumed.value :]
                if ready.value:
                    yield features

    for samples in plan["earlier"]:
        for _ in hear(_Pipe(source, 2 * samples)):
            pass
        _check(library.ser_features_next_clip(features))
    yield features
    yield from hear(source)


def _run_frames(library: ctypes.CDLL, plan: dict[str, Any], source: BinaryIO, sink: BinaryIO) -> dict[str, Any]:
    library.ser_features_frame.restype = ctypes.c_void_p
    for count, features in enumerate(_frames(library, plan, source)):
        if count > 0:
            sink.write(ctypes.string_at(library.ser_features_frame(features), plan["frame_bytes"]))
    return {}


def _run_windows(library: ctypes.CDLL, plan: dict[str, Any], source: BinaryIO, sink: BinaryIO) -> dict[str, Any]:
    window = ctypes.create_string_buffer(plan["window_bytes"])
    for count, features in enumerate(_frames(library, plan, source)):
        if count in plan["ends"]:
            library.ser_features_window(features, window)
            sink.write(window.raw)
    return {}


_MODES = {
    "inputs": _run_inputs,
    "clip": _run_clip,
    "stream": _run_stream,
    "pipe": _run_pipe,
    "frames": _run_frames,
    "windows": _run_windows,
}


def _main(library_path: str, plan_path: str, input_path: str, output_path: str) -> None:
    plan = json.loads(Path(plan_path).read_text())
    library = ctypes.CDLL(library_path)
    with Path(input_path).open("rb") as source, Path(output_path).open("wb") as sink:
        print(json.dumps(_MODES[plan["mode"]](library, plan, source, sink)))


if __name__ == "__main__":
    _main(*sys.argv[1:])
