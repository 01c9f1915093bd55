"""AVERAGE_POOL_2D and MAX_POOL_2D, which differ only in what they do with a window."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import assume
from hypothesis import strategies as st

from tests.ops.agreement import Case
from tests.ops.strategies import activations, paddings, rows_for, scales, seeds, zero_points
from tests.ops.windows import fits, window_output_size
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Shapes are (height, width); input and output have one quantization."""

    operator: str
    image: tuple[int, int] = (6, 5)
    window: tuple[int, int] = (2, 2)
    stride: tuple[int, int] = (2, 2)
    batch: int = 1
    channels: int = 3
    padding: str = "SAME"
    activation: str = "NONE"
    scale: float = 0.05
    zero_point: int = 0
    seed: int = 0

    def case(self) -> Case:
        sides = zip(self.image, self.window, self.stride, strict=True)
        output = [window_output_size(size, window, stride, 1, self.padding) for size, window, stride in sides]
        input_shape = (self.batch, *self.image, self.channels)
        builder = ModelBuilder()
        x = builder.tensor("x", input_shape, scale=self.scale, zero_point=self.zero_point)
        y = builder.tensor("y", (self.batch, *output, self.channels), scale=self.scale, zero_point=self.zero_point)
        builder.op(
            self.operator,
            [x],
            [y],
            padding=self.padding,
            stride_h=self.stride[0],
            stride_w=self.stride[1],
            filter_height=self.window[0],
            filter_width=self.window[1],
            fused_activation_function=self.activation,
        )
        return Case(str(self), builder.build([x], [y]), rows_for([input_shape], self.seed))


@st.composite
def pools(draw: st.DrawFn, operator: str) -> Pool:
    pairs = st.tuples(st.integers(1, 4), st.integers(1, 4))
    pool = Pool(
        operator=operator,
        image=draw(st.tuples(st.integers(1, 9), st.integers(1, 9))),
        window=draw(pairs),
        stride=draw(pairs),
        batch=draw(st.integers(1, 2)),
        channels=draw(st.integers(1, 6)),
        padding=draw(paddings),
        activation=draw(activations),
        scale=draw(scales(1e-3, 1.0)),
        zero_point=draw(zero_points),
        seed=draw(seeds),
    )
    assume(all(fits(size, window, 1, pool.padding) for size, window in zip(pool.image, pool.window, strict=True)))
    return pool


def edges(operator: str) -> dict[str, Pool]:
    plain = Pool(operator=operator)
    return {
        "global": replace(plain, window=(6, 5), stride=(1, 1), padding="VALID"),
        "window of one": replace(plain, window=(1, 1), stride=(1, 1)),
        "over time": replace(plain, image=(12, 1), window=(3, 1), stride=(2, 1), channels=16),
        "over time along the width": replace(plain, image=(1, 12), window=(1, 3), stride=(1, 3)),
        "padding on one side": replace(plain, image=(5, 5), window=(2, 2)),
        "padding on both sides": replace(plain, image=(5, 5), window=(3, 3), stride=(1, 1)),
        "window larger than the image": replace(plain, image=(2, 2), window=(5, 5)),
        "one by one image": replace(plain, image=(1, 1)),
        "valid, left-over column": replace(plain, image=(7, 7), window=(3, 2), stride=(3, 2), padding="VALID"),
        "relu": replace(plain, activation="RELU", zero_point=5),
        "relu6": replace(plain, activation="RELU6", zero_point=-60),
        "relu between -1 and 1": replace(plain, activation="RELU_N1_TO_1"),
        "lowest zero point": replace(plain, zero_point=-128, activation="RELU"),
        "highest zero point": replace(plain, zero_point=127, activation="RELU"),
        "batch": replace(plain, batch=3),
    }
