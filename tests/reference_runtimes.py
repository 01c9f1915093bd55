"""Somebody else's truth: TFLite Micro and TFLite's reference kernels, in this process.

Both runtimes stop the process on models they consider impossible (TFLITE_CHECK): give them legal int8 models only.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence

import numpy as np

_ARENA_BYTES = 1 << 20
_ARENA_BYTES_PER_MODEL_BYTE = 10


def run_tflm(model: bytes, rows: Sequence[Sequence[np.ndarray]], keep_state: bool = False) -> list[list[np.ndarray]]:
    """Outputs of TFLite Micro: one list of tensors per row, a row being one array per model input.

    Each row meets a model that was just reset, or, with `keep_state`, what the rows before it left behind.
    """
    from tflite_micro.python.tflite_micro import runtime

    arena = _ARENA_BYTES + _ARENA_BYTES_PER_MODEL_BYTE * len(model)
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=arena)
    output_count = _output_count(model)
    results = []
    for row in rows:
        if results and not keep_state:
            interpreter.reset()
        for index, value in enumerate(row):
            interpreter.set_input(value, index)
        interpreter.invoke()
        results.append([np.array(interpreter.get_output(index)) for index in range(output_count)])
    return results


def run_tflite_reference(
    model: bytes, rows: Sequence[Sequence[np.ndarray]], keep_state: bool = False
) -> list[list[np.ndarray]]:
    """Outputs of TFLite with its reference kernels (never the optimised ones), as `run_tflm` gives them."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from tensorflow.lite.python.interpreter import Interpreter, OpResolverType

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the announcement that the interpreter moves to another package
        interpreter = Interpreter(
            model_content=model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1
        )
    interpreter.allocate_tensors()
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    results = []
    for row in rows:
        if results and not keep_state:
            interpreter.reset_all_variables()
        for details, value in zip(inputs, row, strict=True):
            interpreter.set_tensor(details["index"], value)
        interpreter.invoke()
        results.append([np.array(interpreter.get_tensor(details["index"])) for details in outputs])
    return results


def _output_count(model: bytes) -> int:
    from ai_edge_litert import schema_py_generated as schema

    return schema.Model.GetRootAs(model).Subgraphs(0).OutputsLength()
