"""Inferences in a second of one core of this machine: generated C, TFLM's interpreter, TFLite's kernels, one by one.

Each is given few rows and then many: the difference is what inferences take, handing over inputs and outputs included,
without compiling and starting. It is processor time of all threads and processes, so that more of them gain nothing:
generated C runs one process on each core, which all count. The default kernels of TFLite are written for the desktop's
vector instructions, and give other bytes than its reference. What each runtime is stands below the table.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np
import numpy.typing as npt
from peer import models_of_command_line
from rich.console import Console
from rich.table import Table

from codegen.boards import load_board
from codegen.errors import ToolError
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import read_tflite
from tinyser.emulator import host, tflm
from tinyser.emulator.build import run_tool
from tinyser.emulator.inputs import load_rows
from tinyser.emulator.project_folder import load_project
from tinyser.runtimes.tflite_reference import run_reference

Rows = npt.NDArray[np.int8]
_SECONDS = 4.0  # of inferences, beside which the time to start does not matter
_FEW_ROWS = 64  # from so many on, generated C is compiled for this machine
_MOST_ROWS = 1 << 16


def rate(run: Callable[[Rows], object], rows: Rows) -> float:
    """Inferences a second: four times as many rows each time, until the difference to few is _SECONDS."""
    run(_resized(rows, _FEW_ROWS))  # compiles
    few = _seconds(run, _resized(rows, _FEW_ROWS))
    count = _FEW_ROWS
    while True:
        more = _seconds(run, _resized(rows, count + _FEW_ROWS)) - few
        if more > _SECONDS or count >= _MOST_ROWS:
            return count / max(more, 1e-3)
        count *= 4


def _resized(rows: Rows, count: int) -> Rows:
    return np.resize(rows, (count, rows.shape[1]))


def _seconds(run: Callable[[Rows], object], rows: Rows) -> float:
    """Of processors, in this process and its children."""
    started = sum(os.times()[:4])
    run(rows)
    return sum(os.times()[:4]) - started


def run_default(model: Path, rows: Rows) -> None:
    """TFLite's default kernels, one thread."""
    from tensorflow.lite.python.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(model), num_threads=1)
    interpreter.allocate_tensors()
    (entry,), (result,) = interpreter.get_input_details(), interpreter.get_output_details()
    for row in rows:
        interpreter.set_tensor(entry["index"], row.reshape(entry["shape"]))
        interpreter.invoke()
        interpreter.get_tensor(result["index"])


def main(models: list[Path]) -> None:
    table = Table(title="inferences in a second of one core", title_justify="left")
    for name in ("model", "generated C", "TFLM", "TFLite reference", "TFLite default"):
        table.add_column(name, justify="left" if name == "model" else "right")
    with tempfile.TemporaryDirectory() as scratch:
        for path in models:
            folder = Path(scratch) / path.stem
            generate_project(read_tflite(path), ProjectOptions(board=load_board("host")), folder)
            project = load_project(folder)
            rows = load_rows(project, path.with_suffix(".input.npy"))
            runs = (
                lambda part, project=project: host.run(project, part),
                lambda part, folder=folder: tflm.run(folder, part),
                lambda part, path=path: run_reference(path, part),
                lambda part, path=path: run_default(path, part),
            )
            table.add_row(path.stem, *(_shown(run, rows) for run in runs))
    console = Console(width=100)
    console.print(table)
    for line in _runtimes():
        console.print(line, soft_wrap=True)


def _runtimes() -> list[str]:
    """What each runtime is, and how many threads it had."""
    compiler = host.find_compiler()
    version = run_tool([compiler, "--version"], Path.cwd()).splitlines()[0]
    defined = run_tool([compiler, "-march=native", "-dM", "-E", "-x", "c", "/dev/null"], Path.cwd())
    vectors = [name for name in ("AVX2", "AVX512VNNI") if f"__{name}__" in defined]
    return [
        f"generated C: {version}, for this machine ({', '.join(vectors) or 'no vectors'}), "
        f"{os.cpu_count()} processes of one thread",
        f"TFLM: its interpreter and reference kernels, tflite_micro {_version('tflite_micro')}, one thread",
        f"TFLite reference: BUILTIN_REF of TensorFlow {_version('tensorflow')}, one thread",
        f"TFLite default: XNNPACK of TensorFlow {_version('tensorflow')}, one thread",
    ]


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(not installed)"


def _shown(run: Callable[[Rows], object], rows: Rows) -> str:
    try:
        return f"{rate(run, rows):,.0f}"
    except (ToolError, ValueError, RuntimeError):
        return "refuses"


if __name__ == "__main__":
    main(models_of_command_line())
