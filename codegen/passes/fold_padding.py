"""Folds PAD and PADV2 into the convolutions that read it: a kernel skips the border instead of multiplying zeros.

Exact where the value that is added is the zero point, as it always is in PAD: a convolution's input offset turns it
into 0, so that such a tap adds nothing.
"""

from __future__ import annotations

from dataclasses import replace

from codegen.ir import Graph, Op
from codegen.ops.conv_2d import Conv2D
from codegen.ops.depthwise_conv_2d import DepthwiseConv2D
from codegen.ops.pad import Pad, paddings


def fold_padding(graph: Graph) -> Graph:
    """Removes each PAD of height and width whose readers are all convolutions."""
    for op in graph.ops:
        if isinstance(op, Pad) and _foldable(op, graph):
            graph = _fold(op, graph)
    return graph


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
