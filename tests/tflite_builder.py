"""Small int8 TFLite models, made tensor by tensor: the input of the operator tests.

Shapes, scales and data are what the test says; nothing is inferred, so that a test can also write a model which no
converter would write. Names of operators, options and enum values are those of the TFLite schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

_FILE_IDENTIFIER = b"TFL3"
_SCHEMA_VERSION = 3
_BUFFER_ALIGNMENT = 16


@dataclass(frozen=True, slots=True)
class _OperatorKind:
    """Schema class of an operator's options and the version that a converter writes for int8 tensors."""

    options: str | None
    version: int


_KINDS: Mapping[str, _OperatorKind] = {
    "ABS": _OperatorKind("AbsOptions", 2),
    "ADD": _OperatorKind("AddOptions", 2),
    "ARG_MAX": _OperatorKind("ArgMaxOptions", 2),
    "AVERAGE_POOL_2D": _OperatorKind("Pool2DOptions", 2),
    "BATCH_MATMUL": _OperatorKind("BatchMatMulOptions", 2),
    "CONCATENATION": _OperatorKind("ConcatenationOptions", 2),
    "CONV_2D": _OperatorKind("Conv2DOptions", 3),
    "DEPTHWISE_CONV_2D": _OperatorKind("DepthwiseConv2DOptions", 3),
    "DEQUANTIZE": _OperatorKind("DequantizeOptions", 2),
    "ELU": _OperatorKind(None, 1),
    "EXPAND_DIMS": _OperatorKind("ExpandDimsOptions", 1),
    "FULLY_CONNECTED": _OperatorKind("FullyConnectedOptions", 5),
    "GATHER": _OperatorKind("GatherOptions", 2),
    "GELU": _OperatorKind("GeluOptions", 2),
    "HARD_SWISH": _OperatorKind("HardSwishOptions", 1),
    "L2_NORMALIZATION": _OperatorKind("L2NormOptions", 2),
    "LEAKY_RELU": _OperatorKind("LeakyReluOptions", 2),
    "LOGISTIC": _OperatorKind(None, 2),
    "LOG_SOFTMAX": _OperatorKind("LogSoftmaxOptions", 2),
    "MAXIMUM": _OperatorKind("MaximumMinimumOptions", 2),
    "MAX_POOL_2D": _OperatorKind("Pool2DOptions", 2),
    "MEAN": _OperatorKind("ReducerOptions", 2),
    "MINIMUM": _OperatorKind("MaximumMinimumOptions", 2),
    "MIRROR_PAD": _OperatorKind("MirrorPadOptions", 2),
    "MUL": _OperatorKind("MulOptions", 2),
    "PACK": _OperatorKind("PackOptions", 2),
    "PAD": _OperatorKind("PadOptions", 2),
    "PADV2": _OperatorKind("PadV2Options", 2),
    "PRELU": _OperatorKind(None, 1),
    "QUANTIZE": _OperatorKind("QuantizeOptions", 2),
    "REDUCE_MAX": _OperatorKind("ReducerOptions", 2),
    "RELU": _OperatorKind(None, 2),
    "RELU6": _OperatorKind(None, 2),
    "RESHAPE": _OperatorKind("ReshapeOptions", 1),
    "RESIZE_BILINEAR": _OperatorKind("ResizeBilinearOptions", 3),
    "RESIZE_NEAREST_NEIGHBOR": _OperatorKind("ResizeNearestNeighborOptions", 3),
    "RSQRT": _OperatorKind(None, 2),
    "SHAPE": _OperatorKind("ShapeOptions", 1),
    "SLICE": _OperatorKind("SliceOptions", 2),
    "SOFTMAX": _OperatorKind("SoftmaxOptions", 2),
    "SPLIT": _OperatorKind("SplitOptions", 2),
    "SPLIT_V": _OperatorKind("SplitVOptions", 2),
    "SQUARED_DIFFERENCE": _OperatorKind("SquaredDifferenceOptions", 2),
    "SQUEEZE": _OperatorKind("SqueezeOptions", 1),
    "STRIDED_SLICE": _OperatorKind("StridedSliceOptions", 2),
    "SUB": _OperatorKind("SubOptions", 2),
    "SUM": _OperatorKind("ReducerOptions", 2),
    "SVDF": _OperatorKind("SVDFOptions", 3),
    "TANH": _OperatorKind(None, 2),
    "TRANSPOSE": _OperatorKind("TransposeOptions", 2),
    "TRANSPOSE_CONV": _OperatorKind("TransposeConvOptions", 4),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _OperatorKind("UnidirectionalSequenceLSTMOptions", 3),
    "UNPACK": _OperatorKind("UnpackOptions", 2),
}

