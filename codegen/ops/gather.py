"""GATHER: slices of a tensor along one axis, picked by index."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.ir import Graph, Op, OpSite, Rule
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.axes import from_front
from codegen.ops.operands import integers
from codegen.ops.rules import element_type


def _axis(op: Gather, graph: Graph) -> int | None:
    return from_front(op.axis, len(graph.operand(op, 0).shape))


def _batch_axes(op: Gather, graph: Graph) -> int:
    """How many leading axes the tensor and the indices share; negative: counted from the indices' rank."""
    return op.batch_dims + (len(graph.operand(op, 1).shape) if op.batch_dims < 0 else 0)


def _batch_fits(op: Gather, graph: Graph) -> bool:
    axis, count = _axis(op, graph), _batch_axes(op, graph)
    shared = graph.operand(op, 1).shape[:count]
    return axis is not None and 0 <= count <= axis and graph.operand(op, 0).shape[:count] == shared


def _output_shape(op: Gather, graph: Graph) -> tuple[int, ...]:
    shape, axis = graph.operand(op, 0).shape, _axis(op, graph)
    assert axis is not None
    return (*shape[:axis], *graph.operand(op, 1).shape[_batch_axes(op, graph) :], *shape[axis + 1 :])


def _indices_outside(op: Gather, graph: Graph) -> list[int]:
    """The constant indices that name no place on the axis; what is computed is not known here."""
    axis = _axis(op, graph)
    assert axis is not None
    known = integers(op, graph, 1) if graph.operand(op, 1).is_constant else ()
    return [index for index in known if not 0 <= index < graph.operand(op, 0).shape[axis]]


@dataclass(frozen=True, slots=True)
class Gather(Op):
    """The tensor may be constant (an embedding), so may the indices; the kernel takes computed ones into the axis."""

    axis: int
    batch_dims: int

    NAME: ClassVar[str] = "GATHER"
    ARITY: ClassVar[tuple[int, int]] = (2, 2)
    INPUT_TYPES: ClassVar[tuple[str, ...]] = ("int8", "int32")
    RULES: ClassVar[tuple[Rule, ...]] = (
        element_type(0, "int8"),
        element_type(1, "int32"),
        Rule(
            "axis",
            lambda op, graph: _axis(op, graph) is not None,
            lambda op, graph: op.axis,
            "an axis of the input",
        ),
        Rule(
            "batch dimensions",
            _batch_fits,
            lambda op, graph: op.batch_dims,
            "leading axes, in front of the axis, that input and indices share",
        ),
        Rule(
            "output shape",
            lambda op, graph: graph.output(op).shape == _output_shape(op, graph),
            lambda op, graph: graph.output(op).shape,
            "the input's shape with the indices' in place of the axis",
        ),
        Rule(
            "first wrong index",
            lambda op, graph: not _indices_outside(op, graph),
            lambda op, graph: _indices_outside(op, graph)[0],
            "from 0, below the axis's extent",
        ),
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> Gather:
        return cls(site, int(options.get("Axis", 0)), int(options.get("BatchDims", 0)))

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        shape, axis, batch = graph.operand(self, 0).shape, _axis(self, graph), _batch_axes(self, graph)
        assert axis is not None
        params: dict[str, ParamValue] = {
            "batch": math.prod(shape[:batch]),
            "outer": math.prod(shape[batch:axis]),
            "extent": shape[axis],
            "count": math.prod(graph.operand(self, 1).shape[batch:]),
            "inner": math.prod(shape[axis + 1 :]),
        }
        return (KernelCall("gather", self.site.inputs, self.site.outputs[0], params),)
