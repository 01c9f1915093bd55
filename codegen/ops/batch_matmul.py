"""BATCH_MATMUL: (..., rows, depth) x (..., depth, columns), leading axes broadcast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.fixed_point import quantize_multiplier
from codegen.ir import Graph, Op, OpSite, Rule
from codegen.kernel_call import KernelCall
from codegen.ops.broadcast import broadcast_plan, broadcast_shape
from codegen.ops.rules import PER_TENSOR_OPERANDS, rank


def _matrix(shape: tuple[int, ...], transposed: bool) -> tuple[int, int]:
    """(rows, columns) of the matrices in a tensor after its optional transposition."""
    return (shape[-1], shape[-2]) if transposed else (shape[-2], shape[-1])


def _expected_shape(op: BatchMatmul, graph: Graph) -> tuple[int, ...] | None:
    lhs, rhs = graph.operand(op, 0).shape, graph.operand(op, 1).shape
    rows, depth = _matrix(lhs, op.adj_x)
    rhs_depth, columns = _matrix(rhs, op.adj_y)
    batch = broadcast_shape(lhs[:-2], rhs[:-2])
    return None if depth != rhs_depth or batch is None else (*batch, rows, columns)


@dataclass(frozen=True, slots=True)
class BatchMatmul(Op):
    """Matrix products of computed or constant int8 tensors."""

    adj_x: bool
    adj_y: bool

    NAME: ClassVar[str] = "BATCH_MATMUL"
    ARITY: ClassVar[tuple[int, int]] = (2, 2)
    RULES: ClassVar[tuple[Rule, ...]] = (
        rank(0, (2, 3, 4, 5)),
        rank(1, (2, 3, 4, 5)),
        Rule(
            "output shape",
            lambda op, graph: _expected_shape(op, graph) == graph.output(op).shape,
            lambda op, graph: graph.output(op).shape,
            "what the product of the operands' shapes gives",
        ),
        PER_TENSOR_OPERANDS,
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> BatchMatmul:
        return cls(site, bool(options.get("AdjX", False)), bool(options.get("AdjY", False)))

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        lhs, rhs, output = graph.operand(self, 0), graph.operand(self, 1), graph.output(self)
        rows, depth = _matrix(lhs.shape, self.adj_x)
        columns = _matrix(rhs.shape, self.adj_y)[1]
        multiplier, shift = quantize_multiplier(lhs.scale * rhs.scale / output.scale)
        # The batch axes walk in whole matrices.
        batch = broadcast_plan(lhs.shape[:-2], rhs.shape[:-2], unit=(rows * depth, depth * columns))
        params = {
            "batch": batch.as_param(),
            "rows": rows,
            "depth": depth,
            "columns": columns,
            "lhs_row_step": 1 if self.adj_x else depth,
            "lhs_depth_step": rows if self.adj_x else 1,
            "rhs_depth_step": 1 if self.adj_y else columns,
            "rhs_column_step": depth if self.adj_y else 1,
            "lhs_offset": -lhs.zero_point,
            "rhs_offset": -rhs.zero_point,
            "output_offset": output.zero_point,
            "multiplier": multiplier,
            "shift": shift,
        }
        return (KernelCall("batch_matmul", self.site.inputs, self.site.outputs[0], params),)