_OPTION_ENUMS = {
    "mode": schema.MirrorPadMode,
    "padding": schema.Padding,
    "fusedActivationFunction": schema.ActivationFunctionType,
    "outputType": schema.TensorType,
    "quantizedBiasType": schema.TensorType,
}


class _AlignedBuffer(schema.BufferT):
    """A buffer whose data starts at a multiple of 16 bytes, as the schema demands and the generated code forgets."""

    def Pack(self, builder: flatbuffers.Builder) -> int:  # noqa: N802 (the schema's name)
        data = None
        if self.data is not None:
            content = bytes(self.data)
            builder.StartVector(1, len(content), _BUFFER_ALIGNMENT)
            builder.head -= len(content)
            builder.Bytes[builder.head : builder.head + len(content)] = content
            data = builder.EndVector()
        schema.BufferStart(builder)
        if data is not None:
            schema.BufferAddData(builder, data)
        return schema.BufferEnd(builder)


class ModelBuilder:
    """Collects tensors and operators; `build` gives the bytes of a .tflite file with one subgraph."""

    def __init__(self) -> None:
        self._buffers: list[_AlignedBuffer] = [_AlignedBuffer()]  # buffer 0 is empty by definition
        self._tensors: list[schema.TensorT] = []
        self._codes: list[str] = []
        self._operators: list[schema.OperatorT] = []

    def tensor(
        self,
        name: str,
        shape: Sequence[int],
        dtype: str = "int8",
        *,
        scale: float | Sequence[float] | None = None,
        zero_point: int | Sequence[int] = 0,
        axis: int = 0,
        data: np.ndarray | Sequence[int] | None = None,
        variable: bool = False,
    ) -> int:
        """Add a tensor and give its index. `axis` is the quantized dimension of per-channel scales; a `variable`
        tensor keeps its content from one inference to the next."""
        tensor = schema.TensorT()
        tensor.name = name
        tensor.shape = [int(size) for size in shape]
        tensor.type = getattr(schema.TensorType, dtype.upper())
        tensor.buffer = 0 if data is None else self._add_buffer(np.asarray(data, dtype).tobytes())
        tensor.hasRank = True
        tensor.isVariable = variable
        if scale is not None:
            tensor.quantization = _quantization(scale, zero_point, axis)
        self._tensors.append(tensor)
        return len(self._tensors) - 1

    def constant(self, name: str, values: Any, dtype: str = "int32") -> int:
        """Add an unquantized constant: axes, paddings, permutations, shapes."""
        data = np.asarray(values, dtype)
        return self.tensor(name, data.shape, dtype, data=data)

    def op(
        self,
        name: str,
        inputs: Sequence[int | None],
        outputs: Sequence[int],
        intermediates: Sequence[int] = (),
        **options: Any,
    ) -> None:
        """Add an operator; `None` is an absent optional input, `intermediates` are tensors that only tell TFLite a
        quantization. Options: the schema's names in snake case."""
        kind = _KINDS[name]
        operator = schema.OperatorT()
        if name not in self._codes:
            self._codes.append(name)
        operator.opcodeIndex = self._codes.index(name)
        operator.inputs = [-1 if index is None else index for index in inputs]
        operator.outputs = list(outputs)
        operator.intermediates = list(intermediates) or None
        if kind.options is not None:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind.options)
            operator.builtinOptions = _filled(getattr(schema, kind.options + "T")(), options)
        elif options:
            raise TypeError(f"{name} has no options, got {sorted(options)}")
        self._operators.append(operator)

    def build(
        self, inputs: Sequence[int], outputs: Sequence[int], metadata: Mapping[str, bytes] | None = None
    ) -> bytes:
        """Bytes of the .tflite file; `metadata` buffers are stored under their names."""
        subgraph = schema.SubGraphT()
        subgraph.name = "main"
        subgraph.tensors = self._tensors
        subgraph.operators = self._operators
        subgraph.inputs = list(inputs)
        subgraph.outputs = list(outputs)
        model = schema.ModelT()
        model.version = _SCHEMA_VERSION
        model.description = "operator test"
        model.subgraphs = [subgraph]
        model.operatorCodes = [_operator_code(name) for name in self._codes]
        model.metadata = [self._metadata_entry(name, content) for name, content in (metadata or {}).items()]
        model.buffers = self._buffers
        return _packed(model)

    def _add_buffer(self, content: bytes) -> int:
        self._buffers.append(_AlignedBuffer(data=content))
        return len(self._buffers) - 1

    def _metadata_entry(self, name: str, content: bytes) -> schema.MetadataT:
        entry = schema.MetadataT()
        entry.name = name
        entry.buffer = self._add_buffer(content)
        return entry


