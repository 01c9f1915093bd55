"""SQUEEZE against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.read_tflite import parse_tflite
from tests.ops.agreement import Case, examples
from tests.ops.int16 import assert_agreement_in_both
from tests.ops.refusals import assert_refused
from tests.ops.strategies import rows_for, seeds, weights
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class Squeeze:
    """`axes` of extent 1 go; without any, all of these."""

    shape: tuple[int, ...]
    axes: tuple[int, ...] = ()
    output_shape: tuple[int, ...] | None = None
    constant: bool = False
    seed: int = 0

    def model(self) -> bytes:
        builder = ModelBuilder()
        data = weights(self.shape, 0) if self.constant else None
        x = builder.tensor("x", self.shape, scale=0.05, zero_point=3)
        source = builder.tensor("constant", self.shape, scale=0.05, zero_point=3, data=data) if self.constant else x
        shape = self.output_shape
        if shape is None:
            shape = np.squeeze(np.zeros(self.shape), self.axes or None).shape
        y = builder.tensor("y", shape, scale=0.05, zero_point=3)
        builder.op("SQUEEZE", [source], [y], squeeze_dims=list(self.axes))
        return builder.build([x], [y])

    def case(self) -> Case:
        return Case(str(self), self.model(), rows_for([self.shape], self.seed))


@st.composite
def squeezes(draw: st.DrawFn) -> Squeeze:
    shape = tuple(draw(st.lists(st.sampled_from((1, 1, 2, 3)), min_size=1, max_size=6)))
    ones = [axis for axis, extent in enumerate(shape) if extent == 1]
    named = draw(st.sets(st.sampled_from(ones))) if ones else set()
    axes = tuple(axis - len(shape) if draw(st.booleans()) else axis for axis in named)
    return Squeeze(shape=shape, axes=axes, seed=draw(seeds))


def fixed_case() -> Case:
    return Squeeze(shape=(1, 5, 1, 4), axes=(2,)).case()


@examples
@given(squeeze=squeezes())
def test_agrees_with_tflm_and_tflite(squeeze: Squeeze) -> None:
    assert_agreement_in_both(squeeze.case())


EDGES = {
    "all that are 1 long": Squeeze(shape=(1, 3, 1, 1, 2)),
    "to a scalar": Squeeze(shape=(1, 1)),
    "nothing to drop": Squeeze(shape=(2, 3)),
    "last axis from behind": Squeeze(shape=(1, 3, 1), axes=(-1,)),
    "first axis from behind": Squeeze(shape=(1, 3, 1), axes=(-3,)),
    "one axis named twice": Squeeze(shape=(2, 1, 3), axes=(1, -2), output_shape=(2, 3)),
}


@pytest.mark.parametrize("squeeze", EDGES.values(), ids=EDGES.keys())
def test_edge(squeeze: Squeeze) -> None:
    assert_agreement_in_both(squeeze.case())


def test_is_no_code() -> None:
    graph = parse_tflite(fixed_case().model).graph
    assert graph.ops[0].IS_VIEW


REFUSED = {
    "an axis that is longer": (
        Squeeze(shape=(1, 2), axes=(1,), output_shape=(1, 2)),
        r"axes is \(1,\), allowed: axes of the input that are 1 long",
    ),
    "an axis that is not there": (
        Squeeze(shape=(1, 2), axes=(2,), output_shape=(1, 2)),
        r"axes is \(2,\), allowed: axes of the input that are 1 long",
    ),
    "another output shape": (
        Squeeze(shape=(1, 2, 3), output_shape=(3, 2)),
        r"output shape is \(3, 2\), allowed: the input's shape without these axes",
    ),
    "a constant": (Squeeze(shape=(1, 2), constant=True), r"input is a constant, allowed: a computed tensor"),
}


@pytest.mark.parametrize(("squeeze", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(squeeze: Squeeze, message: str) -> None:
    assert_refused(squeeze.model(), message)
