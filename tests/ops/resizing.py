"""RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR, which differ in what lies between two positions."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import strategies as st

from tests.ops.agreement import Case
from tests.ops.strategies import rows_for, seeds, weights, zero_points
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class Resizing:
    """Sizes are (height, width)."""

    operator: str
    size: tuple[int, int] = (4, 3)
    output: tuple[int, int] = (8, 6)
    batch: int = 1
    channels: int = 3
    align_corners: bool = False
    half_pixel_centers: bool = False
    zero_point: int = 0
    constant: str | None = None  # type of a constant that is resized instead of the input
    said: tuple[int, ...] | None = None  # size operand, when it is not the output's size
    seed: int = 0

    def model(self) -> bytes:
        builder = ModelBuilder()
        x = source = builder.tensor("x", self.input_shape(), scale=0.05, zero_point=self.zero_point)
        if self.constant:
            data = weights(self.input_shape(), self.seed)
            source = builder.tensor("constant", data.shape, self.constant, scale=0.05, data=data)
        size = builder.constant("size", self.said or self.output)
        y = builder.tensor("y", (self.batch, *self.output, self.channels), scale=0.05, zero_point=self.zero_point)
        corners, centers = self.align_corners, self.half_pixel_centers
        builder.op(self.operator, [source, size], [y], align_corners=corners, half_pixel_centers=centers)
        return builder.build([x], [y])

    def case(self) -> Case:
        return Case(str(self), self.model(), rows_for([self.input_shape()], self.seed))

    def input_shape(self) -> tuple[int, ...]:
        return (self.batch, *self.size, self.channels)


@st.composite
def resizings(draw: st.DrawFn, operator: str, both: bool) -> Resizing:
    """`both`: whether corners may be aligned and pixels have their centres in the middle at the same time."""
    flags = [(False, False), (True, False), (False, True), *([(True, True)] if both else [])]
    align_corners, half_pixel_centers = draw(st.sampled_from(flags))
    return Resizing(
        operator=operator,
        size=draw(st.tuples(st.integers(1, 9), st.integers(1, 9))),
        output=draw(st.tuples(st.integers(1, 20), st.integers(1, 20))),
        batch=draw(st.integers(1, 2)),
        channels=draw(st.integers(1, 6)),
        align_corners=align_corners,
        half_pixel_centers=half_pixel_centers,
        zero_point=draw(zero_points),
        seed=draw(seeds),
    )


def edges(operator: str) -> dict[str, Resizing]:
    """Sizes that both operators have to get right, with each of the two options and with none."""
    plain = Resizing(operator=operator)
    sizes = {
        "twice": plain,
        "half": replace(plain, size=(8, 6), output=(4, 3)),
        "the same": replace(plain, output=(4, 3)),
        "a fraction larger": replace(plain, size=(7, 5), output=(11, 13)),
        "a fraction smaller": replace(plain, size=(11, 13), output=(7, 5)),
        "from one position": replace(plain, size=(1, 1), output=(5, 7)),
        "to one position": replace(plain, size=(5, 7), output=(1, 1)),
        "larger by far": replace(plain, size=(3, 2), output=(100, 41), channels=1),
        "smaller by far": replace(plain, size=(100, 41), output=(3, 2), channels=1),
    }
    options = {
        "": {},
        ", aligned corners": {"align_corners": True},
        ", half-pixel centers": {"half_pixel_centers": True},
    }
    return {
        **{name + how: replace(edge, **option) for name, edge in sizes.items() for how, option in options.items()},
        "a constant": replace(plain, constant="int8"),
        "only the height": replace(plain, output=(9, 3)),
        "only the width": replace(plain, output=(4, 10)),
        "one channel": replace(plain, channels=1),
        "odd channels": replace(plain, channels=5, output=(5, 5)),
        "batch": replace(plain, batch=3, output=(5, 7)),
        "lowest zero point": replace(plain, zero_point=-128),
        "highest zero point": replace(plain, zero_point=127, output=(5, 5)),
    }