def truncated(model: bytes, length: int) -> bytes:
    """The first `length` bytes, as after an interrupted copy."""
    return model[:length]


def with_tensor_type(model: bytes, tensor_index: int, dtype: str) -> bytes:
    """The same model with another element type for one tensor, its data untouched."""

    def change(parsed: schema.ModelT) -> None:
        parsed.subgraphs[0].tensors[tensor_index].type = getattr(schema.TensorType, dtype.upper())

    return edited(model, change)


def with_operator_code(model: bytes, code_index: int, name: str) -> bytes:
    """The same model with one operator code renamed, for instance to an operator that nobody supports."""

    def change(parsed: schema.ModelT) -> None:
        parsed.operatorCodes[code_index] = _code_object(getattr(schema.BuiltinOperator, name), 1)

    return edited(model, change)


def with_custom_operator(model: bytes, code_index: int, custom_name: str) -> bytes:
    """The same model with one operator code turned into a custom operator."""

    def change(parsed: schema.ModelT) -> None:
        parsed.operatorCodes[code_index] = _code_object(schema.BuiltinOperator.CUSTOM, 1)
        parsed.operatorCodes[code_index].customCode = custom_name

    return edited(model, change)


def without_quantization(model: bytes, tensor_index: int) -> bytes:
    """The same model without scale and zero point on one tensor."""

    def change(parsed: schema.ModelT) -> None:
        parsed.subgraphs[0].tensors[tensor_index].quantization = None

    return edited(model, change)


def edited(model: bytes, change: Callable[[schema.ModelT], None]) -> bytes:
    """The same model after a change of its tables."""
    parsed = schema.ModelT.InitFromPackedBuf(bytearray(model), 0)
    change(parsed)
    parsed.buffers = [
        _AlignedBuffer(data=None if buffer.data is None else bytes(buffer.data)) for buffer in parsed.buffers
    ]
    return _packed(parsed)


def _packed(model: schema.ModelT) -> bytes:
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), _FILE_IDENTIFIER)
    return bytes(builder.Output())


def _operator_code(name: str) -> schema.OperatorCodeT:
    return _code_object(getattr(schema.BuiltinOperator, name), _KINDS[name].version)


def _code_object(builtin: int, version: int) -> schema.OperatorCodeT:
    code = schema.OperatorCodeT()
    code.builtinCode = builtin
    code.deprecatedBuiltinCode = min(builtin, schema.BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES)
    code.version = version
    return code


def _quantization(
    scale: float | Sequence[float], zero_point: int | Sequence[int], axis: int
) -> schema.QuantizationParametersT:
    quantization = schema.QuantizationParametersT()
    quantization.scale = np.atleast_1d(np.asarray(scale, np.float32)).tolist()
    zero_points = np.atleast_1d(np.asarray(zero_point, np.int64))
    quantization.zeroPoint = np.broadcast_to(zero_points, len(quantization.scale)).tolist()
    quantization.quantizedDimension = axis
    return quantization


def _filled(options: Any, values: Mapping[str, Any]) -> Any:
    for snake, value in values.items():
        head, *rest = snake.split("_")
        field = head + "".join(word.capitalize() for word in rest)
        if not hasattr(options, field):
            raise TypeError(f"{type(options).__name__} has no option {snake}")
        enum = _OPTION_ENUMS.get(field)
        setattr(options, field, getattr(enum, value) if enum and isinstance(value, str) else value)
    return options
