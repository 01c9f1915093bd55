"""A float32 `.tflite`, the file before quantization, in TFLite's reference kernels."""

from __future__ import annotations

from pathlib import Path

from codegen.errors import ModelFormatError
from tinyser.convert.tflite_file import load
from tinyser.runtimes.runtime import Answer, Floats


class FloatTflite:
    """Runs a float `.tflite` in a child process. Raises ModelFormatError unless it has one float input and output."""

    name, title, arithmetic = "float_tflite", "TFLite in float32", "float32"

    def __init__(self, path: Path) -> None:
        from ai_edge_litert import schema_py_generated as schema

        graph = load(path).subgraphs[0]
        ports = [graph.tensors[index] for index in (*graph.inputs, *graph.outputs)]
        if len(ports) != 2 or any(port.type != schema.TensorType.FLOAT32 for port in ports):
            raise ModelFormatError(
                f"{path}: got {len(graph.inputs)} inputs and {len(graph.outputs)} outputs, or other types, allowed is "
                "one of each in float32; give the file before quantization (tinyser quantize --float-tflite)"
            )
        self._path = path
        self.input_shape = tuple(map(int, ports[0].shape))

    def run(self, windows: Floats) -> Answer:
        """Posteriors of float32 (n, *input shape without batch). Raises ToolError when TFLite refuses or aborts."""
        from tinyser.runtimes.tflite_reference import run_reference

        return Answer(run_reference(self._path, windows.reshape(len(windows), -1)))
