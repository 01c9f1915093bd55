"""Networks in which rows matter, operator by operator: windows that reach out, residual sums across them, rows that are
grouped, transposed and attended to.

Tensors are images (batch, height, width, channels) or sequences (batch, frames, channels).
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.ops.agreement import Case
from tests.ops.strategies import weights
from tests.ops.windows import window_output_size
from tests.tflite_builder import ModelBuilder

Shape = tuple[int, ...]
SCALE, ZERO_POINTS = 0.05, (-128, -7, 3, 127)
BINARY = ("ADD", "SUB", "MUL", "SQUARED_DIFFERENCE")


@dataclass(frozen=True, slots=True)
class Window:
    """Vertical and horizontal numbers of a window."""

    filter_size: Sequence[int]
    strides: Sequence[int]
    dilations: Sequence[int]
    padding: str

    def output_sizes(self, extents: Sequence[int]) -> list[int]:
        axes = zip(extents, self.filter_size, self.strides, self.dilations, strict=True)
        return [window_output_size(*axis, self.padding) for axis in axes]

    def options(self) -> dict[str, Any]:
        options: dict[str, Any] = {"padding": self.padding}
        options |= {f"stride_{side}": stride for side, stride in zip("hw", self.strides, strict=True)}
        return options | {f"dilation_{s}_factor": rate for s, rate in zip("hw", self.dilations, strict=True)}


@dataclass(slots=True)
class Network:
    """A network under construction. Each operator method takes a tensor and gives its own output, or None where it
    does not apply; what is not said is drawn."""

    random: random.Random
    builder: ModelBuilder = field(default_factory=ModelBuilder)
    shapes: dict[int, Shape] = field(default_factory=dict)
    quants: dict[int, tuple[float, int]] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)

    def tensor(self, shape: Shape, scale: float = SCALE, zero_point: int | None = None, like: int | None = None) -> int:
        """A computed tensor; `like`: quantized as another one."""
        if zero_point is None:
            zero_point = self.random.choice(ZERO_POINTS)
        scale, zero_point = (scale, zero_point) if like is None else self.quants[like]
        index = self.builder.tensor(f"t{len(self.shapes)}", shape, scale=scale, zero_point=zero_point)
        self.shapes[index], self.quants[index] = tuple(shape), (scale, zero_point)
        return index

    def op(self, name: str, inputs: Sequence[int | None], output: int, **options: Any) -> int:
        self.builder.op(name, inputs, [output], **options)
        self.steps.append(f"{output} {self.shapes[output]} = {name}{tuple(inputs)} {options or ''}")
        return output

    def constant(self, shape: Shape, zero_point: int = 0, like: int | None = None) -> int:
        scale, zero_point = (SCALE, zero_point) if like is None else self.quants[like]
        data = weights(shape, self.random.getrandbits(32))
        return self.builder.tensor("constant", shape, scale=scale, zero_point=zero_point, data=data)

    def indices(self, values: Any) -> int:
        return self.builder.constant("indices", values)

    def filters(self, shape: Shape, axis: int, source: int, output: int) -> list[int]:
        """Filter and bias with a scale per output channel, so that outputs use the range of int8."""
        depth = math.prod(shape) // shape[axis]
        typical = self.quants[output][0] / (self.quants[source][0] * 90 * math.sqrt(depth))
        scales = [typical * self.random.uniform(0.5, 1.5) for _ in range(shape[axis])]
        seed = self.random.getrandbits(32)
        filters = self.builder.tensor("filters", shape, scale=scales, axis=axis, data=weights(shape, seed))
        bias = np.random.default_rng(seed).integers(-5000, 5000, shape[axis])
        bias_scales = [scale * self.quants[source][0] for scale in scales]
        return [filters, self.builder.tensor("bias", (shape[axis],), "int32", scale=bias_scales, data=bias)]

    def reshape(self, source: int, shape: Shape) -> int:
        return self.op("RESHAPE", [source, self.indices(shape)], self.tensor(shape, like=source), new_shape=list(shape))

    def pad(self, source: int, sides: Sequence[tuple[int, int]]) -> int:
        shape = tuple(before + n + after for n, (before, after) in zip(self.shapes[source], sides, strict=True))
        return self.op("PAD", [source, self.indices(sides)], self.tensor(shape, like=source))

    def permuted(self, source: int, order: Shape) -> int:
        shape = tuple(self.shapes[source][axis] for axis in order)
        return self.op("TRANSPOSE", [source, self.indices(order)], self.tensor(shape, like=source))

    def mean(self, source: int, axis: int, like: int | None = None, keep_dims: bool = True) -> int:
        shape = list(self.shapes[source])
        shape[axis : axis + 1] = [1] if keep_dims else []
        output = self.tensor(tuple(shape), like=source if like is None else like)
        return self.op("MEAN", [source, self.indices([axis])], output, keep_dims=keep_dims)

    # Operators on images.

    def convolution(self, source: int, same: bool = False) -> int | None:
        """CONV_2D or DEPTHWISE_CONV_2D with any window, padded by itself, by a PAD in front, or not at all.

        `same`: the output has the shape of the input.
        """
        if len(self.shapes[source]) != 4:
            return None
        strides = [1 if same else self.random.choice((1, 1, 2, 3)) for _ in range(2)]
        dilations = [1, 1] if max(strides) > 1 else [self.random.choice((1, 1, 2)) for _ in range(2)]
        filter_size = [self.random.randint(1, 5) for _ in range(2)]
        padding = self.random.choice(("SAME", "PAD") if same else ("SAME", "SAME", "VALID", "PAD"))
        channels = self.shapes[source][-1] if same else None
        if padding == "PAD":
            reach = [(size - 1) * dilation for size, dilation in zip(filter_size, dilations, strict=True)]
            sides = [(before := self.random.randint(0, extra), extra - before) for extra in reach]
            source, padding = self.pad(source, [(0, 0), *sides, (0, 0)]), "VALID"
        return self.convolve(source, Window(filter_size, strides, dilations, padding), channels)

    def convolve(self, source: int, window: Window, outputs: int | None = None) -> int | None:
        batch, *extents, channels = self.shapes[source]
        sizes = window.output_sizes(extents)
        if min(sizes) < 1:
            return None
        depthwise = self.random.random() < 0.4 and outputs in (None, channels)
        if outputs is None:
            outputs = channels * self.random.randint(1, 2) if depthwise else self.random.randint(1, 4)
        output = self.tensor((batch, *sizes, outputs))
        options, filter_size = window.options(), window.filter_size
        if depthwise:
            filters = self.filters((1, *filter_size, outputs), 3, source, output)
            options["depth_multiplier"] = outputs // channels
            return self.op("DEPTHWISE_CONV_2D", [source, *filters], output, **options)
        filters = self.filters((outputs, *filter_size, channels), 0, source, output)
        return self.op("CONV_2D", [source, *filters], output, **options)

    def pool(self, source: int) -> int | None:
        if len(self.shapes[source]) != 4:
            return None
        batch, *extents, channels = self.shapes[source]
        filter_size = [self.random.choice((1, 2, 2, 3)) for _ in range(2)]
        strides = filter_size if self.random.random() < 0.7 else [self.random.choice((1, 2)) for _ in range(2)]
        padding = self.random.choice(("SAME", "VALID"))
        sizes = [window_output_size(*axis, 1, padding) for axis in zip(extents, filter_size, strides, strict=True)]
        if min(sizes) < 1:
            return None
        options = {"padding": padding, "stride_h": strides[0], "stride_w": strides[1]}
        options |= {"filter_height": filter_size[0], "filter_width": filter_size[1]}
        name = self.random.choice(("MAX_POOL_2D", "AVERAGE_POOL_2D"))
        return self.op(name, [source], self.tensor((batch, *sizes, channels), like=source), **options)

    def as_sequence(self, source: int) -> int | None:
        if len(self.shapes[source]) != 4:
            return None
        batch, height, width, channels = self.shapes[source]
        shapes = ((batch, height, width * channels), (batch, height * width, channels))
        return self.reshape(source, self.random.choice(shapes))

    # Operators on sequences.

    def as_image(self, source: int) -> int | None:
        if len(self.shapes[source]) != 3:
            return None
        batch, frames, channels = self.shapes[source]
        shapes = ((batch, frames, 1, channels), (batch, frames, channels, 1), (batch, 1, frames, channels))
        return self.reshape(source, self.random.choice(shapes))

    def convolution_1d(self, source: int, same: bool = False) -> int | None:
        """As converters write it: PAD, RESHAPE to an image of one row, CONV_2D, RESHAPE."""
        if len(self.shapes[source]) != 3:
            return None
        size, stride, dilation = self.random.randint(1, 5), self.random.choice((1, 1, 2, 3)), self.random.choice((1, 2))
        stride = 1 if same else stride
        reach, dilation = ((size - 1) * dilation, dilation) if stride == 1 else (size - 1, 1)
        before = self.random.randint(0, reach)
        padded = self.pad(source, [(0, 0), (before, reach - before), (0, 0)])
        batch, frames, channels = self.shapes[padded]
        image = self.reshape(padded, (batch, 1, frames, channels))
        window = Window((1, size), (1, stride), (1, dilation), "VALID")
        convolved = self.convolve(image, window, channels if same else None)
        return None if convolved is None else self.reshape(convolved, (batch, *self.shapes[convolved][2:]))

    def dense(self, source: int, outputs: int | None = None) -> int | None:
        if len(self.shapes[source]) != 3:
            return None
        outputs = outputs or self.random.randint(1, 4)
        output = self.tensor((*self.shapes[source][:-1], outputs))
        filters = self.filters((outputs, self.shapes[source][-1]), 0, source, output)
        return self.op("FULLY_CONNECTED", [source, *filters], output, keep_num_dims=True)

    def attention(self, source: int) -> int | None:
        """One or two heads; TRANSPOSEs all around, which fold, or keys of which only the product is transposed."""
        if len(self.shapes[source]) != 3:
            return None
        heads, depth = self.random.randint(1, 2), self.random.randint(1, 3)
        batch, frames, _ = self.shapes[source]
        parts = [self.dense(source, heads * depth) for _ in range(3)]
        queries, keys, values = (self.reshape(part, (batch, frames, heads, depth)) for part in parts if part)
        adjoint = self.random.random() < 0.5
        left = self.permuted(queries, (0, 2, 1, 3))
        right = self.permuted(keys, (0, 2, 1, 3) if adjoint else (0, 2, 3, 1))
        scores = self.tensor((batch, heads, frames, frames), SCALE * SCALE * 90 * math.sqrt(depth))
        self.op("BATCH_MATMUL", [left, right], scores, adj_y=adjoint)
        shares = self.softmax(scores)
        context = self.tensor((batch, heads, frames, depth))
        self.op("BATCH_MATMUL", [shares, self.permuted(values, (0, 2, 1, 3))], context)
        return self.reshape(self.permuted(context, (0, 2, 1, 3)), (batch, frames, heads * depth))

    def mix_frames(self, source: int) -> int | None:
        """A constant matrix times the frames: rows of the product read rows of the constant and all frames."""
        if len(self.shapes[source]) != 3:
            return None
        batch, frames, channels = self.shapes[source]
        rows = self.random.choice((frames, 4))
        output = self.tensor((batch, rows, channels), SCALE * 4 * math.sqrt(frames))
        return self.op("BATCH_MATMUL", [self.constant((batch, rows, frames)), source], output)

    def group(self, source: int) -> int | None:
        """(batch, frames, channels) -> windows of a few frames, or all in one sequence again."""
        if len(self.shapes[source]) != 3:
            return None
        batch, frames, channels = self.shapes[source]
        if batch > 1 and self.random.random() < 0.7:
            return self.reshape(source, (1, batch * frames, channels))
        size = self.random.choice([n for n in (1, 2, 3, 4) if frames % n == 0])
        return self.reshape(source, (batch * frames // size, size, channels))

    # Operators on either.

    def residual(self, source: int) -> int:
        """Around one or two convolutions: the sum reads rows that are as much older as the windows reach ahead."""
        inner = source
        for _ in range(self.random.randint(1, 2)):
            convolve = self.convolution if len(self.shapes[source]) == 4 else self.convolution_1d
            inner = convolve(inner, same=True) or inner
        return self.op("ADD", [source, inner], self.tensor(self.shapes[source], 1.5 * SCALE))

    def layer_norm(self, source: int) -> int:
        axis = len(self.shapes[source]) - 1
        channels = self.shapes[source][-1:]
        average = self.mean(source, axis)
        shape, one = self.shapes[source], self.shapes[average]
        centred = self.op("SUB", [source, average], self.tensor(shape))
        squares = self.op("SQUARED_DIFFERENCE", [source, average], self.tensor(shape, 0.1, -128))
        variance = self.mean(squares, axis)
        epsilon = self.builder.tensor("epsilon", (), scale=0.01, zero_point=0, data=[1])
        above_zero = self.op("ADD", [variance, epsilon], self.tensor(one, 0.1, -128))
        inverse = self.op("RSQRT", [above_zero], self.tensor(one, 0.02, -128))
        normal = self.op("MUL", [centred, inverse], self.tensor(shape))
        scaled = self.op("MUL", [normal, self.constant(channels)], self.tensor(shape))
        return self.op("ADD", [scaled, self.constant(channels)], self.tensor(shape))

    def positions(self, source: int) -> int:
        """A constant that has rows too, or just channels."""
        shape = self.shapes[source]
        constant = self.constant(self.random.choice((shape, shape[1:], shape[-1:], (1, *shape[1:]))), 5)
        operands = [source, constant] if self.random.random() < 0.5 else [constant, source]
        return self.op(self.random.choice(BINARY), operands, self.tensor(shape, 2 * SCALE))

    def unary(self, source: int) -> int:
        name = self.random.choice(("LOGISTIC", "TANH", "RELU", "RELU6", "QUANTIZE"))
        fixed: dict[str, tuple[float, int]] = {"LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0)}
        return self.op(name, [source], self.tensor(self.shapes[source], *fixed.get(name, (1.3 * SCALE,))))

    def softmax(self, source: int) -> int:
        return self.op("SOFTMAX", [source], self.tensor(self.shapes[source], 1 / 256, -128), beta=1.0)

    def binary(self, source: int) -> int:
        """With another tensor of the same shape, as far back as there is one."""
        alike = [tensor for tensor, shape in self.shapes.items() if shape == self.shapes[source]]
        operands = [source, self.random.choice(alike)]
        self.random.shuffle(operands)
        return self.op(self.random.choice(BINARY), operands, self.tensor(self.shapes[source], 1.5 * SCALE))

    def average(self, source: int) -> int:
        """The distance from the mean over rows, columns or channels, or the mean alone."""
        average = self.mean(source, self.random.randrange(1, len(self.shapes[source])))
        if self.random.random() < 0.3:
            return average
        return self.op("SQUARED_DIFFERENCE", [average, source], self.tensor(self.shapes[source], SCALE))

    def swap_halves(self, source: int) -> int | None:
        shape = self.shapes[source]
        if shape[-1] % 2:
            return None
        axis = len(shape) - 1
        halves = [self.tensor((*shape[:-1], shape[-1] // 2), like=source) for _ in range(2)]
        self.builder.op("SPLIT", [self.indices(axis), source], halves, num_splits=2)
        self.steps.append(f"{halves} = SPLIT({source})")
        if self.random.random() < 0.3:
            halves[1] = self.constant((*shape[:-1], shape[-1] // 2), like=source)
        return self.op("CONCATENATION", halves[::-1], self.tensor(shape, like=source), axis=axis)

    def channel_slice(self, source: int) -> int:
        *outer, channels = self.shapes[source]
        begin = self.random.randrange(channels)
        vectors = ([0] * len(outer) + [begin], [*outer, channels], [1] * (len(outer) + 1))
        limits = [self.indices(vector) for vector in vectors]
        output = self.tensor((*outer, channels - begin), like=source)
        return self.op("STRIDED_SLICE", [source, *limits], output)

    def channel_pad(self, source: int) -> int:
        """Along the last axis, or along the width."""
        sides = [(0, 0)] * len(self.shapes[source])
        axes = [-1] if len(sides) == 3 else [-1, -2]
        sides[self.random.choice(axes)] = (self.random.randint(0, 2), self.random.randint(0, 2))
        return self.pad(source, sides)

    def transpose(self, source: int) -> int:
        orders = ((0, 2, 1),) if len(self.shapes[source]) == 3 else ((0, 1, 3, 2), (0, 2, 1, 3), (0, 3, 1, 2))
        return self.permuted(source, self.random.choice(orders))


def network_case(network: Network, inputs: Sequence[int], outputs: Sequence[int]) -> Case:
    """The network as a model, with two random rows of inputs and both ends of int8."""
    generator = np.random.default_rng(network.random.getrandbits(32))
    shapes = [network.shapes[index] for index in inputs]
    rows = [[generator.integers(-128, 128, shape).astype(np.int8) for shape in shapes] for _ in range(2)]
    rows += [[np.full(shape, end, np.int8) for shape in shapes] for end in (-128, 127)]
    description = "; ".join((f"inputs {shapes}", *network.steps, f"outputs {list(outputs)}"))
    return Case(description, network.builder.build(inputs, outputs), rows)
