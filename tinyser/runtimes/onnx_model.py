"""An ONNX file in ONNX Runtime, in a child process: a bad model may end the process that runs it.

`python -m tinyser.runtimes.onnx_model MODEL WINDOWS.npy OUT.npy` is the child.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from tinyser.convert.onnx_file import read_onnx
from tinyser.emulator.child import run_child
from tinyser.runtimes.runtime import Answer, Floats


class OnnxRuntime:
    """Runs an ONNX file on the CPU, one window at a time as it was exported. Raises ModelFormatError."""

    name, title, arithmetic = "onnx", "ONNX Runtime", "float32"

    def __init__(self, path: str | Path) -> None:
        self.model = read_onnx(path)
        self._path = Path(path).resolve()

    def run(self, windows: Floats) -> Answer:
        """Posteriors of float32 (n, *input shape without batch). Raises ToolError when it refuses or aborts."""
        with tempfile.TemporaryDirectory(prefix="tinyser-") as folder:
            source, sink = Path(folder) / "windows.npy", Path(folder) / "outputs.npy"
            np.save(source, windows)
            command = [sys.executable, "-m", __name__, str(self._path), str(source), str(sink)]
            run_child(command, f"{self._path.name}: ONNX Runtime")
            return Answer(np.load(sink, allow_pickle=False))


def _child(model: str, source: str, sink: str) -> None:
    """Runs in the child process only."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    windows = np.load(source, allow_pickle=False)
    name = session.get_inputs()[0].name
    rows = [session.run(None, {name: window[np.newaxis]})[0] for window in windows]
    np.save(sink, np.concatenate(rows).reshape(len(windows), -1))


if __name__ == "__main__":
    _child(*sys.argv[1:])
