"""Reading, checking and rewriting `.tflite` flatbuffers: integers throughout, the ports, the model card."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codegen.atomic import new_file
from codegen.errors import ModelFormatError, QuantizationError
from codegen.model_card import ModelCard

IDENTIFIER = b"TFL3"
CARD_BUFFER = "TINYSER"
# The schema wants constants at multiples of 16 bytes; kernels on Cortex-M read int32 biases in place.
BUFFER_ALIGNMENT = 16
PORT_TYPES = ("int8", "int16")
Integers = npt.NDArray[np.signedinteger[Any]]


@dataclass(frozen=True, slots=True)
class Port:
    """One graph input or output of int8 or int16: real value = scale * (integer - zero_point)."""

    name: str
    shape: tuple[int, ...]
    scale: float
    zero_point: int
    dtype: str = "int8"

    @property
    def size(self) -> int:
        """Values of one inference."""
        return int(np.prod(self.shape))

    def quantize(self, values: npt.ArrayLike) -> Integers:
        """Nearest integers, halves away from zero as in TFLite's QUANTIZE, clamped; shape unchanged."""
        scaled = np.asarray(values, np.float32) / np.float32(self.scale)
        rounded = np.trunc(scaled + np.copysign(np.float32(0.5), scaled)) + self.zero_point
        limits = np.iinfo(self.dtype)
        return np.clip(rounded, limits.min, limits.max).astype(self.dtype)

    def dequantize(self, integers: Integers) -> npt.NDArray[np.float32]:
        """Real values, float32; shape unchanged."""
        return ((integers.astype(np.float32) - self.zero_point) * np.float32(self.scale)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class TfliteFile:
    """A `.tflite` that passed `read_tflite_file`: integers throughout, one input, one output."""

    path: Path
    input: Port
    output: Port
    card: ModelCard | None


def read_tflite_file(path: str | Path) -> TfliteFile:
    """Reads a fully quantized `.tflite` with one input and one output, each of int8 or int16.

    Raises ModelFormatError for a file that is no TFLite model or has other ports, QuantizationError when an
    operator is custom, Flex or touches a float tensor.
    """
    path = Path(path)
    model = load(path)
    check_integers(path, model)
    graph = model.subgraphs[0]
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise ModelFormatError(
            f"{path}: got {len(graph.inputs)} inputs and {len(graph.outputs)} outputs, "
            "allowed is one of each here; give a model with one input and one output"
        )
    return TfliteFile(
        path,
        _port(path, graph.tensors[graph.inputs[0]]),
        _port(path, graph.tensors[graph.outputs[0]]),
        card_of(model),
    )


def load(path: Path) -> Any:
    """The file as a `ModelT` object tree. Raises ModelFormatError."""
    from ai_edge_litert import schema_py_generated as schema

    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelFormatError(f"{path}: cannot read it ({error.strerror}); give a .tflite file") from error
    if content[4:8] != IDENTIFIER:
        raise ModelFormatError(f"{path}: got no TFL3 identifier, allowed is a TFLite flatbuffer; give a .tflite file")
    try:
        model = schema.ModelT.InitFromPackedBuf(content, 0)
    except (struct.error, ValueError, TypeError, IndexError, OverflowError) as error:
        raise ModelFormatError(f"{path}: damaged TFLite flatbuffer ({error}); convert the model again") from error
    if not model.subgraphs:
        raise ModelFormatError(f"{path}: got no graph, allowed is one; convert the model again")
    return model


def check_integers(path: Path, model: Any) -> None:
    """Raises QuantizationError naming the operator that is custom, Flex or not integer, or the port of another type.

    A float island is blamed on the operator inside, not on the DEQUANTIZE that leads to it.
    """
    faults = [
        (rank, f"operator {index} is {name}" if rank == 0 else f"operator {index} ({name}) has a float tensor")
        for graph in model.subgraphs
        for index, operator in enumerate(graph.operators)
        for name in [operator_name(model, operator)]
        if (rank := _fault_rank(name, graph, operator)) is not None
    ]
    if faults:
        _, worst = min(faults, key=lambda fault: fault[0])
        raise QuantizationError(
            f"{path}: {worst}, allowed are TFLite's built-in operators on int8; replace that layer in the model "
            "(GELU: its tanh form, or ReLU) and quantize it fully"
        )
    for graph in model.subgraphs[:1]:
        for tensor in (graph.tensors[index] for index in (*graph.inputs, *graph.outputs)):
            if _type_name(tensor.type).lower() not in PORT_TYPES:
                raise QuantizationError(
                    f"{path}: {_text(tensor.name)} is {_type_name(tensor.type)}, allowed are INT8 and INT16; "
                    "quantize the model fully (tinyser quantize)"
                )


def _fault_rank(name: str, graph: Any, operator: Any) -> int | None:
    """0 for custom and Flex operators, 1 for float ones, 2 for the conversions around those; None for integer ones."""
    if name.startswith("CUSTOM"):
        return 0
    tensors = (graph.tensors[index] for index in (*operator.inputs, *operator.outputs) if index >= 0)
    if not any(_type_name(tensor.type).startswith("FLOAT") for tensor in tensors):
        return None
    return 2 if name in ("DEQUANTIZE", "QUANTIZE") else 1


def operator_name(model: Any, operator: Any) -> str:
    """`CONV_2D`, or `CUSTOM FlexErf` for what only other runtimes know."""
    from ai_edge_litert import schema_py_generated as schema

    code = model.operatorCodes[operator.opcodeIndex]
    # Old files keep the code in the one-byte field; the larger of the two is right (schema.fbs).
    builtin = max(code.builtinCode, code.deprecatedBuiltinCode)
    if builtin == schema.BuiltinOperator.CUSTOM:
        return f"CUSTOM {_text(code.customCode)}"
    return next((name for name, value in vars(schema.BuiltinOperator).items() if value == builtin), f"#{builtin}")


def card_of(model: Any) -> ModelCard | None:
    """The model card in the metadata buffer named TINYSER. Raises ModelFormatError when it is damaged."""
    for entry in model.metadata or []:
        if _text(entry.name) == CARD_BUFFER:
            return ModelCard.loads(bytes(bytearray(model.buffers[entry.buffer].data)))
    return None


def constant_bytes(model: Any, tensor: Any) -> bytes:
    """What a constant `TensorT` holds; nothing for one that an operator makes."""
    data = model.buffers[tensor.buffer].data
    return b"" if data is None else bytes(bytearray(data))


def dequantized(integers: npt.NDArray[Any], quantization: Any) -> npt.NDArray[np.float64]:
    """scale * (integer - zero point), with one scale for all or one for each index of the quantized dimension."""
    scale = np.asarray(quantization.scale, np.float64)
    zero_point = np.asarray(quantization.zeroPoint, np.float64)
    if len(scale) > 1:
        # Files in the wild name a dimension of the weights for their biases, too, which have but one.
        axis = min(quantization.quantizedDimension, integers.ndim - 1)
        shape = [1] * integers.ndim
        shape[axis] = len(scale)
        scale, zero_point = scale.reshape(shape), zero_point.reshape(shape)
    return np.asarray(scale * (integers - zero_point))


def write_with_card(source: Path, target: str | Path, card: ModelCard, *, input_name: str, output_name: str) -> None:
    """Copies `source` to `target` with `card` as metadata and both ports renamed; all else stays."""
    from ai_edge_litert import schema_py_generated as schema

    model = load(source)
    graph = model.subgraphs[0]
    graph.tensors[graph.inputs[0]].name = input_name
    graph.tensors[graph.outputs[0]].name = output_name
    kept = [entry for entry in model.metadata or [] if _text(entry.name) != CARD_BUFFER]
    entry, buffer = schema.MetadataT(), schema.BufferT()
    entry.name, entry.buffer = CARD_BUFFER, len(model.buffers)
    buffer.data = np.frombuffer(card.dumps().encode(), np.uint8)
    model.metadata = [*kept, entry]
    model.buffers.append(buffer)
    write_model(model, target)


def write_model(model: Any, target: str | Path) -> None:
    """Writes a `ModelT` object tree, whole or not at all, with its buffers aligned."""
    import flatbuffers  # type: ignore[import-untyped]

    model.buffers = [_Aligned(buffer.data) for buffer in model.buffers]
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), IDENTIFIER)
    with new_file(target) as partial:
        partial.write_bytes(builder.Output())


