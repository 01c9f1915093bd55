"""Changes of a TensorFlow Lite model, table by table, by the schema's own object API."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from fuzzing.values import INTEGERS, integer, name, number

Change = Callable[[Any, random.Random], None]


def mutate_tflite(content: bytes, random_: random.Random) -> bytes:
    """One to three changes of tensors, operators, options, buffers or the model as a whole."""
    model = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
    for _ in range(random_.choice((1, 1, 2, 3))):
        random_.choice(CHANGES)(model, random_)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _tensor(model: Any, random_: random.Random) -> Any:
    return random_.choice(model.subgraphs[0].tensors)


def _operator(model: Any, random_: random.Random) -> Any:
    return random_.choice(model.subgraphs[0].operators)


def _int32(random_: random.Random, old: int = 0) -> int:
    return (integer(random_, old) + 2**31) % 2**32 - 2**31


def _float32(random_: random.Random, old: float = 0.0) -> float:
    return float(np.clip(number(random_, old), -3.4e38, 3.4e38)) if random_.random() < 0.9 else float("inf")


def _shape(model: Any, random_: random.Random) -> None:
    """An extent, the order, or the rank."""
    tensor = _tensor(model, random_)
    shape = list(() if tensor.shape is None else tensor.shape)
    kind = random_.random()
    if shape and kind < 0.6:
        at = random_.randrange(len(shape))
        shape[at] = _int32(random_, int(shape[at]))
    elif kind < 0.8:
        shape.insert(random_.randrange(len(shape) + 1), random_.choice((1, 1, 2, 65536)))
    elif shape:
        random_.shuffle(shape)
        shape = shape[: random_.randrange(len(shape) + 1)]
    tensor.shape = shape


def _scaled_shapes(model: Any, random_: random.Random) -> None:
    """The same extent in all tensors becomes another: a model that may well be right."""
    tensors = [tensor for tensor in model.subgraphs[0].tensors if tensor.shape is not None]
    extents = [int(extent) for tensor in tensors for extent in tensor.shape] or [1]
    old, new = random_.choice(extents), random_.choice((1, 2, 3, 5, 17, 1000, 65536, 2**20, 2**24, 2**31 - 1))
    for tensor in tensors:
        tensor.shape = [new if extent == old else int(extent) for extent in tensor.shape]


def _quantization(model: Any, random_: random.Random) -> None:
    tensor = _tensor(model, random_)
    quantization = tensor.quantization or schema.QuantizationParametersT()
    tensor.quantization = quantization
    scales = [float(v) for v in (() if quantization.scale is None else quantization.scale)]
    zeros = [int(v) for v in (() if quantization.zeroPoint is None else quantization.zeroPoint)]
    kind = random_.randrange(6)
    if kind == 0 and scales:
        scales[random_.randrange(len(scales))] = random_.choice((float("nan"), _float32(random_, scales[0])))
    elif kind == 1 and scales:
        factor = random_.choice((1e-6, 1e-3, 0.5, 2.0, 1e3, 1e6, 1e-20, 1e20))
        scales = [float(np.clip(scale * factor, -3.4e38, 3.4e38)) for scale in scales]
    elif kind == 2 and zeros:
        zeros[random_.randrange(len(zeros))] = random_.choice((-128, 127, 0, 128, -129, 2**31, 2**63 - 1, -(2**63)))
    elif kind == 3:
        quantization.quantizedDimension = _int32(random_, quantization.quantizedDimension or 0)
    elif kind == 4:
        scales = scales[: random_.randrange(len(scales) + 1)] * random_.choice((1, 2, 3))
    else:
        zeros = zeros[: random_.randrange(len(zeros) + 1)] * random_.choice((1, 2, 3))
    quantization.scale, quantization.zeroPoint = scales, zeros


def _type(model: Any, random_: random.Random) -> None:
    _tensor(model, random_).type = random_.choice((*range(20), 127, -128))


def _name(model: Any, random_: random.Random) -> None:
    _tensor(model, random_).name = name(random_).encode("utf-8", "surrogatepass")


def _variable(model: Any, random_: random.Random) -> None:
    tensor = _tensor(model, random_)
    tensor.isVariable = not tensor.isVariable


def _buffer_of(model: Any, random_: random.Random) -> None:
    """Absent, another's, or none that there is."""
    _tensor(model, random_).buffer = random_.choice((0, random_.randrange(len(model.buffers)), 2**31, 2**32 - 1))


