"""GATHER against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.generated import run_direct_sanitized
from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.refusals import assert_refused
from tests.ops.strategies import rows_for, seeds, shapes, weights
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather:
    """`indices` along `axis`, the first `batch_dims` dimensions of both being the same."""

    shape: tuple[int, ...] = (4, 3)
    indices: object = (1, 3, 1)
    axis: int = 0
    batch_dims: int = 0
    indices_type: str = "int32"
    output_shape: tuple[int, ...] | None = None
    output_zero_point: int = 3
    seed: int = 0

    def model(self) -> bytes:
        builder = ModelBuilder()
        x = builder.tensor("x", self.shape, scale=0.05, zero_point=3)
        indices = builder.constant("indices", self.indices, self.indices_type)
        y = builder.tensor("y", self._output_shape(), scale=0.05, zero_point=self.output_zero_point)
        builder.op("GATHER", [x, indices], [y], axis=self.axis, batch_dims=self.batch_dims)
        return builder.build([x], [y])

    def _output_shape(self) -> tuple[int, ...]:
        if self.output_shape is not None:
            return self.output_shape
        axis, indices = self.axis % len(self.shape), np.asarray(self.indices).shape
        batch = self.batch_dims + (len(indices) if self.batch_dims < 0 else 0)
        return (*self.shape[:axis], *indices[batch:], *self.shape[axis + 1 :])

    def case(self) -> Case:
        return Case(str(self), self.model(), rows_for([self.shape], self.seed))


@st.composite
def gathers(draw: st.DrawFn) -> Gather:
    shape = draw(shapes(1, 4, 4))
    axis = draw(st.integers(0, len(shape) - 1))
    batch_dims = draw(st.integers(0, axis))
    indices_shape = (*shape[:batch_dims], *draw(shapes(0, 2, 4)))
    seed = draw(seeds)
    indices = np.random.default_rng(seed).integers(0, shape[axis], indices_shape).tolist()
    return Gather(
        shape=shape,
        indices=indices,
        axis=axis - len(shape) if draw(st.booleans()) else axis,
        batch_dims=batch_dims - len(indices_shape)
        if batch_dims < len(indices_shape) and draw(st.booleans())
        else batch_dims,
        seed=seed,
    )


def fixed_case() -> Case:
    return Gather(shape=(2, 5, 3), indices=((4, 0), (2, 2), (1, 3)), axis=1).case()


@examples
@given(gather=gathers())
def test_agrees_with_tflm_and_tflite(gather: Gather) -> None:
    assert_agreement(gather.case())


EDGES = {
    "one frame, its axis gone": Gather(shape=(1, 5, 4), indices=0, axis=1),
    "one element of a vector": Gather(shape=(5,), indices=4),
    "reversed": Gather(shape=(2, 4), indices=(3, 2, 1, 0), axis=-1),
    "an index for each batch": Gather(shape=(3, 4, 2), indices=(3, 0, 2), axis=1, batch_dims=1),
    "batches, counted from behind": Gather(shape=(2, 4, 2), indices=((3, 0), (1, 1)), axis=1, batch_dims=-1),
    "batches in front of other axes": Gather(shape=(2, 3, 4, 2), indices=((3, 0), (1, 1)), axis=2, batch_dims=1),
    "an axis of one": Gather(shape=(3, 1), indices=(0, 0, 0), axis=1),
    "six axes": Gather(shape=(1, 2, 1, 2, 2), indices=((1, 0), (0, 0)), axis=3),
    "output of another quantization": Gather(output_zero_point=-3),
}


@pytest.mark.parametrize("gather", EDGES.values(), ids=EDGES.keys())
def test_edge(gather: Gather) -> None:
    assert_agreement(gather.case())


def looked_up(classes: int, table_rows: int) -> tuple[bytes, np.ndarray]:
    """(3, classes) -> ARG_MAX -> GATHER from a constant (table_rows, 4), and from the input itself."""
    table = weights((table_rows, 4), 1)
    builder = ModelBuilder()
    x = builder.tensor("x", (3, classes), scale=0.05, zero_point=3)
    best = builder.tensor("best", (3,), "int32")
    embedding = builder.tensor("embedding", (table_rows, 4), scale=0.05, zero_point=3, data=table)
    embedded = builder.tensor("embedded", (3, 4), scale=0.05, zero_point=3)
    largest = builder.tensor("largest", (3,), scale=0.05, zero_point=3)
    builder.op("ARG_MAX", [x, builder.constant("axis", -1)], [best], output_type="INT32")
    builder.op("GATHER", [embedding, best], [embedded], axis=0)
    builder.op("GATHER", [x, best], [largest], axis=1, batch_dims=1)
    return builder.build([x], [embedded, largest]), table


def test_computed_indices() -> None:
    model, _ = looked_up(5, 5)
    assert_agreement(Case("indices from ARG_MAX", model, rows_for([(3, 5)], 0)))


def test_a_computed_index_beyond_the_axis_takes_its_end() -> None:
    """TFLM stops there, the generated code has to stay within the tensor: the sanitizers watch."""
    model, table = looked_up(9, 2)
    row = np.eye(3, 9, 6, np.int8)
    row[0, 0] = 5
    embedded, largest = run_direct_sanitized(model, [[row]])[0]
    np.testing.assert_array_equal(embedded, table[[0, 1, 1]])
    np.testing.assert_array_equal(largest, row.max(axis=1))


REFUSED = {
    "an index before the axis": (
        Gather(indices=(0, -1)),
        r"first wrong index is -1, allowed: from 0, below the axis's",
    ),
    "an index beyond the axis": (Gather(indices=(4, 0)), r"first wrong index is 4, allowed: from 0, below the axis's"),
    "an axis that is not there": (Gather(axis=2, output_shape=(3, 3)), r"axis is 2, allowed: an axis of the input"),
    "batches behind the axis": (
        Gather(indices=(1, 1, 1, 1), batch_dims=1, output_shape=(3,)),
        r"batch dimensions is 1, allowed: leading axes, in front of the axis",
    ),
    "batches of another size": (
        Gather(axis=1, indices=(1, 1, 1), batch_dims=1, output_shape=(4,)),
        r"batch dimensions is 1, allowed: leading axes, in front of the axis, that input and indices share",
    ),
    "more batches than the indices have": (
        Gather(axis=1, indices=1, batch_dims=1, output_shape=(4,)),
        r"batch dimensions is 1, allowed",
    ),
    "another output shape": (Gather(output_shape=(3, 4)), r"output shape is \(3, 4\), allowed: the input's shape with"),
    "indices of another type": (Gather(indices_type="int64"), r"type of operand 1 is int64, allowed: int32"),
}


@pytest.mark.parametrize(
    ("operands", "message"),
    [
        (("best", "x"), r"type of operand 0 is int32, allowed: int8"),
        (("x", "x"), r"type of operand 1 is int8, allowed"),
    ],
)
def test_computed_operands_of_the_wrong_type_are_refused(operands: tuple[str, str], message: str) -> None:
    builder = ModelBuilder()
    tensors = {"x": builder.tensor("x", (3,), scale=0.05, zero_point=3), "best": builder.tensor("best", (), "int32")}
    y = builder.tensor("y", (3,), scale=0.05, zero_point=3)
    builder.op("ARG_MAX", [tensors["x"], builder.constant("axis", 0)], [tensors["best"]], output_type="INT32")
    builder.op("GATHER", [tensors[name] for name in operands], [y], axis=0)
    assert_refused(builder.build([tensors["x"]], [y]), message)


@pytest.mark.parametrize(("gather", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(gather: Gather, message: str) -> None:
    assert_refused(gather.model(), message)
