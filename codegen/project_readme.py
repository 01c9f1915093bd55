"""A project's README.md: every file, build and run commands, memory, and what its numbers mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from codegen.boards import Board
from codegen.ir import Model
from codegen.render import render


def target_name(model: Model) -> str:
    """A name for build targets made of the model's: letters, digits, underscore."""
    return "ser_" + (re.sub(r"[^0-9a-z]+", "_", model.name.lower()).strip("_")[:40] or "model")


# What a file is, by the first pattern that matches its path.
_PURPOSES = (
    (r"README\.md", "this page"),
    (r"CMakeLists\.txt", "the build"),
    (r"cmake/toolchain\.cmake", "compiler and flags of the board"),
    (r"manifest\.json", "sizes, operators, quantization, labels and sources, for programs"),
    (r"model/model\.tflite", "the model this was generated from; not compiled in"),
    (r"model/ser_model\.h", "the model's interface: init, reset, input, invoke, output"),
    (r"model/ser_status\.h", "what fallible functions return"),
    (r"model/ser_weights\..*", "constants, in flash"),
    (r"model/ser_model\.c", "the model: its layers in order, on one static arena"),
    (r"model/ser_model_tflm\.cc", "the model on TensorFlow Lite Micro: operators, arena, interpreter"),
    (r"model/model_data\..*", "the model file as an aligned array"),
    (r"model/memory_plan\..*", "what lies where in the arena, and when"),
    (r"model/.*", "kernel"),
    (r"features/ser_features_tables\..*", "window, FFT and mel tables, normalisation"),
    (r"features/ser_mel\..*", "samples of a frame to compressed mel values"),
    (r"features/ser_rows\..*", "compressed mel values to a row of the model's input"),
    (r"features/.*", "audio to int8 feature frames, streaming"),
    (r"app/main\.c", "start: self-test (in the emulator: the job)"),
    (r"app/ser_classifier\..*", "audio to posteriors and decision, of a clip or a stream"),
    (r"app/ser_classifier_settings\.h", "stride, smoothing, hysteresis and gate of a stream; its latency"),
    (r"app/ser_decision\..*", "posteriors over time to a decision"),
    (r"app/ser_gate\..*", "the gate for silence"),
    (r"app/ser_labels\.c", "names of the labels"),
    (r"app/ser_selftest\..*", "recorded input and expected output, byte for byte"),
    (r"app/ser_job\..*", "jobs of the emulator"),
    (r"board/board\.h", "what the application needs of a board"),
    (r"board/startup\.c", "vector table, reset, faults"),
    (r"board/linker\.ld", "memories of the board"),
    (r"board/semihosting\.c", "job files and exit through the debugger or emulator"),
    (r"board/.*", "board support"),
)


def render_readme(model: Model, manifest: Mapping[str, Any], files: Sequence[str], board: Board) -> str:
    """The project's README.md: every file, build and run commands for the board, memory."""
    purposes = [(name, next(text for pattern, text in _PURPOSES if re.fullmatch(pattern, name))) for name in files]
    return render(
        "project/README.md.j2",
        board=board,
        manifest=manifest,
        files=purposes,
        target=target_name(model),
        model_name=re.sub(r"[^\w .-]", "?", model.name),
        runtime=manifest["runtime"],
        has_state=bool(model.graph.variables),
    )
