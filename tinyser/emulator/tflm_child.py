"""The child process of `tflm` and `tflm_arena`: TensorFlow Lite Micro's interpreter, which may abort.

`python tflm_child.py run MODEL PLAN.json INPUT OUTPUT`: rows of inputs to rows of outputs.
`python tflm_child.py arena MODEL TOO_SMALL ENOUGH`: bisects the arena between two sizes in bytes; prints each size it
tries and each with which the model loads and runs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

ARENA_STEP = 16  # TensorFlow Lite Micro aligns its buffers to 16 bytes


def _interpreter(model: bytes, arena_bytes: int) -> Any:
    from tflite_micro.python.tflite_micro import runtime

    return runtime.Interpreter.from_bytes(model, arena_size=arena_bytes)


def _run(model_path: str, plan_path: str, input_path: str, output_path: str) -> None:
    plan = json.loads(Path(plan_path).read_text())
    interpreter = _interpreter(Path(model_path).read_bytes(), plan["arena_bytes"])
    inputs = [(shape, np.dtype(dtype)) for shape, dtype in plan["inputs"]]
    ends = np.cumsum([int(np.prod(shape)) * dtype.itemsize for shape, dtype in inputs])
    with Path(output_path).open("wb") as sink:
        for number, row in enumerate(np.fromfile(input_path, dtype=np.int8).reshape(-1, ends[-1])):
            if number > 0 and not plan["keep_state"]:
                interpreter.reset()
            for index, ((shape, dtype), content) in enumerate(zip(inputs, np.split(row, ends[:-1]), strict=True)):
                interpreter.set_input(content.view(dtype).reshape(shape), index)
            interpreter.invoke()
            for index in range(plan["outputs"]):
                sink.write(np.ascontiguousarray(interpreter.get_output(index)).tobytes())


def _runs(model: bytes, arena_bytes: int) -> bool:
    try:
        _interpreter(model, arena_bytes).invoke()
    except RuntimeError:
        return False
    return True


def _arena(model_path: str, too_small_bytes: str, enough_bytes: str) -> None:
    model = Path(model_path).read_bytes()
    too_small, enough = int(too_small_bytes) // ARENA_STEP, int(enough_bytes) // ARENA_STEP
    while enough - too_small > 1:
        middle = (too_small + enough) // 2
        print("try", middle * ARENA_STEP, flush=True)  # the last word of a process that TFLM ends
        if _runs(model, middle * ARENA_STEP):
            enough = middle
            print("enough", middle * ARENA_STEP, flush=True)
        else:
            too_small = middle


if __name__ == "__main__":
    if sys.argv[1] == "run":
        _run(*sys.argv[2:])
    else:
        _arena(*sys.argv[2:])
