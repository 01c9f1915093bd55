"""onnx2tf in a child process: ONNX in, fully int8 TFLite out, or one line that says why not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np

from codegen.errors import ToolError
from tinyser.convert import onnx2tf_child
from tinyser.convert.onnx_file import OnnxFile
from tinyser.processes import run
from tinyser.runtimes.tflite_reference import QUIET

_TIME_LIMIT_SECONDS = 1800
_DECISIVE = re.compile(r"error|exception|unsupported|failed", re.IGNORECASE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def convert_int8(model: OnnxFile, calibration: Path, folder: Path) -> tuple[Path, Path]:
    """Runs onnx2tf with its files under `folder`; returns the int8 file and the float one. Raises ToolError.

    `calibration` is float32 (windows, *input shape without batch), normalised: mean 0, std 1 for onnx2tf.
    `-kat` keeps the input's layout; onnx2tf would otherwise transpose it as if it were an image.
    """
    try:
        metadata.version("onnx2tf")
    except metadata.PackageNotFoundError as error:
        raise ToolError("onnx2tf: not installed, which quantize needs; install tinyser[convert]") from error
    rank = len(model.input_shape)
    # onnx2tf simplifies its input file in place: it gets a copy.
    source = shutil.copyfile(model.path, folder / "model.onnx")
    command = [
        *(sys.executable, "-m", onnx2tf_child.__name__, "-i", str(source), "-o", str(folder), "-n"),
        *("-oiqt", "-iqd", "int8", "-oqd", "int8", "-kat", model.input_name),
        *("-cind", model.input_name, str(calibration), _constant(0.0, rank), _constant(1.0, rank)),
    ]
    # onnx2tf shells out to `onnxsim`.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    try:
        environment = {**QUIET, "PATH": path}
        done = run(command, cwd=folder, environment=environment, timeout=_TIME_LIMIT_SECONDS, merge=True)
    except subprocess.TimeoutExpired as error:
        raise ToolError(
            f"{model.path}: onnx2tf: no result after {_TIME_LIMIT_SECONDS} s; try a smaller model"
        ) from error
    results = sorted(folder.glob("*_full_integer_quant.tflite"))
    if done.returncode != 0 or len(results) != 1:
        outcome = f"exit status {done.returncode}" if done.returncode else "no int8 file, though exit status 0"
        raise ToolError(
            f"{model.path}: onnx2tf: {outcome}: {decisive_line(done.stdout)}; "
            "replace the operator it names in the model, or export with opset 17"
        )
    return results[0], results[0].with_name(results[0].name.replace("_full_integer_quant", "_float32"))


def decisive_line(output: str) -> str:
    """The last line of a tool's output that speaks of an error, else its last line."""
    lines = [line for raw in output.splitlines() if (line := _COLOUR.sub("", raw).strip())]
    telling = [line for line in lines if _DECISIVE.search(line)]
    return (telling or lines or ["no message"])[-1][:300]


def _constant(value: float, rank: int) -> str:
    """`[[[0.0]]]` for rank 3: a mean or deviation that broadcasts over the input."""
    return str(np.full((1,) * rank, value).tolist())
