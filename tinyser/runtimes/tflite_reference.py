"""TFLite's reference kernels (BUILTIN_REF) in a child process, because a bad model aborts the interpreter.

`python -m tinyser.runtimes.tflite_reference MODEL IN.npy OUT.npy` is the child: rows of the model's type in and out.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tinyser.emulator.child import run_child
from tinyser.runtimes.reference_interpreter import reference_interpreter

# For a child that imports TensorFlow, which greets at length.
QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "PYTHONWARNINGS": "ignore",
}


def run_reference(model: str | Path, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Runs (n, input values) -> (n, output values), int8, int16 or float32 as the model is.

    Raises ToolError when TFLite refuses or aborts.
    """
    with tempfile.TemporaryDirectory(prefix="tinyser-") as folder:
        source, sink = Path(folder) / "rows.npy", Path(folder) / "outputs.npy"
        np.save(source, rows)
        command = [sys.executable, "-m", __name__, str(Path(model).resolve()), str(source), str(sink)]
        run_child(command, f"{model}: TFLite", QUIET)
        outputs: npt.NDArray[Any] = np.load(sink, allow_pickle=False)
        return outputs


def _child(model: str, source: str, sink: str) -> None:
    """Runs in the child process only."""
    interpreter = reference_interpreter(model)
    (entry,), (result,) = interpreter.get_input_details(), interpreter.get_output_details()
    outputs = []
    for row in np.load(source, allow_pickle=False):
        interpreter.reset_all_variables()
        interpreter.set_tensor(entry["index"], row.reshape(entry["shape"]))
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(result["index"]).reshape(-1))
    np.save(sink, np.stack(outputs))


if __name__ == "__main__":
    _child(*sys.argv[1:])
