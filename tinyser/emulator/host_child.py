"""The child process of `host`: loads a project's shared library and calls it.

`python host_child.py LIBRARY PLAN.json INPUT OUTPUT`: INPUT holds rows of model inputs or PCM samples, OUTPUT gets
rows of outputs or feature frames, as the plan's mode says: `inputs`, `audio` or `frames`. Only the standard library,
so that little else runs under the sanitizers. A status other than 0 ends it with exit status 3 and a line on
standard error.
"""

from __future__ import annotations

import ctypes
import json
import sys
from pathlib import Path
from typing import Any, BinaryIO

# ser_status_t of model/ser_status.h, by value.
STATUS = ("ok", "bad argument", "not ready", "model does not run", "arena too small")


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
    for run in range(plan["runs"]):
        if run > 0 and not plan["keep_state"]:
            _check(library.ser_model_reset())
        for index, size in enumerate(plan["input_bytes"]):
            ctypes.memmove(library.ser_model_input(index), source.read(size), size)
        _check(library.ser_model_invoke())
        _write_outputs(library, plan, sink)
    return {"arena_bytes": library.ser_model_arena_used()}


def _run_audio(library: ctypes.CDLL, plan: dict[str, Any], source: BinaryIO, sink: BinaryIO) -> dict[str, Any]:
    _start_model(library)
    library.ser_classifier_push.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    library.ser_classifier_windows.restype = ctypes.c_size_t
    library.ser_classifier_reset()
    windows = 0
    while chunk := source.read(2 * plan["hop_length"]):
        _check(library.ser_classifier_push(chunk, len(chunk) // 2))
        if library.ser_classifier_windows() > windows:
            windows += 1
            _write_outputs(library, plan, sink)
    _check(library.ser_classifier_finish())
    if library.ser_classifier_windows() > windows:
        _write_outputs(library, plan, sink)
    posteriors = (ctypes.c_float * sum(plan["output_bytes"]))()
    decision = ctypes.c_size_t()
    _check(library.ser_classifier_posteriors(posteriors))
    _check(library.ser_classifier_decision(ctypes.byref(decision)))
    arena_bytes = library.ser_model_arena_used()
    return {"posteriors": list(posteriors), "decision": decision.value, "arena_bytes": arena_bytes}


def _run_frames(library: ctypes.CDLL, plan: dict[str, Any], source: BinaryIO, sink: BinaryIO) -> dict[str, Any]:
    class Features(ctypes.Structure):
        """`ser_features_t` of features/ser_features.h."""

        _fields_ = (
            ("samples", ctypes.c_int16 * plan["window_length"]),
            ("filled", ctypes.c_size_t),
            ("work", ctypes.c_float * (plan["fft_size"] + 2)),
            ("frame", ctypes.c_int8 * plan["mel_bins"]),
        )

    push = library.ser_features_push
    push.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
    features, consumed, ready = Features(), ctypes.c_size_t(), ctypes.c_bool()
    library.ser_features_reset(ctypes.byref(features))
    while chunk := source.read(2 * plan["chunk"]):
        while chunk:
            _check(push(ctypes.byref(features), chunk, len(chunk) // 2, ctypes.byref(consumed), ctypes.byref(ready)))
            chunk = chunk[2 * consumed.value :]
            if ready.value:
                sink.write(bytes(features.frame))
    return {}


_MODES = {"inputs": _run_inputs, "audio": _run_audio, "frames": _run_frames}


def _main(library_path: str, plan_path: str, input_path: str, output_path: str) -> None:
    plan = json.loads(Path(plan_path).read_text())
    library = ctypes.CDLL(library_path)
    with Path(input_path).open("rb") as source, Path(output_path).open("wb") as sink:
        print(json.dumps(_MODES[plan["mode"]](library, plan, source, sink)))


if __name__ == "__main__":
    _main(*sys.argv[1:])
