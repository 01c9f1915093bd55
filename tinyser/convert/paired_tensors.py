"""Tensors of an int8 graph beside those of the float one: what the output is made of, followed back in both.

The two files may hold their operators in another order, as they do for Conformers.
"""

from __future__ import annotations

from typing import Any

from tinyser.convert.tflite_file import operator_name

# What only changes scales: the float graph has none of it.
BETWEEN_SCALES = ("QUANTIZE", "DEQUANTIZE")


def paired_tensors(model: Any, twin: Any) -> tuple[dict[int, int], str | None]:
    """Of each tensor that a `ModelT` needs for its outputs, that of another one, constants included.

    And where the two first are not of one network, in words.
    """
    ours, theirs = _Graph(model), _Graph(twin)
    pairs: dict[int, int] = {}
    left = list(zip(ours.outputs, theirs.outputs, strict=False))
    if len(ours.outputs) != len(theirs.outputs):
        return pairs, f"{len(theirs.outputs)} outputs, in the other file {len(ours.outputs)}"
    while left:
        mine, other = (graph.before_scales(tensor) for graph, tensor in zip((ours, theirs), left.pop(), strict=True))
        if mine in pairs:
            if pairs[mine] != other:
                return pairs, f"tensor {other} where the other file has what became {pairs[mine]}"
            continue
        if ours.about(mine) != theirs.about(other):
            return pairs, f"{theirs.named(other)}, in the other file {ours.about(mine)}"
        pairs[mine] = other
        left += zip(ours.read_for(mine), theirs.read_for(other), strict=True)
    return pairs, None


def int8_tensors(int8: Any, floats: Any) -> dict[int, int]:
    """Of each tensor of the float graph that of the int8 one; nothing where that changes scales in between."""
    pairs, difference = paired_tensors(int8, floats)
    names = {operator_name(int8, operator) for operator in int8.subgraphs[0].operators}
    if difference is not None or names & set(BETWEEN_SCALES):
        return {}
    return {other: mine for mine, other in pairs.items()}


class _Graph:
    def __init__(self, model: Any) -> None:
        graph = model.subgraphs[0]
        self._tensors, self.outputs = graph.tensors, list(map(int, graph.outputs))
        self._made = {
            int(tensor): (index, place, operator, operator_name(model, operator))
            for index, operator in enumerate(graph.operators)
            for place, tensor in enumerate(operator.outputs)
        }

    def before_scales(self, tensor: int) -> int:
        while tensor in self._made and self._made[tensor][3] in BETWEEN_SCALES:
            tensor = int(self._made[tensor][2].inputs[0])
        return tensor

    def read_for(self, tensor: int) -> list[int]:
        """What the operator reads that makes it; nothing where none does."""
        operator = self._made[tensor][2] if tensor in self._made else None
        return [] if operator is None else [int(index) for index in operator.inputs if index >= 0]

    def about(self, tensor: int) -> str:
        """What has to be alike: the operator that makes it, how much that reads, and the shape."""
        shape = tuple(map(int, self._tensors[tensor].shape))
        if tensor not in self._made:
            return f"no operator {shape}"
        _, place, _, name = self._made[tensor]
        return f"{name} {shape}, output {place} of {len(self.read_for(tensor))} inputs"

    def named(self, tensor: int) -> str:
        index = self._made[tensor][0] if tensor in self._made else None
        return self.about(tensor) if index is None else f"operator {index} is {self.about(tensor)}"
