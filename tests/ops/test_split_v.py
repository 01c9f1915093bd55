"""SPLIT_V against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.agreement import Case, examples
from tests.ops.int16 import assert_agreement_in_both
from tests.ops.refusals import assert_refused
from tests.ops.strategies import rows_for, seeds, shapes
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitV:
    """Outputs of `parts` along `axis`; `sizes` is how the operand says that, if other than `parts`."""

    shape: tuple[int, ...]
    axis: int
    parts: tuple[int, ...]
    sizes: tuple[int, ...] | None = None
    sizes_type: str = "int32"
    axis_type: str = "int32"
    axis_operand: int | None = None
    seed: int = 0

    def model(self) -> bytes:
        builder = ModelBuilder()
        x = builder.tensor("x", self.shape, scale=0.05, zero_point=3)
        sizes = builder.constant("sizes", self.parts if self.sizes is None else self.sizes, self.sizes_type)
        axis = builder.constant("axis", self.axis if self.axis_operand is None else self.axis_operand, self.axis_type)
        outputs = []
        for number, size in enumerate(self.parts):
            part = list(self.shape)
            part[self.axis] = size
            outputs.append(builder.tensor(f"part{number}", part, scale=0.05, zero_point=3))
        builder.op("SPLIT_V", [x, sizes, axis], outputs, num_splits=len(outputs))
        return builder.build([x], outputs)

    def case(self) -> Case:
        return Case(str(self), self.model(), rows_for([self.shape], self.seed))


@st.composite
def splits(draw: st.DrawFn) -> SplitV:
    shape = list(draw(shapes(1, 5, 4)))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    parts = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=5)))
    shape[axis] = sum(parts)
    rest = draw(st.none() | st.integers(0, len(parts) - 1))
    sizes = None if rest is None else (*parts[:rest], -1, *parts[rest + 1 :])
    dtype = draw(st.sampled_from(("int32", "int64")))
    return SplitV(shape=tuple(shape), axis=axis, parts=parts, sizes=sizes, sizes_type=dtype, seed=draw(seeds))


def fixed_case() -> Case:
    return SplitV(shape=(2, 6, 3), axis=1, parts=(1, 3, 2)).case()


@examples
@given(split=splits())
def test_agrees_with_tflm_and_tflite(split: SplitV) -> None:
    assert_agreement_in_both(split.case())


EDGES = {
    "one part": SplitV(shape=(4,), axis=0, parts=(4,)),
    "parts of one": SplitV(shape=(4,), axis=0, parts=(1, 1, 1, 1)),
    "the rest": SplitV(shape=(1, 5, 8), axis=-1, parts=(2, 6), sizes=(2, -1)),
    "all of it is the rest": SplitV(shape=(1, 5, 8), axis=1, parts=(5,), sizes=(-1,)),
    "first of six axes": SplitV(shape=(3, 1, 2, 1, 2, 1), axis=-6, parts=(1, 2)),
}


@pytest.mark.parametrize("split", EDGES.values(), ids=EDGES.keys())
def test_edge(split: SplitV) -> None:
    assert_agreement_in_both(split.case())


REFUSED = {
    "an axis that is not there": (
        SplitV(shape=(2, 6), axis=1, parts=(2, 4), axis_operand=2),
        r"axis is \(2,\), allowed: one axis of the input",
    ),
    "another axis": (
        SplitV(shape=(2, 6), axis=1, parts=(2, 4), axis_operand=0),
        r"output shapes is \[\(2, 2\), \(2, 4\)\], allowed: the input's shape, its axis shared out",
    ),
    "parts that leave a rest": (SplitV(shape=(2, 6), axis=1, parts=(2, 3)), r"output shapes is .*, its axis shared"),
    "sizes that are not the parts'": (
        SplitV(shape=(2, 6), axis=1, parts=(2, 4), sizes=(4, 2)),
        r"sizes is \(4, 2\), allowed: those of the outputs along the axis",
    ),
    "two rests": (
        SplitV(shape=(2, 6), axis=1, parts=(2, 4), sizes=(-1, -1)),
        r"sizes is \(-1, -1\), allowed: .* one of them may be -1",
    ),
    "a size too many": (SplitV(shape=(6,), axis=0, parts=(2, 4), sizes=(2, 4, 0)), r"sizes is \(2, 4, 0\), allowed"),
    "sizes of another type": (
        SplitV(shape=(6,), axis=0, parts=(2, 4), sizes_type="int16"),
        r"operand 1 is constant int16, allowed: a constant of type int32 or int64",
    ),
    "an axis of another type": (
        SplitV(shape=(6,), axis=0, parts=(2, 4), axis_type="int64"),
        r"operand 2 is constant int64, allowed: a constant of type int32",
    ),
}


@pytest.mark.parametrize(("split", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(split: SplitV, message: str) -> None:
    assert_refused(split.model(), message)
