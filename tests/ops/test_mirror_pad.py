"""MIRROR_PAD against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.generated import run_direct
from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import SAME_QUANTIZATION
from tests.ops.refusals import assert_refused
from tests.ops.strategies import rows_for, seeds, shapes, weights
from tests.tflite_builder import ModelBuilder

MODES = ("REFLECT", "SYMMETRIC")


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorPad:
    """`paddings` holds (before, after) for each dimension."""

    shape: tuple[int, ...] = (2, 3)
    paddings: tuple[tuple[int, int], ...] = ((1, 0), (2, 1))
    mode: str | int = "REFLECT"
    dtype: str = "int32"
    output_shape: tuple[int, ...] | None = None
    output_zero_point: int = -7
    constant: str | None = None  # type of a constant that is padded instead of the input
    seed: int = 0

    def model(self) -> bytes:
        padded = tuple(before + size + after for size, (before, after) in zip(self.shape, self.paddings, strict=True))
        builder = ModelBuilder()
        x = source = builder.tensor("x", self.shape, scale=0.05, zero_point=-7)
        if self.constant:
            data = weights(self.shape, 0)
            source = builder.tensor("constant", self.shape, self.constant, scale=0.05, zero_point=-7, data=data)
        paddings = builder.constant("paddings", self.paddings, self.dtype)
        y = builder.tensor("y", self.output_shape or padded, scale=0.05, zero_point=self.output_zero_point)
        builder.op("MIRROR_PAD", [source, paddings], [y], mode=self.mode)
        return builder.build([x], [y])

    def case(self) -> Case:
        disagreement = None if self.output_zero_point == -7 else SAME_QUANTIZATION
        return Case(str(self), self.model(), rows_for([self.shape], self.seed), disagreement)


@st.composite
def pads(draw: st.DrawFn) -> MirrorPad:
    shape, mode = draw(shapes(1, 5, 4)), draw(st.sampled_from(MODES))
    amounts = [st.integers(0, size - (mode == "REFLECT")) for size in shape]
    paddings = tuple((draw(amount), draw(amount)) for amount in amounts)
    dtype = draw(st.sampled_from(("int32", "int64")))
    return MirrorPad(shape=shape, paddings=paddings, mode=mode, dtype=dtype, seed=draw(seeds))


def fixed_case() -> Case:
    return MirrorPad(shape=(1, 4, 3, 2), paddings=((0, 0), (1, 3), (2, 1), (1, 0))).case()


@examples
@given(pad=pads())
def test_agrees_with_tflm_and_tflite(pad: MirrorPad) -> None:
    assert_agreement(pad.case())


EDGES = {
    "nothing": MirrorPad(paddings=((0, 0), (0, 0))),
    "all that can be reflected": MirrorPad(shape=(4, 3), paddings=((3, 3), (2, 2))),
    "all that is symmetric": MirrorPad(shape=(4, 3), paddings=((4, 4), (3, 3)), mode="SYMMETRIC"),
    "one element twice more": MirrorPad(shape=(1,), paddings=((1, 1),), mode="SYMMETRIC"),
    "frames of a signal": MirrorPad(shape=(1, 9, 4), paddings=((0, 0), (3, 3), (0, 0))),
    "five axes": MirrorPad(shape=(2, 2, 2, 2, 2), paddings=((1, 1),) * 5),
    "a constant": MirrorPad(constant="int8"),
    "output of another quantization": MirrorPad(output_zero_point=3),
}


@pytest.mark.parametrize("pad", EDGES.values(), ids=EDGES.keys())
def test_edge(pad: MirrorPad) -> None:
    assert_agreement(pad.case())


@pytest.mark.parametrize("mode", MODES)
def test_means_what_numpy_means(mode: str) -> None:
    """Both runtimes could share a misunderstanding; NumPy has the same two modes."""
    pad = MirrorPad(shape=(3, 4), paddings=((2, 1), (3, 2)), mode=mode)
    signal = np.arange(12, dtype=np.int8).reshape(3, 4)
    got = run_direct(pad.model(), [[signal]])[0][0]
    np.testing.assert_array_equal(got, np.pad(signal, pad.paddings, mode=mode.lower()))


REFUSED = {
    "more than there is to reflect": (MirrorPad(paddings=((2, 0), (0, 0))), r"paddings is .*, one less if the mode"),
    "more than there is": (
        MirrorPad(paddings=((0, 3), (0, 0)), mode="SYMMETRIC"),
        r"paddings is \(\(0, 3\), \(0, 0\)\), allowed: at most the input's extents",
    ),
    "a negative padding": (MirrorPad(shape=(5,), paddings=((-1, 2),)), r"paddings is \(-1, 2\), allowed: two per axis"),
    "another output shape": (MirrorPad(output_shape=(3, 5)), r"paddings is .* that give the output's shape"),
    "an unknown mode": (MirrorPad(mode=2), r"mode is 2, allowed: 0 \(REFLECT\) or 1 \(SYMMETRIC\)"),
    "paddings of another type": (MirrorPad(dtype="int16"), r"operand 1 is constant int16, allowed: .* int32 or int64"),
    "an input of another type": (MirrorPad(constant="int16"), r"type of operand 0 is int16, allowed: int8"),
    "too many axes": (
        MirrorPad(shape=(2,) * 6, paddings=((0, 1),) * 6),
        r"rank of operand 0 is 6, allowed: 1 or 2 or 3 or 4 or 5",
    ),
}


@pytest.mark.parametrize(("pad", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(pad: MirrorPad, message: str) -> None:
    assert_refused(pad.model(), message)
