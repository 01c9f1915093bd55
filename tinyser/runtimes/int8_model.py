"""The int8 stages: the same quantized rows through TFLite, TFLM and generated C."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tinyser.convert.tflite_file import TfliteFile
from tinyser.runtimes.runtime import Answer, Floats, Int8s

RunRows = Callable[[Int8s], Int8s]


class Int8Runtime:
    """An int8 stage: quantizes as TFLite does, runs (n, input values) -> (n, output values), dequantizes."""

    arithmetic = "int8"

    def __init__(self, name: str, title: str, model: TfliteFile, run_rows: RunRows) -> None:
        self.name, self.title = name, title
        self._model, self._run_rows = model, run_rows

    def run(self, windows: Floats) -> Answer:
        """Posteriors and raw bytes of float32 (n, *input shape without batch)."""
        rows = self._model.input.quantize(windows).reshape(len(windows), -1)
        integers = self._run_rows(rows).reshape(len(rows), self._model.output.size)
        return Answer(self._model.output.dequantize(integers), integers=integers)


def tflite_reference(model: TfliteFile) -> Int8Runtime:
    """TFLite's reference kernels of the pinned TensorFlow, in a child process."""
    from tinyser.runtimes.tflite_reference import run_reference

    return Int8Runtime("tflite", "TFLite reference", model, lambda rows: run_reference(model.path, rows))


def tflm(project: Path, model: TfliteFile) -> Int8Runtime:
    """The TFLM interpreter on the desktop, in a child process."""
    from tinyser.emulator.tflm import run

    return Int8Runtime("tflm", "TFLM", model, lambda rows: run(project, rows).outputs)


def generated_c_host(project: Path, model: TfliteFile) -> Int8Runtime:
    """A generated project's C, built for the desktop."""
    from tinyser.emulator.host import run

    return Int8Runtime("c_host", "C on the desktop", model, lambda rows: run(project, rows).outputs)


def generated_c_qemu(project: Path, model: TfliteFile) -> Int8Runtime:
    """A generated project's image on its emulated Cortex-M."""
    from tinyser.emulator.qemu import run

    return Int8Runtime("c_qemu", "C in QEMU", model, lambda rows: run(project, rows).outputs)
