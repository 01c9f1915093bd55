"""What a model computes from its tensors' shapes is known when it is read: SHAPE, and STRIDED_SLICE and PACK of it.

A Keras model with a free batch size is full of that, in front of RESHAPE (of Flatten) and of TRANSPOSE_CONV: the
converter sets the batch size to 1 and leaves the arithmetic behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from codegen.ir import Graph, OpSite, Tensor
from codegen.ops.pack import Pack
from codegen.ops.strided_slice import StridedSlice


@dataclass(frozen=True, slots=True)
class ReadOperator:
    """An operator of the file before it is parsed; there may be none of that name."""

    name: str
    site: OpSite
    options: Mapping[str, Any]


def fold_shapes(
    tensors: Sequence[Tensor], operators: Sequence[ReadOperator]
) -> tuple[tuple[Tensor, ...], tuple[ReadOperator, ...]]:
    """The tensors, of which more are constants, and the operators that are left, in order."""
    folded, kept = list(tensors), []
    for operator in operators:
        values = _values(operator, folded)
        if values is None:
            kept.append(operator)
        else:
            output = operator.site.outputs[0]
            values.setflags(write=False)
            folded[output] = replace(folded[output], data=values)
    return tuple(folded), tuple(kept)


def _values(operator: ReadOperator, tensors: Sequence[Tensor]) -> np.ndarray | None:
    """The output of an operator on int32 that is the same for every input of the model; None for all others."""
    site = operator.site
    output = tensors[site.outputs[0]] if len(site.outputs) == 1 else None
    if output is None or output.dtype != "int32":
        return None
    if operator.name == "SHAPE":
        values = np.array(tensors[site.inputs[0]].shape, np.int32)
    elif operator.name == "STRIDED_SLICE" and (given := tensors[site.inputs[0]].data) is not None:
        graph = Graph(tuple(tensors), (), (), ())
        op = StridedSlice.parse(site, operator.options)
        if op.check(graph) is not None:
            return None
        along_axes = [[first + stride * i for i in range(count)] for first, count, stride in op.spans(graph)]
        values = given[np.ix_(*along_axes)]
    elif operator.name == "PACK" and (parts := [tensors[index].data for index in site.inputs]):
        if any(part is None for part in parts):
            return None
        values = np.stack([part for part in parts if part is not None], Pack.parse(site, operator.options).axis)
    else:
        return None
    return values.reshape(output.shape)
