"""What operators say about rows: the operator on a block of rows gives those rows of what it gives on everything."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module

import numpy as np
import pytest

from codegen.block_operator import block_operator
from codegen.direct import render_graph
from codegen.ir import Graph, Op
from codegen.ops import OPERATORS
from codegen.passes.fold_padding import fold_padding
from codegen.passes.fold_transposes import fold_transposes
from codegen.read_tflite import parse_tflite
from codegen.regions import Region, RowsRead
from codegen.rows import Rows, WindowRows
from tests.codegen.row_networks import Network, network_case
from tests.generated import Program, run_programs
from tests.ops.agreement import Case
from tests.ops.pooling import Pool
from tests.ops.test_concatenation import concatenation_case
from tests.ops.test_split import split_case
from tests.reference_runtimes import run_tflm


@pytest.fixture(scope="module", autouse=True)
def compiler_and_reference_runtime(require_tool: Callable[..., None], require_module: Callable[..., None]) -> None:
    require_tool("gcc")
    require_module("tflite_micro")


@dataclass(frozen=True, slots=True)
class Blocks:
    """One operator in blocks of rows along an axis of its outputs; `reads` by position of the operand."""

    graph: Graph
    axis: int
    count: int
    reads: dict[int, RowsRead]
    windows: dict[int, WindowRows]

    def operator(self) -> Graph:
        """The block operator as a graph; all that it reads by rows are inputs."""
        outputs = self.graph.ops[0].site.outputs
        reads = {(0, position): read for position, read in self.reads.items()}
        roots = {tensor: tensor for tensor in outputs}
        axes = dict.fromkeys(outputs, self.axis)
        rows = {tensor: self.graph.tensors[tensor].shape[self.axis] for tensor in outputs}
        block = block_operator(self.graph, Region(0, 1, self.count, axes, rows, {0: 0}, reads, roots, {}), 0)
        tensors = tuple(
            replace(tensor, data=None) if index in block.operands else tensor
            for index, tensor in enumerate(block.graph.tensors)
        )
        inputs = tuple(index for index in block.op.site.inputs if index >= 0 and tensors[index].data is None)
        return replace(block.graph, tensors=tensors, ops=(block.op,), inputs=inputs, outputs=block.op.site.outputs)

    def inputs(self, row: Sequence[np.ndarray], block: int) -> list[np.ndarray]:
        """What the block operator reads for a block."""
        given = dict(zip(self.graph.inputs, row, strict=True))
        found = []
        for position, tensor in enumerate(self.graph.ops[0].site.inputs):
            data = given.get(tensor, self.graph.tensors[tensor].data if tensor >= 0 else None)
            if position in self.reads:
                found.append(self._rows(position, np.asarray(data).reshape(self.graph.tensors[tensor].shape), block))
            elif tensor in given:
                found.append(given[tensor])
        return found

    def _rows(self, position: int, values: np.ndarray, block: int) -> np.ndarray:
        read = self.reads[position]
        at = np.arange(read.rows) + block * read.step - read.back
        taken = values.take(np.clip(at, 0, values.shape[read.axis] - 1), axis=read.axis)
        inside = ((at >= 0) & (at < values.shape[read.axis])).reshape([-1] + [1] * (values.ndim - read.axis - 1))
        zero_point = self.graph.operand(self.graph.ops[0], position).zero_point
        assert inside.all() or self.windows[position].pads
        return np.where(inside, taken, np.int8(zero_point))

    def expected(self, whole: Mapping[int, np.ndarray], block: int) -> list[np.ndarray]:
        outputs = self.graph.ops[0].site.outputs
        shaped = [whole[tensor].reshape(self.graph.tensors[tensor].shape) for tensor in outputs]
        return [np.split(output, self.count, axis=self.axis)[block] for output in shaped]


def ways_to_block(graph: Graph) -> Iterator[Blocks]:
    """Along each axis that the operator allows, in all numbers of blocks that suit."""
    op = graph.ops[0]
    shape = graph.output(op).shape
    for axis, extent in enumerate(shape):
        access = op.row_access(graph, axis)
        for count in range(2, extent + 1) if access else ():
            found = _reads(graph, access, extent, count) if extent % count == 0 else None
            if found is not None:
                windows = {position: how for position, how in enumerate(access) if isinstance(how, WindowRows)}
                yield Blocks(graph, axis, count, found, windows)


def _reads(graph: Graph, access: Sequence[object], extent: int, count: int) -> dict[int, RowsRead] | None:
    reads = {}
    for position, (tensor, how) in enumerate(zip(graph.ops[0].site.inputs, access, strict=False)):
        if isinstance(how, WindowRows):
            own = extent // count
            reads[position] = RowsRead(how.axis, (own - 1) * how.stride + how.extent, own * how.stride, how.before)
            rows = graph.tensors[tensor].shape[how.axis]
            if not how.pads and (how.before or (extent - 1) * how.stride + how.extent > rows):
                return None
        elif isinstance(how, Rows):
            rows = graph.tensors[tensor].shape[how.axis]
            if rows % count:
                return None
            reads[position] = RowsRead(how.axis, rows // count, rows // count, 0)
    return reads


def assert_blocks_are_rows_of_the_whole(case: Case) -> None:
    graph = fold_transposes(fold_padding(parse_tflite(case.model).graph))
    results = [dict(zip(graph.outputs, outputs, strict=True)) for outputs in run_tflm(case.model, case.rows)]
    alone = [replace(graph, ops=(op,), outputs=op.site.outputs) for op in graph.ops]
    ways = [way for single in alone for way in ways_to_block(single)]
    assert ways, "no axis to compute in blocks along"
    programs = []
    for way in ways:
        rows = [way.inputs(row, block) for row in case.rows for block in range(way.count)]
        operator = way.operator()
        programs.append(Program(render_graph(operator, (), "/* test */").files, operator, rows))
    for way, got in zip(ways, run_programs(programs), strict=True):
        expected = [way.expected(result, block) for result in results for block in range(way.count)]
        for ours, theirs in zip(got, expected, strict=True):
            for block, rows in zip(ours, theirs, strict=True):
                np.testing.assert_array_equal(block, rows, f"{way.count} blocks along axis {way.axis}")


IN_STEP = {"padding": "SAME", "stride": (2, 2), "window": (2, 2), "image": (6, 4)}  # windows stay inside


# All others run on whole tensors; GELU, one of many tables, has no TFLM to compare with.
BY_ROWS = sorted(name for name, op in OPERATORS.items() if op.row_access is not Op.row_access and name != "GELU")


@pytest.mark.parametrize("operator", BY_ROWS)
def test_block_operators(operator: str) -> None:
    pooling = {"AVERAGE_POOL_2D", "MAX_POOL_2D"}
    case = import_module(f"tests.ops.test_{operator.lower()}").fixed_case
    assert_blocks_are_rows_of_the_whole(Pool(operator=operator, **IN_STEP).case() if operator in pooling else case())


BROADCASTS = {
    "BATCH_MATMUL": ("right broadcast", "left broadcast", "crossed broadcast", "fewer dimensions on the left"),
    "ADD": ("row", "column first", "crossed", "batch"),
}


@pytest.mark.parametrize(("operator", "name"), [(key, name) for key, names in BROADCASTS.items() for name in names])
def test_broadcasts(operator: str, name: str) -> None:
    assert_blocks_are_rows_of_the_whole(import_module(f"tests.ops.test_{operator.lower()}").EDGES[name].case())


def test_parts_that_are_joined_or_split_along_an_axis_have_no_blocks_of_it() -> None:
    for case in (concatenation_case((2, 4, 3), 1, (4, 4)), split_case((2, 8, 3), 1, 2)):
        graph = parse_tflite(case.model).graph
        assert {way.axis for way in ways_to_block(graph)} == {0, 2}
        assert_blocks_are_rows_of_the_whole(case)


@pytest.mark.parametrize("seed", range(4))
def test_windows(seed: int) -> None:
    """Convolutions of any kind, which do not have to keep in step here."""
    network = Network(random.Random(seed))
    given = network.tensor((2, 6, 8, 3))
    outputs = [network.convolution(given) for _ in range(4)]
    assert_blocks_are_rows_of_the_whole(network_case(network, [given], [tensor for tensor in outputs if tensor]))


@pytest.mark.parametrize("seed", range(4))
def test_matrix_products_in_any_order(seed: int) -> None:
    """Operands and product as TRANSPOSEs that fold leave them."""
    generator = random.Random(seed)
    network = Network(generator)
    adjoint = {"adj_x": generator.random() < 0.5, "adj_y": generator.random() < 0.5}
    left = (2, 3, 6, 4) if adjoint["adj_x"] else (2, 3, 4, 6)
    right = (2, 3, 5, 6) if adjoint["adj_y"] else (2, 3, 6, 5)
    orders = [tuple(generator.sample(range(4), 4)) for _ in range(3)]
    inputs = [
        network.tensor(tuple(shape[order.index(axis)] for axis in range(4)))
        for shape, order in zip((left, right), orders, strict=False)
    ]
    operands = [network.permuted(tensor, order) for tensor, order in zip(inputs, orders, strict=False)]
    product = network.op("BATCH_MATMUL", operands, network.tensor((2, 3, 4, 5), 0.7), **adjoint)
    assert_blocks_are_rows_of_the_whole(network_case(network, inputs, [network.permuted(product, orders[2])]))
