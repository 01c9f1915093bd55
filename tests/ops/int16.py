"""Cases of int8 once more in int16."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tests.ops.agreement import Case, assert_agreement
from tests.tflite_builder import edited


def assert_agreement_in_both(case: Case) -> None:
    """`assert_agreement` of a case in int8, and of the same in int16."""
    assert_agreement(case)
    assert_agreement(in_int16(case))


def in_int16(case: Case, but: Collection[str] = ()) -> Case:
    """The case with tensors of int16 in place of those of int8, but for some (by name)."""
    inputs: list[bool] = []  # is each of them changed?

    def widen(model: schema.ModelT) -> None:
        graph = model.subgraphs[0]
        changed = [t.type == schema.TensorType.INT8 and t.name.decode() not in but for t in graph.tensors]
        inputs.extend(changed[index] for index in graph.inputs)
        for tensor, wanted in zip(graph.tensors, changed, strict=True):
            if wanted:
                tensor.type = schema.TensorType.INT16
                tensor.quantization.zeroPoint = [0]
                buffer = model.buffers[tensor.buffer]
                if buffer.data is not None:
                    buffer.data = _widened(np.frombuffer(bytes(buffer.data), np.int8)).tobytes()

    model = edited(case.model, widen)
    rows = [[_widened(t) if wanted else t for t, wanted in zip(row, inputs, strict=True)] for row in case.rows]
    return replace(case, description=f"int16: {case.description}", model=model, rows=rows)


def _widened(values: np.ndarray) -> np.ndarray:
    """Each int8 with random bits behind it; the ends of the range become ends."""
    inside = values.astype(int) * 256 + np.random.default_rng(0).integers(0, 256, values.shape)
    return np.select([values == -128, values == 127], [-(2**15), 2**15 - 1], inside).astype(np.int16)
