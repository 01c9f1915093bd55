"""The float32 twin of an int8 `.tflite`: the same graph with its constants dequantized and nothing rounded after.

What the int8 graph does to activations is then seen tensor by tensor, without the model that it was made from. How its
weights were rounded is not: both have the rounded ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from codegen.errors import QuantizationError
from tinyser.convert.paired_tensors import BETWEEN_SCALES
from tinyser.convert.tflite_file import constant_bytes, dequantized, load, operator_name, write_model

_INTEGERS = {"INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64}


def write_float_twin(source: Path, target: Path) -> None:
    """Writes the twin. Raises as `float_twin`."""
    write_model(float_twin(source), target)


def float_twin(source: Path) -> Any:
    """The twin as a `ModelT`. Raises ModelFormatError for a damaged file, QuantizationError for operators without one.

    Tensors keep their places.
    """
    model = load(source)
    graph = model.subgraphs[0]
    for index, operator in enumerate(graph.operators):
        name = operator_name(model, operator)
        if operator.intermediates is not None and len(operator.intermediates):
            raise QuantizationError(
                f"{source}: operator {index} ({name}) keeps quantized intermediates, which have no twin in float32"
            )
    _drop_requantization(model, graph)
    for tensor in graph.tensors:
        _to_float(model, tensor)
    return model


def _drop_requantization(model: Any, graph: Any) -> None:
    """Takes out what only changes scales: its readers read what it read."""
    instead: dict[int, int] = {}
    kept = []
    for operator in graph.operators:
        operator.inputs = [instead.get(int(index), int(index)) for index in operator.inputs]
        if operator_name(model, operator) in BETWEEN_SCALES:
            instead[int(operator.outputs[0])] = operator.inputs[0]
        else:
            kept.append(operator)
    graph.operators = kept
    graph.outputs = [instead.get(int(index), int(index)) for index in graph.outputs]


def _to_float(model: Any, tensor: Any) -> None:
    """Quantized tensors become float32, constants with the values that they stand for; others (shapes, axes) stay."""
    from ai_edge_litert import schema_py_generated as schema

    quantization = tensor.quantization
    if quantization is None or quantization.scale is None or len(quantization.scale) == 0:
        return
    if data := constant_bytes(model, tensor):
        kind = next(kind for name, kind in _INTEGERS.items() if getattr(schema.TensorType, name) == tensor.type)
        integers = np.frombuffer(data, kind).reshape(tensor.shape)
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(dequantized(integers, quantization).astype(np.float32).tobytes(), np.uint8)
        # A buffer of its own: two tensors of different scales may share the integers.
        tensor.buffer = len(model.buffers)
        model.buffers.append(buffer)
    tensor.type, tensor.quantization = schema.TensorType.FLOAT32, None
