"""Finds attention in a float graph: softmax(query @ key) @ value, between linear layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tinyser.convert.linear_layers import LinearLayer, find_pairs
from tinyser.convert.tflite_file import constant_bytes, operator_name

MOVES = ("RESHAPE", "TRANSPOSE")
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Side:
    """A tensor that a layer makes or reads, and where in it heads have their values: (heads, positions, width).

    All that a head has at one index of its width are values of one of the tensor's channels.
    """

    layer: LinearLayer
    tensor: int
    channels: int
    places: Places

    def by_channel(self, of: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(heads, width) -> (channels,)."""
        found = np.empty(self.channels)
        found[self.places[:, 0] % self.channels] = of
        return found


@dataclass(frozen=True, slots=True)
class Attention:
    """`scores`: the tensor that softmax reads; `mixed`: what becomes of the values, before moves bring it to `out`."""

    query: Side
    key: Side
    value: Side
    out: Side
    scores: int
    mixed: int


def find_attention(twin: Any) -> list[Attention]:
    """Those of plain layers, in which each head has channels of its own, and nothing else reads what is made."""
    graph = _Graph(twin)
    found = (_behind(graph, operator) for operator in twin.subgraphs[0].operators)
    return [one for one in found if one is not None]


class _Graph:
    """What makes and reads the tensors of a graph."""

    def __init__(self, twin: Any) -> None:
        self.twin = twin
        operators, outputs = twin.subgraphs[0].operators, twin.subgraphs[0].outputs
        self.makers = {int(output): operator for operator in operators for output in operator.outputs}
        self.layers = [layer for layer, _ in find_pairs(twin, twin)]
        self.reads = [int(tensor) for operator in operators for tensor in operator.inputs] + list(map(int, outputs))

    def maker(self, tensor: int, name: str) -> Any:
        """The operator of that name that makes a tensor, which is read once; or None."""
        maker = self.makers.get(tensor)
        made = maker is not None and operator_name(self.twin, maker) == name and self.reads.count(tensor) == 1
        return maker if made else None

    def shape(self, tensor: int) -> tuple[int, ...]:
        return tuple(map(int, self.twin.subgraphs[0].tensors[tensor].shape))

    def places(self, tensor: int, moves: list[Any]) -> Places:
        """What moves make of the numbers of a tensor's places."""
        places = np.arange(int(np.prod(self.shape(tensor)))).reshape(self.shape(tensor))
        for operator in moves:
            if operator_name(self.twin, operator) == "TRANSPOSE":
                about = self.twin.subgraphs[0].tensors[int(operator.inputs[1])]
                places = places.transpose(np.frombuffer(constant_bytes(self.twin, about), np.int32))
            else:
                places = places.reshape(self.shape(int(operator.outputs[0])))
        return places


def _behind(graph: _Graph, mix: Any) -> Attention | None:
    """The attention whose values this operator mixes."""
    if operator_name(graph.twin, mix) != "BATCH_MATMUL" or mix.builtinOptions.adjX:
        return None
    weights = graph.maker(int(mix.inputs[0]), "SOFTMAX")
    product = None if weights is None else graph.maker(int(weights.inputs[0]), "BATCH_MATMUL")
    if product is None or weights.builtinOptions.beta != 1:
        return None
    options = product.builtinOptions
    query = _made(graph, int(product.inputs[0]), options.adjX)
    key = _made(graph, int(product.inputs[1]), not options.adjY)
    value = _made(graph, int(mix.inputs[1]), mix.builtinOptions.adjY)
    out = _moved_to(graph, int(mix.outputs[0]))
    if query is None or key is None or value is None or out is None:
        return None
    return Attention(query, key, value, out, int(product.outputs[0]), int(mix.outputs[0]))


def _made(graph: _Graph, tensor: int, swapped: bool) -> Side | None:
    """The layer out of whose output moves make a tensor; `swapped`: its last two axes are (width, positions)."""
    by_output = {layer.output: layer for layer in graph.layers}
    moves: list[Any] = []
    while tensor not in by_output:
        if (operator := graph.makers.get(tensor)) is None or operator_name(graph.twin, operator) not in MOVES:
            return None
        if graph.reads.count(tensor) != 1:
            return None
        moves.insert(0, operator)
        tensor = int(operator.inputs[0])
    if graph.reads.count(tensor) != 1 or by_output[tensor].activation != 0:
        return None
    places = graph.places(tensor, moves)
    return _side(graph, by_output[tensor], tensor, places.swapaxes(-1, -2) if swapped else places)


def _moved_to(graph: _Graph, tensor: int) -> Side | None:
    """The layer that reads what moves make of a tensor, (..., positions, width)."""
    by_input = {layer.input: layer for layer in graph.layers}
    start = tensor
    onward: list[Any] = []
    while graph.reads.count(tensor) == 1:
        if tensor in by_input:
            there = graph.places(start, onward).ravel()
            places = np.empty_like(there)
            places[there] = np.arange(len(there))
            return _side(graph, by_input[tensor], tensor, places.reshape(graph.shape(start)))
        readers = [one for one in graph.twin.subgraphs[0].operators if tensor in map(int, one.inputs)]
        if not readers or operator_name(graph.twin, readers[0]) not in MOVES:
            return None
        onward.append(readers[0])
        tensor = int(readers[0].outputs[0])
    return None


def _side(graph: _Graph, layer: LinearLayer, tensor: int, places: Places) -> Side | None:
    heads = places.reshape(-1, *places.shape[-2:])
    channels = graph.shape(tensor)[-1]
    of = heads % channels
    own = (
        np.array_equal(of, np.broadcast_to(of[:, :1], of.shape))
        and len(np.unique(of[:, 0])) == channels == of[:, 0].size
    )
    return Side(layer, tensor, channels, heads) if own and layer.shape[0] == 1 else None
