"""An ONNX file in ONNX Runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from codegen.errors import ModelFormatError
from tinyser.convert.onnx_file import read_onnx
from tinyser.runtimes.runtime import Answer, Floats


class OnnxRuntime:
    """Runs an ONNX file on the CPU, one window at a time as it was exported. Raises ModelFormatError."""

    name, title, arithmetic = "onnx", "ONNX Runtime", "float32"

    def __init__(self, path: str | Path) -> None:
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as state

        self.model = read_onnx(path)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except (state.Fail, state.InvalidArgument, state.InvalidGraph, state.NotImplemented) as error:
            raise ModelFormatError(f"{path}: ONNX Runtime refuses it ({error}); export it again") from error

    def run(self, windows: Floats) -> Answer:
        """Posteriors of float32 (n, *input shape without batch)."""
        rows = [self._session.run(None, {self.model.input_name: window[np.newaxis]})[0] for window in windows]
        return Answer(np.concatenate(rows).reshape(len(windows), -1))
