"""The stages in integers: the same quantized rows through TFLite, TFLM and generated C."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tinyser.convert.tflite_file import Integers, TfliteFile
from tinyser.emulator.emulation import Int8s
from tinyser.runtimes.runtime import Answer, Floats

RunRows = Callable[[Integers], Integers]
Progress = Callable[[int, int], None]  # hears how many windows of how many are done
_ROWS_A_PROCESS = 512  # of TFLite's, which takes a third of a second to start


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


def tflite_reference(model: TfliteFile, progress: Progress = lambda done, rows: None) -> IntegerRuntime:
    """TFLite's reference kernels of the pinned TensorFlow, in child processes, one after the other."""
    from tinyser.runtimes.tflite_reference import run_reference

    def run_rows(rows: Integers) -> Integers:
        outputs = []
        for start in range(0, len(rows), _ROWS_A_PROCESS):
            outputs.append(run_reference(model.path, rows[start : start + _ROWS_A_PROCESS]))
            progress(min(start + _ROWS_A_PROCESS, len(rows)), len(rows))
        return np.concatenate(outputs)

    return IntegerRuntime("tflite", "TFLite reference", model, run_rows)


def tflm(project: Path, model: TfliteFile) -> IntegerRuntime:
    """The TFLM interpreter on the desktop, in a child process."""
    from tinyser.emulator.tflm import run

    return IntegerRuntime("tflm", "TFLM", model, _in_bytes(model, lambda rows: run(project, rows).outputs))


def generated_c_host(project: Path, model: TfliteFile, progress: Progress = lambda done, rows: None) -> IntegerRuntime:
    """A generated project's C, built for the desktop."""
    from tinyser.emulator.host import run

    return IntegerRuntime(
        "c_host",
        "C on the desktop",
        model,
        _in_bytes(model, lambda rows: run(project, rows, progress=progress).outputs),
    )


def generated_c_qemu(project: Path, model: TfliteFile) -> IntegerRuntime:
    """A generated project's image on its emulated Cortex-M."""
    from tinyser.emulator.qemu import run

    return IntegerRuntime("c_qemu", "C in QEMU", model, _in_bytes(model, lambda rows: run(project, rows).outputs))


def _in_bytes(model: TfliteFile, run_bytes: Callable[[Int8s], Int8s]) -> RunRows:
    """Emulators take and give the bytes of integers, int8 (n, bytes)."""
    return lambda rows: run_bytes(rows.view(np.int8)).view(model.output.dtype)
