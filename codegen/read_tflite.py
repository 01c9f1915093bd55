"""Reads a `.tflite` file into the IR. The only module that knows flatbuffer types (schema: TFLite schema.fbs v3)."""

from __future__ import annotations

import hashlib
import re
import struct
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tflite

from codegen.errors import ModelFormatError, QuantizationError, UnsupportedOperatorError
from codegen.fold_shapes import ReadOperator, fold_shapes
from codegen.ir import ELEMENT_BYTES, QUANTIZED_TYPES, Graph, Model, OpSite, Quant, Tensor
from codegen.model_card import ModelCard
from codegen.ops import OPERATORS
from codegen.verify import verify

METADATA_NAME = "TINYSER"
LONGEST_NAME = 1000  # of a tensor: the rest is left out
MAX_BYTES = 2**31 - 1  # offsets in a flatbuffer are 32 bits, signed
_OPERATOR_NAMES = {value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)}
_DTYPES = {value: name.lower() for name, value in vars(tflite.TensorType).items() if isinstance(value, int)}
_OPTION_CLASSES = {
    value: name for name, value in vars(tflite.BuiltinOptions).items() if isinstance(value, int) and value != 0
}
_BROKEN = (struct.error, IndexError, KeyError, ValueError, TypeError, OverflowError, AttributeError, UnicodeDecodeError)


class _Allowance:
    """How many elements of vectors a file may make us read: as many as it has bytes, though each takes four and more.

    Tables may share vectors, so that a small file can ask for a large model.
    """

    def __init__(self, elements: int) -> None:
        self._left = elements

    def take(self, count: int) -> None:
        """Raises ValueError where there is none left."""
        self._left -= count
        if self._left < 0:
            raise ValueError("its tables ask for more than the file holds")

    def tuple_of(self, values: Any) -> tuple[int, ...]:
        """A vector's integers; flatbuffers gives 0 for an absent vector."""
        if isinstance(values, int):
            return ()
        self.take(len(values))
        return tuple(values.tolist())


