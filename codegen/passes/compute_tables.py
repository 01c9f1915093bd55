"""Has LOGISTIC, and x * LOGISTIC(x), computed to a table at run time, where the kernel for it takes less flash than the
tables would. Exact because the kernel's own steps, taken here for all 256 inputs, give the values."""

from __future__ import annotations

from dataclasses import replace

from codegen.ir import Graph, Op
from codegen.ops.logistic import Logistic
from codegen.ops.mul import Mul
from codegen.ops.sigmoid import sigmoid_of
from codegen.ops.table import FEWEST_LOOK_UPS, Table
from codegen.passes.fuse_tables import INPUTS

FEWEST_TABLES = 4  # so many take more flash than the kernel


def compute_tables(graph: Graph) -> Graph:
    """Replaces the operators by tables with a `sigmoid`, if there are enough of them."""
    found = [pair for op in graph.ops if isinstance(op, Logistic) and (pair := _table(op, graph)) is not None]
    if len(found) < FEWEST_TABLES:
        return graph
    tables = {replaced[-1].site.index: table for replaced, table in found}
    dropped = {op.site.index for replaced, _ in found for op in replaced[:-1]}
    ops = (tables.get(op.site.index, op) for op in graph.ops if op.site.index not in dropped)
    return replace(graph, ops=tuple(ops))


def _table(op: Logistic, graph: Graph) -> tuple[tuple[Op, ...], Table] | None:
    """The operators that a table stands for, the last of which has its output, and the table; None where it cannot."""
    given = graph.operand(op, 0)
    if not op.is_table(graph) or graph.output(op).size < FEWEST_LOOK_UPS:
        return None
    replaced: tuple[Op, ...] = (op,)
    values = tuple(int(value) for value in op.table(graph))
    sigmoid = sigmoid_of(given.scale, given.zero_point)
    product = _product(op, graph)
    full = None if product is None else product.full_output(graph)
    if product is not None and full is not None:
        replaced = (op, product)
        first, second = (values if tensor == op.site.outputs[0] else INPUTS for tensor in product.site.inputs)
        values = product.evaluate(graph, first, second)
        sigmoid = replace(sigmoid, product=(full["multiplier"], full["right"], full["rounding"]))
    if sigmoid.table() != values:
        return None
    site = replace(replaced[-1].site, inputs=op.site.inputs[:1])
    return replaced, Table(site, values, sigmoid)


def _product(op: Logistic, graph: Graph) -> Mul | None:
    """The MUL of a LOGISTIC's input and output, which nobody else reads."""
    source, output = op.site.inputs[0], op.site.outputs[0]
    readers = graph.consumers(output)
    if output in graph.outputs or len(readers) != 1 or not isinstance(readers[0], Mul):
        return None
    product = readers[0]
    alike = graph.output(product).shape == graph.tensors[source].shape
    return product if alike and set(product.site.inputs) == {source, output} else None