class _Aligned:
    """A buffer that packs its bytes at a multiple of 16, which the generated `BufferT.Pack` does not."""

    def __init__(self, data: Any) -> None:
        self.data = None if data is None or len(data) == 0 else bytes(bytearray(data))

    def Pack(self, builder: Any) -> int:  # noqa: N802 (the name flatbuffers calls)
        from ai_edge_litert import schema_py_generated as schema

        vector = None
        if self.data is not None:
            builder.StartVector(1, len(self.data), BUFFER_ALIGNMENT)
            builder.head -= len(self.data)
            builder.Bytes[builder.head : builder.head + len(self.data)] = self.data
            vector = builder.EndVector()
        schema.BufferStart(builder)
        if vector is not None:
            schema.BufferAddData(builder, vector)
        return int(schema.BufferEnd(builder))


def _port(path: Path, tensor: Any) -> Port:
    quant = tensor.quantization
    if quant is None or quant.scale is None or len(quant.scale) != 1 or len(quant.zeroPoint) != 1:
        raise QuantizationError(f"{path}: {_text(tensor.name)} has no single scale and zero point; quantize it again")
    shape = tuple(int(size) for size in tensor.shape)
    return Port(
        _text(tensor.name), shape, float(quant.scale[0]), int(quant.zeroPoint[0]), _type_name(tensor.type).lower()
    )


def _type_name(value: int) -> str:
    from ai_edge_litert import schema_py_generated as schema

    return next((name for name, code in vars(schema.TensorType).items() if code == value), f"type {value}")


def _text(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
