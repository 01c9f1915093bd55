"""Runs the int8 graph and a float one side by side in TFLite's reference kernels, and sums up how tensors differ.

`python -m tinyser.check.layers_child INT8 FLOAT PLAN.json ROWS.npy OUT.npy` is a child process, because a bad model
aborts the interpreter. The plan holds one [int8 tensor, float tensor, scale, zero point, low, high] for each pair.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tinyser.runtimes.reference_interpreter import reference_interpreter

# What is summed for each tensor over all windows; the last two are extremes.
SUMS = (
    *("signal", "power", "noise", "product", "own_noise", "saturated", "values"),
    *("lowest", "highest"),
)


def differences(integers: npt.NDArray[Any], real: npt.NDArray[Any], plan: tuple[float, ...]) -> npt.NDArray[np.float64]:
    """One entry for each of SUMS, of one window's tensor: its int8 values and what they should stand for.

    `own_noise` is what rounding and clipping to this tensor's own scale alone do to the float values.
    """
    scale, zero_point, low, high = plan
    got = scale * (integers.astype(np.float64).ravel() - zero_point)
    wanted = real.astype(np.float64).ravel()
    rounded = np.rint(wanted / scale) + zero_point
    alone = scale * (np.clip(rounded, low, high) - zero_point)
    return np.array(
        [
            np.dot(wanted, wanted),
            np.dot(got, got),
            np.sum((got - wanted) ** 2),
            np.dot(got, wanted),
            np.sum((alone - wanted) ** 2),
            np.count_nonzero((rounded < low) | (rounded > high)),
            integers.size,
            integers.min(),
            integers.max(),
        ]
    )


def _child(int8: str, floats: str, plan: str, source: str, sink: str) -> None:
    """Runs in the child process only."""
    interpreters = [reference_interpreter(path, experimental_preserve_all_tensors=True) for path in (int8, floats)]
    pairs = json.loads(Path(plan).read_text(encoding="utf-8"))
    extremes = len(SUMS) - 2
    found = np.zeros((len(pairs), len(SUMS)))
    found[:, extremes], found[:, extremes + 1] = np.inf, -np.inf
    for window in np.load(source, allow_pickle=False):
        for interpreter in interpreters:
            _invoke(interpreter, window)
        for row, (index, twin, *quantization) in enumerate(pairs):
            new = differences(interpreters[0].get_tensor(index), interpreters[1].get_tensor(twin), quantization)
            found[row, :extremes] += new[:extremes]
            found[row, extremes] = min(found[row, extremes], new[extremes])
            found[row, extremes + 1] = max(found[row, extremes + 1], new[extremes + 1])
    np.save(sink, found)


def _invoke(interpreter: Any, window: npt.NDArray[np.float32]) -> None:
    """One inference of a float window, (*input shape without batch)."""
    (entry,) = interpreter.get_input_details()
    value: npt.NDArray[Any] = window.reshape(entry["shape"])
    if entry["dtype"] != np.float32:
        scale, zero_point = entry["quantization"]
        limits = np.iinfo(entry["dtype"])
        value = np.clip(np.rint(value / scale) + zero_point, limits.min, limits.max).astype(entry["dtype"])
    interpreter.reset_all_variables()
    interpreter.set_tensor(entry["index"], value)
    interpreter.invoke()


if __name__ == "__main__":
    _child(*sys.argv[1:])
