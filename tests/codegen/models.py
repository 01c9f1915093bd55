"""Tiny models that several tests of the compiler share."""

from __future__ import annotations

import numpy as np

from tests.tflite_builder import ModelBuilder


def dense_model(metadata: dict[str, bytes] | None = None) -> bytes:
    """(1, 4) -> FULLY_CONNECTED -> (1, 3) -> SOFTMAX."""
    builder = ModelBuilder()
    given = builder.tensor("features", (1, 4), scale=0.05, zero_point=3)
    weights = builder.tensor("weights", (3, 4), scale=0.02, data=np.arange(-6, 6).reshape(3, 4))
    bias = builder.tensor("bias", (3,), "int32", scale=0.001, data=[10, -20, 30])
    hidden = builder.tensor("logits", (1, 3), scale=0.1, zero_point=-5)
    output = builder.tensor("posteriors", (1, 3), scale=1 / 256, zero_point=-128)
    builder.op("FULLY_CONNECTED", [given, weights, bias], [hidden])
    builder.op("SOFTMAX", [hidden], [output], beta=1.0)
    return builder.build([given], [output], metadata)


def padded_convolution(readers: int = 1, pad_is_output: bool = False) -> bytes:
    """(1, 5, 6, 2) -> PAD -> `readers` x CONV_2D (VALID)."""
    builder = ModelBuilder()
    generator = np.random.default_rng(1)
    given = builder.tensor("image", (1, 5, 6, 2), scale=0.05, zero_point=-7)
    paddings = builder.constant("paddings", [[0, 0], [1, 2], [0, 1], [0, 0]])
    padded = builder.tensor("padded", (1, 8, 7, 2), scale=0.05, zero_point=-7)
    builder.op("PAD", [given, paddings], [padded])
    outputs = []
    for reader in range(readers):
        data = generator.integers(-127, 128, (3, 3, 3, 2))
        weights = builder.tensor(f"weights{reader}", (3, 3, 3, 2), scale=0.01, data=data)
        output = builder.tensor(f"output{reader}", (1, 3, 3, 3), scale=0.2, zero_point=4)
        builder.op("CONV_2D", [padded, weights], [output], padding="VALID", stride_h=2, stride_w=2)
        outputs.append(output)
    return builder.build([given], [*outputs, padded] if pad_is_output else outputs)


def wide_inside() -> bytes:
    """(1, 96, 4, 2) -> three CONV_2D with 16 channels -> one with 2: most of the arena is for what lies between."""
    builder = ModelBuilder()
    generator = np.random.default_rng(3)
    image = builder.tensor("image", (1, 96, 4, 2), scale=0.05, zero_point=-7)
    latest, channels = image, 2
    for number, filters in enumerate((16, 16, 16, 2)):
        data = generator.integers(-127, 128, (filters, 3, 3, channels))
        scale = 0.1 / (0.05 * 90 * np.sqrt(9 * channels))
        weights = builder.tensor(f"weights{number}", data.shape, scale=float(scale), data=data)
        output = builder.tensor(f"output{number}", (1, 96, 4, filters), scale=0.05, zero_point=4)
        builder.op("CONV_2D", [latest, weights, None], [output], padding="SAME", stride_h=1, stride_w=1)
        latest, channels = output, filters
    return builder.build([image], [latest])