def read_tflite(path: str | Path) -> Model:
    """Reads and verifies a model.

    Raises ModelFormatError for a missing, truncated or foreign file, QuantizationError for a model that is not int8
    and UnsupportedOperatorError for operators without a kernel.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelFormatError(
            f"{path}: cannot be read ({error.strerror}); give the path of an int8 .tflite file"
        ) from error
    # A file's name need not be UTF-8, and goes into files that are.
    return parse_tflite(content, str(path), path.stem.encode("utf-8", "replace").decode())


def parse_tflite(content: bytes, where: str = "model", name: str = "model") -> Model:
    """As `read_tflite`, from bytes; `where` is what messages call the file."""
    if len(content) < 8 or len(content) > MAX_BYTES or content[4:8] != b"TFL3":
        raise ModelFormatError(
            f"{where}: not a TensorFlow Lite model ({len(content)} bytes, identifier {content[4:8]!r}; allowed: a "
            "flatbuffer with identifier b'TFL3'); convert the model with 'tinyser quantize'"
        )
    try:
        raw = tflite.Model.GetRootAsModel(content, 0)
        graph, operators = _read_graph(raw, where, _Allowance(len(content)))
        card = _read_card(raw)
    except _BROKEN as error:
        raise ModelFormatError(
            f"{where}: damaged or truncated TensorFlow Lite model ({type(error).__name__}: {error}); "
            "copy or convert the file again"
        ) from error
    verify(graph, where)
    return Model(name, graph, card, content, hashlib.sha256(content).hexdigest(), operators)


def _read_graph(raw: Any, where: str, allowance: _Allowance) -> tuple[Graph, Mapping[str, int]]:
    if raw.SubgraphsLength() != 1:
        raise UnsupportedOperatorError(
            f"{where}: has {raw.SubgraphsLength()} subgraphs, allowed: 1; export the model without control flow"
        )
    subgraph = raw.Subgraphs(0)
    tensors = tuple(_read_tensor(raw, subgraph.Tensors(i), allowance) for i in range(subgraph.TensorsLength()))
    inputs, outputs = map(allowance.tuple_of, (subgraph.InputsAsNumpy(), subgraph.OutputsAsNumpy()))
    _refuse_absent(tensors, (*inputs, *outputs), where)
    _refuse_float(tensors, inputs, where)
    operators = [_read_operator(raw, subgraph.Operators(i), i, allowance) for i in range(subgraph.OperatorsLength())]
    tensors, kept = fold_shapes(tensors, operators)
    unknown = [operator for operator in kept if operator.name not in OPERATORS]
    if unknown:
        found = ", ".join(f"operator {operator.site.index} {operator.name}" for operator in unknown[:3])
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        raise UnsupportedOperatorError(
            f"{where}: {found}{more} not supported; supported: {', '.join(sorted(OPERATORS))}; "
            "replace the operator in the model"
        )
    ops = tuple(OPERATORS[operator.name].parse(operator.site, operator.options) for operator in kept)
    return Graph(tensors, ops, inputs, outputs), Counter(operator.name for operator in operators)


def _refuse_absent(tensors: tuple[Tensor, ...], ports: tuple[int, ...], where: str) -> None:
    for index in ports:
        if not 0 <= index < len(tensors):
            raise ModelFormatError(
                f"{where}: an input or output of the model is tensor {index}, allowed: 0 to {len(tensors) - 1}; "
                "copy or convert the file again"
            )


def _refuse_float(tensors: tuple[Tensor, ...], inputs: tuple[int, ...], where: str) -> None:
    """A float model gets the word that helps, before any complaint about its operators."""
    for index in inputs:
        if not tensors[index].is_quantized:
            raise QuantizationError(
                f"{where}: input tensor {tensors[index].name!r} is {tensors[index].dtype}, allowed: "
                f"{' or '.join(QUANTIZED_TYPES)}; quantize the model fully to int8, inputs and outputs too "
                "('tinyser quantize')"
            )


def _operator_name(raw: Any, operator: Any) -> str:
    code = raw.OperatorCodes(operator.OpcodeIndex())
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    name = _OPERATOR_NAMES.get(number, f"BUILTIN_{number}")
    if name != "CUSTOM":
        return name
    custom = (code.CustomCode() or b"").decode("utf-8", "replace")
    return f"CUSTOM({custom[:40]!r})"


def _read_tensor(raw: Any, tensor: Any, allowance: _Allowance) -> Tensor:
    shape = allowance.tuple_of(tensor.ShapeAsNumpy()) if tensor.ShapeLength() else ()
    dtype = _DTYPES.get(tensor.Type(), f"type {tensor.Type()}")
    name = (tensor.Name() or b"")[:LONGEST_NAME].decode("utf-8", "replace")
    buffer = raw.Buffers(tensor.Buffer())
    data = None
    if buffer.DataLength():
        if dtype in ELEMENT_BYTES:
            # No copy: many tensors may share a buffer.
            stored = np.asarray(buffer.DataAsNumpy()).view(np.dtype(dtype).newbyteorder("<"))
            data = stored.astype(dtype, copy=False).reshape(shape)
            data.setflags(write=False)
        else:
            raise ValueError(f"constant {name!r} has type {dtype}")
    return Tensor(name, shape, dtype, _read_quant(tensor.Quantization(), allowance), data, bool(tensor.IsVariable()))


def _read_quant(raw: Any, allowance: _Allowance) -> Quant | None:
    if raw is None or not raw.ScaleLength():
        return None
    allowance.take(raw.ScaleLength())
    scale = tuple(raw.ScaleAsNumpy().tolist())
    given = allowance.tuple_of(raw.ZeroPointAsNumpy()) if raw.ZeroPointLength() else ()
    zero_point = given or (0,) * len(scale)
    return Quant(scale, zero_point, int(raw.QuantizedDimension()))


def _read_operator(raw: Any, operator: Any, index: int, allowance: _Allowance) -> ReadOperator:
    inputs, outputs = map(allowance.tuple_of, (operator.InputsAsNumpy(), operator.OutputsAsNumpy()))
    site = OpSite(index=index, inputs=inputs, outputs=outputs)
    return ReadOperator(_operator_name(raw, operator), site, _read_options(operator, allowance))


def _read_options(raw: Any, allowance: _Allowance) -> dict[str, Any]:
    """The operator's option table as a plain mapping, by the schema's accessor names."""
    class_name = _OPTION_CLASSES.get(raw.BuiltinOptionsType())
    union = raw.BuiltinOptions()
    if class_name is None or union is None:
        return {}
    table = getattr(tflite, class_name)()
    table.Init(union.Bytes, union.Pos)
    scalar = re.compile(r"(?!Init|GetRootAs).*(?<!AsNumpy)(?<!Length)(?<!IsNone)(?<!BufferHasIdentifier)$")
    options = {}
    for accessor in dir(table):
        if accessor[0].isupper() and scalar.match(accessor) and not hasattr(table, accessor + "AsNumpy"):
            options[accessor] = getattr(table, accessor)()
        elif accessor.endswith("AsNumpy"):
            options[accessor[: -len("AsNumpy")]] = allowance.tuple_of(getattr(table, accessor)())
    return options


def _read_card(raw: Any) -> ModelCard | None:
    for index in range(raw.MetadataLength()):
        entry = raw.Metadata(index)
        if entry.Name() == METADATA_NAME.encode():
            buffer = raw.Buffers(entry.Buffer())
            return ModelCard.loads(np.asarray(buffer.DataAsNumpy()).tobytes())
    return None
