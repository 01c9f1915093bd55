"""Puts a view in front of each convolution of a model's input, so that a row region may begin with it.

A view costs nothing; in a row region it becomes a copy of the few rows that are being read, with the padding that a
whole tensor does not have around it. What operators compute needs no view: their regions hold its rows.
"""

from __future__ import annotations

from dataclasses import replace

from codegen.ir import Graph, Op, OpSite
from codegen.ops.conv_2d import Conv2D
from codegen.ops.depthwise_conv_2d import DepthwiseConv2D
from codegen.ops.reshape import Reshape


def stage_windows(graph: Graph) -> Graph:
    """Adds a RESHAPE to the same shape before every convolution whose input is an input of the graph."""
    ops: list[Op] = []
    for op in graph.ops:
        if isinstance(op, Conv2D | DepthwiseConv2D) and op.site.inputs[0] in graph.inputs:
            staged = len(graph.tensors)
            graph = replace(graph, tensors=(*graph.tensors, graph.operand(op, 0)))
            index = 1 + max(other.site.index for other in (*graph.ops, *ops))
            ops.append(Reshape(OpSite(index=index, inputs=op.site.inputs[:1], outputs=(staged,))))
            op = replace(op, site=replace(op.site, inputs=(staged, *op.site.inputs[1:])))
        ops.append(op)
    return replace(graph, ops=tuple(ops))
