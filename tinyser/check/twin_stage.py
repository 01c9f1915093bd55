"""The int8 graph in float32, for those who have none of the files that it was made from."""

from __future__ import annotations

from pathlib import Path

from codegen.errors import QuantizationError, ToolError
from tinyser.check.float_twin import write_float_twin
from tinyser.check.rounding import run_plain
from tinyser.convert.tflite_file import TfliteFile
from tinyser.runtimes.runtime import Answer, Floats


class FloatTwin:
    """Runs the twin of an int8 `.tflite`, written into `folder`, in a child process.

    Its weights are those of the int8 file, as they are rounded. Raises ToolError where there is no twin.
    """

    name, title, arithmetic = "twin", "Same graph in float32", "float32"

    def __init__(self, model: TfliteFile, folder: Path) -> None:
        self._path = folder / "twin.tflite"
        try:
            write_float_twin(model.path, self._path)
        except QuantizationError as error:
            raise ToolError(str(error)) from error

    def run(self, windows: Floats) -> Answer:
        """Posteriors of float32 (n, *input shape without batch). Raises ToolError when TFLite refuses or aborts."""
        return Answer(run_plain(self._path, windows.reshape(len(windows), -1)))
