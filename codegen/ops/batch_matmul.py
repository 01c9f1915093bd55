"""BATCH_MATMUL: (..., rows, depth) x (..., depth, columns), leading axes broadcast.

A pass folds TRANSPOSEs around it into the three `order`s: operands are read, and the product written, where they lie.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.fixed_point import quantize_multiplier, reduced_multiplier
from codegen.ir import QUANTIZED_TYPES, Graph, Op, OpSite, Rule, Tensor
from codegen.kernel_call import KernelCall, Nest, ParamValue, for_type
from codegen.ops.broadcast import broadcast_shape
from codegen.ops.linear_i16 import LARGEST_WIDE_SCALE, WIDE_BITS, has_wide_scales
from codegen.ops.loops import MAX_BATCH_LOOPS, Loop, contiguous_steps, merge_loops, padded
from codegen.ops.rules import PER_TENSOR_OPERANDS, of_type, one_type, rank
from codegen.rows import WHOLE, Access, Rows

Order = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Strided:
    """A tensor seen with its axes in another order: shape, and elements between neighbours along each axis."""

    shape: tuple[int, ...]
    steps: tuple[int, ...]

    def swapped(self) -> Strided:
        """Rows and columns exchanged."""
        return Strided((*self.shape[:-2], *self.shape[:-3:-1]), (*self.steps[:-2], *self.steps[:-3:-1]))

    def batch_step(self, axis: int, rank: int) -> int:
        """Step along a batch axis of the product, right-aligned; 0 where this tensor is repeated."""
        own = axis - rank + len(self.shape)
        return self.steps[own] if own >= 0 and self.shape[own] > 1 else 0


def _strided(shape: tuple[int, ...], order: Order | None) -> Strided:
    steps = contiguous_steps(shape)
    axes = order or tuple(range(len(shape)))
    return Strided(tuple(shape[axis] for axis in axes), tuple(steps[axis] for axis in axes))


def _stored(operand: Tensor, order: Order | None, axis: int) -> int:
    """Where the axis, counted from behind, of an operand's matrices is stored."""
    at = len(operand.shape) + axis
    return order[at] if order else at


def _batch_access(operand: Tensor, order: Order | None, axis: int, extent: int) -> Access:
    if len(operand.shape) + axis < 0:
        return WHOLE
    own = _stored(operand, order, axis)
    return Rows(own) if operand.shape[own] == extent else WHOLE


_NEST = ("batch_extent", "lhs_batch_step", "rhs_batch_step", "output_batch_step")
MAX_WIDE_DEPTH = 1 << WIDE_BITS - 30  # each product has up to 30 bits beside the sign


def _product_shape(op: BatchMatmul, graph: Graph) -> tuple[int, ...] | None:
    lhs, rhs = op.operands(graph)
    batch = broadcast_shape(lhs.shape[:-2], rhs.shape[:-2])
    matches = lhs.shape[-1] == rhs.shape[-2]
    return (*batch, lhs.shape[-2], rhs.shape[-1]) if matches and batch is not None else None


