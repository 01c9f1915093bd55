"""Passes change the graph and no output byte."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from codegen.passes import passes, run_passes
from codegen.read_tflite import parse_tflite
from tests.ops.agreement import Case, assert_agreement
from tests.ops.strategies import rows_for, weights
from tests.ops.windows import window_output_size
from tests.tflite_builder import ModelBuilder

IMAGE = (1, 6, 5)
CHANNELS = 4
PADDINGS = {"PAD", "PADV2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PaddedConvolution:
    """PAD, or PADV2 where there is a `value`, then convolutions that read its output."""

    paddings: tuple[tuple[int, int], ...] = ((0, 0), (1, 2), (2, 1), (0, 0))
    convolutions: tuple[str, ...] = ("CONV_2D",)
    padding: str = "VALID"
    stride: int = 1
    dilation: int = 1
    channels: int = 3  # of the image
    zero_point: int = -7
    value: int | None = None
    padded_is_output: bool = False
    other_reader: bool = False

    def case(self) -> Case:
        image = (*IMAGE, self.channels)
        shape = [before + size + after for size, (before, after) in zip(image, self.paddings, strict=True)]
        builder = ModelBuilder()
        x = builder.tensor("x", image, scale=0.05, zero_point=self.zero_point)
        quantization = {"scale": 0.05, "zero_point": self.zero_point}
        padded = builder.tensor("padded", shape, **quantization)
        operands = [x, builder.constant("paddings", self.paddings)]
        if self.value is not None:
            operands.append(builder.tensor("value", (1,), **quantization, data=[self.value]))
        builder.op("PAD" if self.value is None else "PADV2", operands, [padded])
        outputs = [self._convolution(builder, name, padded, shape) for name in self.convolutions]
        if self.other_reader:
            outputs.append(builder.tensor("sum", shape, scale=0.1, zero_point=0))
            builder.op("ADD", [padded, padded], [outputs[-1]])
        if self.padded_is_output:
            outputs.append(padded)
        return Case(str(self), builder.build([x], outputs), rows_for([image], 0))

    def _convolution(self, builder: ModelBuilder, name: str, source: int, shape: list[int]) -> int:
        depthwise = name == "DEPTHWISE_CONV_2D"
        channels = shape[3] if depthwise else CHANNELS
        filter_shape = (1, 3, 3, channels) if depthwise else (channels, 3, 3, shape[3])
        sizes = [window_output_size(size, 3, self.stride, self.dilation, self.padding) for size in shape[1:3]]
        data = weights(filter_shape, 1)
        scales = [0.01] * channels
        w = builder.tensor(f"{name} weights", filter_shape, scale=scales, axis=3 if depthwise else 0, data=data)
        b = builder.tensor(
            f"{name} bias", (channels,), "int32", scale=[0.0005] * channels, data=np.arange(channels) * 99
        )
        y = builder.tensor(f"{name} output", (1, *sizes, channels), scale=0.3, zero_point=4)
        strides = {"stride_h": self.stride, "stride_w": self.stride, "padding": self.padding}
        dilation = {"dilation_h_factor": self.dilation, "dilation_w_factor": self.dilation}
        more = {"depth_multiplier": 1} if depthwise else {}
        builder.op(name, [source, w, b], [y], **strides, **dilation, **more)
        return y


FOLDED = {
    "convolution": PaddedConvolution(),
    "depthwise": PaddedConvolution(convolutions=("DEPTHWISE_CONV_2D",)),
    "two readers": PaddedConvolution(convolutions=("CONV_2D", "DEPTHWISE_CONV_2D")),
    "strided": PaddedConvolution(stride=2),
    "dilated": PaddedConvolution(dilation=2),
    "before SAME padding": PaddedConvolution(padding="SAME"),
    "before strided SAME padding": PaddedConvolution(padding="SAME", stride=2),
    "more padding than the filter has taps": PaddedConvolution(paddings=((0, 0), (5, 4), (4, 6), (0, 0))),
    "more padding than the filter has taps, depthwise": PaddedConvolution(
        paddings=((0, 0), (5, 4), (4, 6), (0, 0)), convolutions=("DEPTHWISE_CONV_2D",)
    ),
    "no padding at all": PaddedConvolution(paddings=((0, 0),) * 4),
    "lowest zero point": PaddedConvolution(zero_point=-128),
    "highest zero point": PaddedConvolution(zero_point=127),
    "a value that is the zero point": PaddedConvolution(value=-7),
    "a value that is the zero point, depthwise": PaddedConvolution(value=-7, convolutions=("DEPTHWISE_CONV_2D",)),
}

KEPT = {
    "channels are padded": PaddedConvolution(paddings=((0, 0), (1, 1), (1, 1), (0, 2))),
    "read by another operator": PaddedConvolution(other_reader=True),
    "an output of the model": PaddedConvolution(padded_is_output=True),
    "a value beside the zero point": PaddedConvolution(value=-6),
    "a value of 0, which is not the zero point": PaddedConvolution(value=0),
}


@pytest.fixture(scope="module", autouse=True)
def compiler_and_reference_runtimes(require_tool: Callable[..., None], require_module: Callable[..., None]) -> None:
    require_tool("gcc")
    require_module("tflite_micro", "tensorflow")


@pytest.mark.parametrize("model", FOLDED.values(), ids=FOLDED.keys())
def test_padding_is_folded_into_convolutions(model: PaddedConvolution) -> None:
    assert not PADDINGS & set(operators_after_passes(model.case()))
    assert_agreement(model.case())


@pytest.mark.parametrize("model", KEPT.values(), ids=KEPT.keys())
def test_padding_is_kept(model: PaddedConvolution) -> None:
    assert PADDINGS & set(operators_after_passes(model.case()))
    assert_agreement(model.case())


def test_dump_shows_the_graph_before_and_after_each_pass(tmp_path: Path) -> None:
    graph = parse_tflite(PaddedConvolution().case().model).graph
    run_passes(graph, "model", tmp_path)
    dumps = sorted(path.name for path in tmp_path.iterdir())
    assert dumps == ["00_read.txt", *(f"{number:02d}_{name}.txt" for number, (name, _) in enumerate(passes(), start=1))]
    assert "PAD" in (tmp_path / dumps[0]).read_text()
    assert "PAD" not in (tmp_path / dumps[-1]).read_text()


def operators_after_passes(case: Case) -> list[str]:
    return [op.NAME for op in run_passes(parse_tflite(case.model).graph, "model").ops]