def _buffer(model: Any, random_: random.Random) -> None:
    """Longer, shorter, empty, or of other values."""
    buffer = random_.choice(model.buffers)
    data = b"" if buffer.data is None else bytes(bytearray(buffer.data))
    kind = random_.randrange(4)
    if kind == 0:
        data = data[: random_.randrange(len(data) + 1)]
    elif kind == 1:
        data = data + data[: random_.randrange(len(data) + 1)] + b"\0" * random_.randrange(9)
    elif kind == 2:
        data = random_.randbytes(len(data))
    elif len(data) >= 4:
        at = random_.randrange(len(data) // 4) * 4
        data = data[:at] + (random_.choice(INTEGERS) % 2**32).to_bytes(4, "little") + data[at + 4 :]
    buffer.data = list(data)


def _operand(model: Any, random_: random.Random) -> None:
    """Another tensor, none, one out of range; or the list longer or shorter. Cycles come of it, too."""
    operator = _operator(model, random_)
    side = random_.choice(("inputs", "outputs"))
    indices = [int(v) for v in (() if getattr(operator, side) is None else getattr(operator, side))]
    other = random_.choice((random_.randrange(len(model.subgraphs[0].tensors)), -1, _int32(random_)))
    kind = random_.random()
    if indices and kind < 0.7:
        indices[random_.randrange(len(indices))] = other
    elif kind < 0.85:
        indices.append(other)
    elif indices:
        indices.pop()
    setattr(operator, side, indices)


def _option(model: Any, random_: random.Random) -> None:
    """A stride, an axis, an activation, ... gets another value."""
    operator = _operator(model, random_)
    options = operator.builtinOptions
    fields = [] if options is None else sorted(vars(options))
    if not fields:
        operator.builtinOptionsType = random_.randrange(130)
        return
    field = random_.choice(fields)
    old = getattr(options, field)
    if isinstance(old, bool):
        setattr(options, field, not old)
    elif isinstance(old, int):
        narrow = field in ("padding", "fusedActivationFunction", "mode", "weightsFormat", "outputType", "type")
        setattr(options, field, random_.randrange(-3, 10) if narrow else _int32(random_, old))
    elif isinstance(old, float):
        setattr(options, field, _float32(random_, old))
    elif old is None or hasattr(old, "__len__"):
        setattr(options, field, [_int32(random_) for _ in range(random_.randrange(5))])


def _operator_code(model: Any, random_: random.Random) -> None:
    code = random_.choice(model.operatorCodes)
    number_ = random_.choice((*range(160), 32, 209))
    code.builtinCode, code.deprecatedBuiltinCode = number_, min(number_, 127)
    code.version = random_.choice((1, 1, 2, 3, 0, -1, 100))
    if random_.random() < 0.2:
        code.customCode = name(random_).encode("utf-8", "surrogatepass")


def _another_operator(model: Any, random_: random.Random) -> None:
    """Twice, elsewhere, or gone."""
    operators = model.subgraphs[0].operators
    at = random_.randrange(len(operators))
    kind = random_.randrange(3)
    if kind == 0:
        operators.append(operators[at])
    elif kind == 1 and len(operators) > 1:
        operators.insert(random_.randrange(len(operators)), operators.pop(at))
    elif len(operators) > 1:
        del operators[at]


def _edges(model: Any, random_: random.Random) -> None:
    """What goes in and what comes out of the model."""
    graph = model.subgraphs[0]
    side = random_.choice(("inputs", "outputs"))
    count = random_.choice((0, 1, 1, 2, 3))
    choices = (*range(len(graph.tensors)), -1, len(graph.tensors), 2**31 - 1)
    setattr(graph, side, [random_.choice(choices) for _ in range(count)])


def _whole(model: Any, random_: random.Random) -> None:
    kind = random_.randrange(5)
    if kind == 0:
        model.subgraphs = model.subgraphs * random_.choice((0, 2))
    elif kind == 1:
        model.buffers = model.buffers[: random_.randrange(len(model.buffers) + 1)]
    elif kind == 2:
        model.operatorCodes = model.operatorCodes[: random_.randrange(len(model.operatorCodes) + 1)]
    elif kind == 3:
        model.version = _int32(random_) % 2**31
    else:
        model.description = name(random_).encode("utf-8", "surrogatepass")


CHANGES: tuple[Change, ...] = (
    *(_shape, _shape, _scaled_shapes, _quantization, _quantization, _type, _name, _variable, _buffer_of, _buffer),
    *(_operand, _operand, _option, _option, _option, _operator_code, _another_operator, _edges, _whole),
)