@dataclass(frozen=True, slots=True)
class BatchMatmul(Op):
    """Matrix products of computed or constant int8 tensors.

    `lhs_order[i]` is the axis of the stored operand that stands at axis i of the matrices; `output_order[i]` the axis
    of the stored product that axis i of the product is written to.
    """

    adj_x: bool
    adj_y: bool
    lhs_order: Order | None = None
    rhs_order: Order | None = None
    output_order: Order | None = None

    NAME: ClassVar[str] = "BATCH_MATMUL"
    ARITY: ClassVar[tuple[int, int]] = (2, 2)
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    RULES: ClassVar[tuple[Rule, ...]] = (
        one_type(),
        rank(0, (2, 3, 4, 5)),
        rank(1, (2, 3, 4, 5)),
        Rule(
            "output shape",
            lambda op, graph: _product_shape(op, graph) == op.product(graph).shape,
            lambda op, graph: op.product(graph).shape,
            "what the product of the operands' shapes gives",
        ),
        PER_TENSOR_OPERANDS,
        *of_type(
            "int16",
            Rule(
                "depth",
                lambda op, graph: op.depth(graph) < MAX_WIDE_DEPTH,
                lambda op, graph: op.depth(graph),
                f"below {MAX_WIDE_DEPTH} of int16",
            ),
            Rule(
                "left scale * right scale / output scale",
                lambda op, graph: has_wide_scales([op.multiplier(graph)]),
                lambda op, graph: graph.operand(op, 0).scale * graph.operand(op, 1).scale / graph.output(op).scale,
                f"below {LARGEST_WIDE_SCALE} of int16",
            ),
        ),
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> BatchMatmul:
        return cls(site, bool(options.get("AdjX", False)), bool(options.get("AdjY", False)))

    def operands(self, graph: Graph) -> tuple[Strided, Strided]:
        """Both operands as (..., rows, depth) and (..., depth, columns)."""
        lhs = _strided(graph.operand(self, 0).shape, self.lhs_order)
        rhs = _strided(graph.operand(self, 1).shape, self.rhs_order)
        return lhs.swapped() if self.adj_x else lhs, rhs.swapped() if self.adj_y else rhs

    def depth(self, graph: Graph) -> int:
        """How many products a sum has."""
        return self.operands(graph)[0].shape[-1]

    def multiplier(self, graph: Graph) -> tuple[int, int]:
        """(mantissa, shift) that bring a sum to the output's scale."""
        return quantize_multiplier(
            graph.operand(self, 0).scale * graph.operand(self, 1).scale / graph.output(self).scale
        )

    def product(self, graph: Graph) -> Strided:
        """The output as (..., rows, columns)."""
        return _strided(graph.output(self).shape, self.output_order)

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        """Rows of the product read rows of the left matrix and all of the right one, columns the other way round."""
        lhs, rhs = graph.operand(self, 0), graph.operand(self, 1)
        count = len(self.product(graph).shape)
        at = self.output_order.index(axis) if self.output_order else axis  # of the product, not as it is stored
        if at < count - 2:
            return tuple(
                _batch_access(operand, order, at - count, graph.output(self).shape[axis])
                for operand, order in ((lhs, self.lhs_order), (rhs, self.rhs_order))
            )
        if at == count - 2:
            return (Rows(_stored(lhs, self.lhs_order, -1 if self.adj_x else -2)), WHOLE)
        return (WHOLE, Rows(_stored(rhs, self.rhs_order, -2 if self.adj_y else -1)))

    def paired_depth(self, graph: Graph) -> int:
        return self.depth(graph) if graph.output(self).dtype == "int8" else 0

    def scratch_bytes(self, graph: Graph) -> int:
        depth, columns = self.depth(graph), self.operands(graph)[1].shape[-1]
        if graph.output(self).dtype == "int16":
            return -(-depth // 2) * 4 * (1 + columns)
        return -(-depth // 4) * (16 + 8 * -(-columns // 2))

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        lhs, rhs, output = graph.operand(self, 0), graph.operand(self, 1), graph.output(self)
        (left, right), product = self.operands(graph), self.product(graph)
        count = len(product.shape)
        batches: list[Loop] = [
            (product.shape[axis], *(t.batch_step(axis, count) for t in (left, right, product)))
            for axis in range(count - 2)
        ]
        nest = padded(merge_loops(batches) or [(1, 0, 0, 0)], MAX_BATCH_LOOPS)
        params: dict[str, ParamValue] = {
            **{
                name: Nest("TS_BATCH_NEST", values, usual=1)
                for name, values in zip(_NEST, zip(*nest, strict=True), strict=True)
            },
            "rows": left.shape[-2],
            "depth": left.shape[-1],
            "columns": right.shape[-1],
            "lhs_row_step": left.steps[-2],
            "lhs_depth_step": left.steps[-1],
            "rhs_depth_step": right.steps[-2],
            "rhs_column_step": right.steps[-1],
            "output_row_step": product.steps[-2],
            "output_column_step": product.steps[-1],
            "lhs_offset": -lhs.zero_point,
            "rhs_offset": -rhs.zero_point,
            **self._scaling(graph),
        }
        kernel = for_type("batch_matmul", output)
        return (KernelCall(kernel, self.site.inputs, self.site.outputs[0], params, takes_scratch=True),)

    def _scaling(self, graph: Graph) -> dict[str, ParamValue]:
        multiplier, shift = self.multiplier(graph)
        is_small, right = shift < 0 and self.depth(graph) * 255 * 255 < 2**30, -1 - shift
        if graph.output(self).dtype == "int16":
            is_small, (multiplier, right) = False, reduced_multiplier(multiplier, shift)
        rounding = 1 + 2 * graph.output(self).zero_point
        return {
            "is_small": int(is_small),
            "output": {"multiplier": multiplier, "right": right, "rounding": rounding},
        }
