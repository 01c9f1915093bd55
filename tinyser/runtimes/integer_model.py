"""The stages in integers: the same quantized rows through TFLite, TFLM and generated C."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from codegen.read_tflite import read_tflite
from tinyser.convert.tflite_file import Integers, TfliteFile
from tinyser.emulator.emulation import Int8s
from tinyser.emulator.tflm_arena import ArenaSize, measure_arena
from tinyser.runtimes.runtime import Answer, Floats

RunRows = Callable[[Integers], Integers]


class IntegerRuntime:
    """A stage of int8 or int16, as the model's input is: quantizes as TFLite does, runs (n, input values) -> (n, output
    values), dequantizes."""

    def __init__(self, name: str, title: str, model: TfliteFile, run_rows: RunRows) -> None:
        self.name, self.title, self.arithmetic = name, title, model.input.dtype
        self._model, self._run_rows = model, run_rows

    def run(self, windows: Floats) -> Answer:
        """Posteriors and raw integers of float32 (n, *input shape without batch)."""
        rows = self._model.input.quantize(windows).reshape(len(windows), -1)
        integers = self._run_rows(rows).reshape(len(rows), self._model.output.size)
        return Answer(self._model.output.dequantize(integers), integers=integers)


def tflite_reference(model: TfliteFile) -> IntegerRuntime:
    """TFLite's reference kernels of the pinned TensorFlow, in a child process."""
    from tinyser.runtimes.tflite_reference import run_reference

    return IntegerRuntime("tflite", "TFLite reference", model, lambda rows: run_reference(model.path, rows))


def tflm(project: Path, model: TfliteFile) -> IntegerRuntime:
    """The TFLM interpreter on the desktop, in a child process, with an arena that is measured once."""
    from tinyser.emulator.project_folder import load_project
    from tinyser.emulator.tflm import run_model

    model_file = load_project(project).model_file

    @cache
    def arena() -> ArenaSize:
        return measure_arena(read_tflite(model_file))

    def run_rows(rows: Int8s) -> Int8s:
        return run_model(model_file, rows, arena=arena())[0]

    return IntegerRuntime("tflm", "TFLM", model, _in_bytes(model, run_rows))


def generated_c_host(project: Path, model: TfliteFile) -> IntegerRuntime:
    """A generated project's C, built for the desktop."""
    from tinyser.emulator.host import run

    return IntegerRuntime(
        "c_host",
        "C on the desktop",
        model,
        _in_bytes(model, lambda rows: run(project, rows).outputs),
    )


def generated_c_qemu(project: Path, model: TfliteFile) -> IntegerRuntime:
    """A generated project's image on its emulated Cortex-M."""
    from tinyser.emulator.qemu import run

    return IntegerRuntime("c_qemu", "C in QEMU", model, _in_bytes(model, lambda rows: run(project, rows).outputs))


def _in_bytes(model: TfliteFile, run_bytes: Callable[[Int8s], Int8s]) -> RunRows:
    """Emulators take and give the bytes of integers, int8 (n, bytes)."""
    return lambda rows: run_bytes(rows.view(np.int8)).view(model.output.dtype)
