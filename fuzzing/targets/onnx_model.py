"""An ONNX file, as `tinyser quantize` reads it in front of the converter, which is a program of its own."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from onnx import ModelProto, TensorProto, helper

from codegen.model_card import ModelCard
from fuzzing.mutate_bytes import mutate_bytes
from fuzzing.mutate_tree import mutate_json
from fuzzing.scratch import file_of
from fuzzing.target import Target
from fuzzing.values import integer, name
from tests.projects import LABELS, SPEC
from tinyser.convert.onnx_file import METADATA_KEY, read_onnx


def run(content: bytes) -> None:
    read_onnx(file_of(content, "model.onnx"))


def seeds() -> Sequence[bytes]:
    card = ModelCard(name="seed", labels=LABELS, features=SPEC)
    return [_model({}), _model({METADATA_KEY: card.dumps()})]


def _model(metadata: dict[str, str]) -> bytes:
    """MatMul and Softmax."""
    given = helper.make_tensor_value_info("features", TensorProto.FLOAT, [1, 30, 16])
    output = helper.make_tensor_value_info("posteriors", TensorProto.FLOAT, [1, 30, 3])
    weights = helper.make_tensor("weights", TensorProto.FLOAT, [16, 3], [0.1] * 48)
    nodes = [
        helper.make_node("MatMul", ["features", "weights"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["posteriors"]),
    ]
    graph = helper.make_graph(nodes, "graph", [given], [output], [weights])
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    helper.set_model_props(model, metadata)
    return bytes(model.SerializeToString())


def mutate(content: bytes, random_: random.Random) -> bytes:
    model = ModelProto.FromString(content)
    for _ in range(random_.choice((1, 1, 2))):
        random_.choice((_shape, _name, _node, _weights, _edges, _card, _version))(model, random_)
    changed = bytes(model.SerializeToString())
    return mutate_bytes(changed, random_) if random_.random() < 0.2 else changed


def _shape(model: Any, random_: random.Random) -> None:
    value = random_.choice([*model.graph.input, *model.graph.output])
    kind = value.type.tensor_type
    if random_.random() < 0.2:
        kind.elem_type = random_.randrange(30)
    elif kind.shape.dim and random_.random() < 0.7:
        random_.choice(kind.shape.dim).dim_value = _int64(random_)
    else:
        kind.shape.dim.add().dim_param = _text(random_)


def _name(model: Any, random_: random.Random) -> None:
    random_.choice([*model.graph.input, *model.graph.output, *model.graph.node, model.graph]).name = _text(random_)


def _node(model: Any, random_: random.Random) -> None:
    """Another operator, operands that do not exist, cycles, an attribute, one more."""
    node = random_.choice(model.graph.node)
    kind = random_.randrange(5)
    if kind == 0:
        node.op_type = random_.choice(("Identity", "If", "Loop", "Scan", "Cast", _text(random_)))
    elif kind == 1:
        node.input[:] = [random_.choice(("", "posteriors", "logits", _text(random_)))] * random_.randrange(4)
    elif kind == 2:
        node.output[:] = [random_.choice(("", "features", "logits", "posteriors"))] * random_.randrange(3)
    elif kind == 3:
        node.attribute.append(helper.make_attribute(_text(random_) or "axis", _int64(random_)))
    else:
        model.graph.node.add().CopyFrom(node)


def _weights(model: Any, random_: random.Random) -> None:
    """Dimensions, type, or data that lie elsewhere."""
    if not model.graph.initializer:
        return
    tensor = random_.choice(model.graph.initializer)
    kind = random_.randrange(4)
    if kind == 0:
        tensor.dims.append(_int64(random_))
    elif kind == 1:
        tensor.data_type = random_.randrange(30)
    elif kind == 2:
        tensor.data_location = TensorProto.EXTERNAL
        entry = tensor.external_data.add()
        entry.key, entry.value = random_.choice(("location", "offset", "length")), _text(random_)
    else:
        tensor.raw_data = random_.randbytes(random_.randrange(300))


def _edges(model: Any, random_: random.Random) -> None:
    side = random_.choice((model.graph.input, model.graph.output))
    if len(side) and random_.random() < 0.5:
        side.pop()
    else:
        side.add().name = random_.choice(("features", "weights", _text(random_)))


def _card(model: Any, random_: random.Random) -> None:
    for entry in model.metadata_props:
        entry.value = mutate_json(entry.value.encode(), random_).decode("utf-8", "replace")


def _version(model: Any, random_: random.Random) -> None:
    model.ir_version = _int64(random_)
    if model.opset_import:
        model.opset_import[0].version = _int64(random_)


def _int64(random_: random.Random) -> int:
    return (integer(random_) + 2**63) % 2**64 - 2**63


def _text(random_: random.Random) -> str:
    return name(random_).encode("utf-8", "replace").decode()


TARGET = Target(
    about="an .onnx file to the converter's door", run=run, seeds=seeds, mutate=mutate, seconds=10.0, megabytes=1024
)
