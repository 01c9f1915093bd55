"""Values inside an int8 graph whose constants are written from the input on: every operator runs once.

`python -m tinyser.convert.values_by_part FOLDER` is the child, which runs a part for each line that it reads. TFLite's
fast kernels, as for `inner_values`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tinyser.convert.inner_values import fast_interpreter, places
from tinyser.convert.linear_layers import Patches
from tinyser.convert.tflite_file import constant_bytes, write_model
from tinyser.emulator.child import Ask, asked_child


@contextmanager
def values_by_part(model: Any, rows: npt.NDArray[Any]) -> Iterator[ValuesByPart]:
    """`model` is a `ModelT` with one input, `rows` (windows, *its shape without batch) in its type."""
    with tempfile.TemporaryDirectory(prefix="tinyser-") as scratch:
        command = [sys.executable, "-m", __name__, scratch]
        with asked_child(command, "TFLite, a part of the graph") as ask:
            (entry,) = map(int, model.subgraphs[0].inputs)
            np.save(_file(Path(scratch), entry), rows)
            yield ValuesByPart(model, Path(scratch), ask)


@dataclass(slots=True)
class ValuesByPart:
    """Of each tensor that is still to be read, a file of its values lies in `folder`, (windows, *shape)."""

    model: Any
    folder: Path
    ask: Ask
    done: int = field(default=0, init=False)  # operators that have run

    def __call__(self, wanted: Patches, most: int = 32) -> npt.NDArray[Any]:
        """What `inner_values` gives, by the constants that the model has by now; the operators that make it then are
        done, and their constants no longer count.

        Raises ToolError when TFLite refuses or aborts.
        """
        operators = self.model.subgraphs[0].operators
        makers = [index for index, operator in enumerate(operators) if wanted.tensor in map(int, operator.outputs)]
        end = max([self.done, *(index + 1 for index in makers)])
        if end > self.done:
            self._run(end)
        values = np.load(_file(self.folder, wanted.tensor), mmap_mode="r")
        patches = values.reshape(len(values), -1, wanted.channels)[:, places(wanted, most)]
        return np.asarray(patches.reshape(-1, *patches.shape[2:]))

    def _run(self, end: int) -> None:
        """The operators up to `end`, as a graph of their own."""
        graph = self.model.subgraphs[0]
        part, rest = graph.operators[self.done : end], graph.operators[end:]
        made, read, later = _tensors(part, "outputs"), _tensors(part, "inputs"), _tensors(rest, "inputs")
        inputs = [t for t in read if t not in made and not constant_bytes(self.model, graph.tensors[t])]
        whole = graph.operators, graph.inputs, graph.outputs, self.model.signatureDefs
        graph.operators, graph.inputs, self.model.signatureDefs = part, inputs, None
        graph.outputs = [tensor for tensor in made if tensor in later]
        path = self.folder / "part.tflite"
        write_model(self.model, path)
        request = {"model": str(path), "inputs": inputs, "outputs": graph.outputs}
        graph.operators, graph.inputs, graph.outputs, self.model.signatureDefs = whole
        self.ask(json.dumps(request))
        for tensor in inputs:
            if tensor not in later:
                _file(self.folder, tensor).unlink()
        self.done = end


def _tensors(operators: Sequence[Any], side: str) -> dict[int, None]:
    """What they read or make, each once, in order."""
    return dict.fromkeys(int(tensor) for one in operators for tensor in getattr(one, side) if tensor >= 0)


def _file(folder: Path, tensor: int) -> Path:
    return folder / f"{tensor}.npy"


def _child(folder: Path) -> None:
    """Runs in the child process only."""
    for line in sys.stdin:
        part = json.loads(line)
        interpreter = fast_interpreter(part["model"])
        entries = {entry["index"]: entry for entry in interpreter.get_input_details()}
        given = {tensor: np.load(_file(folder, tensor), mmap_mode="r") for tensor in part["inputs"]}
        windows = len(next(iter(given.values())))
        made = {tensor: _empty(folder, windows, tensor, interpreter) for tensor in part["outputs"]}
        for window in range(windows):
            for tensor, values in given.items():
                interpreter.set_tensor(tensor, values[window].reshape(entries[tensor]["shape"]))
            interpreter.invoke()
            for tensor, values in made.items():
                values[window] = interpreter.get_tensor(tensor)
        for values in made.values():
            values.flush()
        print("done", flush=True)


def _empty(folder: Path, windows: int, tensor: int, interpreter: Any) -> npt.NDArray[Any]:
    (entry,) = (entry for entry in interpreter.get_output_details() if entry["index"] == tensor)
    shape = (windows, *map(int, entry["shape"]))
    return np.lib.format.open_memmap(_file(folder, tensor), "w+", entry["dtype"], shape)


if __name__ == "__main__":
    _child(Path(sys.argv[1]))
