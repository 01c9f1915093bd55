"""Folds PAD and PADV2 into the convolutions that read it: a kernel skips the border instead of multiplying zeros.

Exact where the value that is added is the zero point, as it always is in PAD: a convolution's input offset turns it
into 0, so that such a tap adds nothing. Where a RESHAPE stands between (converters make 1-D convolutions that way) and
only adds axes of extent 1, the two change places first.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from codegen.ir import Graph, Op, Tensor
from codegen.ops.conv_2d import Conv2D
from codegen.ops.depthwise_conv_2d import DepthwiseConv2D
from codegen.ops.pad import Pad, paddings
from codegen.ops.reshape import Reshape


def fold_padding(graph: Graph) -> Graph:
    """Removes each PAD of height and width whose readers are all convolutions."""
    for index in [op.site.index for op in graph.ops if isinstance(op, Pad)]:
        swapped = _behind_reshape(graph, index)
        pad = _operator(swapped, index)
        if _foldable(pad, swapped):
            graph = _fold(pad, swapped)
    return graph


def _operator(graph: Graph, index: int) -> Pad:
    pad = next(op for op in graph.ops if op.site.index == index)
    assert isinstance(pad, Pad)
    return pad


def _behind_reshape(graph: Graph, index: int) -> Graph:
    """PAD, RESHAPE becomes RESHAPE, PAD where every axis is still there."""
    pad = _operator(graph, index)
    padded, readers = pad.site.outputs[0], graph.consumers(pad.site.outputs[0])
    if len(readers) != 1 or not isinstance(readers[0], Reshape) or padded in graph.outputs:
        return graph
    reshape = readers[0]
    target = graph.output(reshape)
    sides = _sides_in(target.shape, graph.tensors[padded].shape, paddings(pad, graph))
    if sides is None or graph.tensors[padded].quant != target.quant:
        return graph
    shape = tuple(extent - before - after for extent, (before, after) in zip(target.shape, sides, strict=True))
    given = graph.operand(pad, 0)
    unpadded, operand = len(graph.tensors), len(graph.tensors) + 1
    data = np.array(sides, dtype=np.int32)
    tensors = (*graph.tensors, replace(given, shape=shape), Tensor("paddings", data.shape, "int32", None, data))
    moved = replace(reshape, site=replace(reshape.site, inputs=(pad.site.inputs[0],), outputs=(unpadded,)))
    last = replace(
        pad, site=replace(pad.site, inputs=(unpadded, operand, *pad.site.inputs[2:]), outputs=reshape.site.outputs)
    )
    swapped = {pad.site.index: moved, reshape.site.index: last}
    return replace(graph, tensors=tensors, ops=tuple(swapped.get(op.site.index, op) for op in graph.ops))


def _sides_in(
    target: tuple[int, ...], padded: tuple[int, ...], sides: tuple[tuple[int, int], ...]
) -> list[tuple[int, int]] | None:
    """The paddings of each axis of `target`, which has the axes of `padded` in order, and others of extent 1."""
    found, axis = [], 0
    for extent in target:
        if axis < len(padded) and extent == padded[axis]:
            found.append(sides[axis])
            axis += 1
        elif extent == 1:
            found.append((0, 0))
        else:
            return None
    return found if axis == len(padded) else None


def _foldable(pad: Pad, graph: Graph) -> bool:
    given, output = graph.operand(pad, 0), graph.output(pad)
    sides = paddings(pad, graph)
    readers = graph.consumers(pad.site.outputs[0])
    return (
        len(sides) == 4
        and sides[0] == sides[3] == (0, 0)
        and given.quant == output.quant
        and pad.value(graph) == given.zero_point
        and not given.is_constant
        and pad.site.outputs[0] not in graph.outputs
        and bool(readers)
        and all(isinstance(reader, Conv2D | DepthwiseConv2D) for reader in readers)
    )


def _fold(pad: Pad, graph: Graph) -> Graph:
    readers = graph.consumers(pad.site.outputs[0])
    ops = tuple(_read_unpadded(op, pad, graph) if op in readers else op for op in graph.ops if op is not pad)
    return replace(graph, ops=ops)


def _read_unpadded(op: Op, pad: Pad, graph: Graph) -> Op:
    """The convolution on the PAD's input, its window starting that much earlier."""
    assert isinstance(op, Conv2D | DepthwiseConv2D)
    padded, weights, output = graph.output(pad).shape, graph.operand(op, 1).shape, graph.output(op).shape
    sides = paddings(pad, graph)
    top, left = (
        sides[1 + axis][0] + op.window.pad_before(padded[1 + axis], weights[1 + axis], output[1 + axis], axis)
        for axis in (0, 1)
    )
    site = replace(op.site, inputs=(pad.site.inputs[0], *op.site.inputs[1:]))
    return replace(op, site=site, window=replace(op.window, before=(top, left)))
