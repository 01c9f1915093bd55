"""Values of inner tensors, by TFLite's fast kernels in a child process, because a bad model aborts the interpreter.

`python -m tinyser.convert.inner_values MODEL IN.npy PLAN.json OUT` is the child. The fast kernels may round a tie
otherwise than the reference does: these values are for statistics, never for comparing bytes.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tinyser.emulator.child import run_child

_MOST_ROWS = 32  # of a window


def inner_values(model: Path, rows: npt.NDArray[Any], widths: dict[int, int]) -> dict[int, npt.NDArray[Any]]:
    """Of each tensor, at most 32 evenly spaced rows of its last axis a window: tensor -> (windows * rows, width).

    `rows` is (windows, *input shape without batch) in the model's type, `widths` the length of each last axis. Raises
    ToolError when TFLite refuses or aborts.
    """
    with tempfile.TemporaryDirectory(prefix="tinyser-") as scratch:
        folder = Path(scratch)
        np.save(folder / "rows.npy", rows)
        (folder / "plan.json").write_text(json.dumps(widths))
        paths = (model.resolve(), folder / "rows.npy", folder / "plan.json", folder)
        run_child([sys.executable, "-m", __name__, *map(str, paths)], f"{model}: TFLite, inner tensors")
        return {tensor: np.load(folder / f"{tensor}.npy", allow_pickle=False) for tensor in widths}


def _child(model: str, source: str, plan: str, folder: str) -> None:
    """Runs in the child process only."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_path=model,
        # A delegate keeps inner tensors to itself.
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        experimental_preserve_all_tensors=True,
    )
    interpreter.allocate_tensors()
    (entry,) = interpreter.get_input_details()
    widths = {int(tensor): width for tensor, width in json.loads(Path(plan).read_text(encoding="utf-8")).items()}
    found: dict[int, list[npt.NDArray[Any]]] = {tensor: [] for tensor in widths}
    for row in np.load(source, allow_pickle=False):
        interpreter.set_tensor(entry["index"], row.reshape(entry["shape"]))
        interpreter.invoke()
        for tensor, width in widths.items():
            values = interpreter.get_tensor(tensor).reshape(-1, width)
            chosen = np.linspace(0, len(values) - 1, min(len(values), _MOST_ROWS)).astype(int)
            found[tensor].append(values[chosen])
    for tensor, parts in found.items():
        np.save(Path(folder) / f"{tensor}.npy", np.concatenate(parts))


if __name__ == "__main__":
    _child(*sys.argv[1:])
