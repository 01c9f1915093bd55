"""Networks from the literature in Keras, with random weights, converted to integers by TFLite's own converter.

The four of the MLPerf Tiny benchmark (Banbury et al., "MLPerf Tiny Benchmark", 2021), written from their description,
and two kinds used on streams: a temporal convolutional network (Bai et al., 2018) and a U-Net along time (as Stoller et
al., "Wave-U-Net", 2018). A network takes and gives what its activations are.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

SEED = 7
CALIBRATION_WINDOWS = 8


def convert(name: str, batch_size: int | None = 1, activations: str = "int8") -> bytes:
    """The .tflite file of a network of NETWORKS; without a batch size, the converter makes it 1. Beside activations of
    int16, weights stay int8."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    random = np.random.default_rng(SEED)
    model = NETWORKS[name](tf.keras.layers, tf.keras.Model, batch_size)
    _randomise(model, random)
    windows = random.standard_normal((CALIBRATION_WINDOWS, 1, *model.inputs[0].shape[1:])).astype(np.float32)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([window] for window in windows)
    int16 = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    operators = {"int8": tf.lite.OpsSet.TFLITE_BUILTINS_INT8, "int16": int16}
    converter.target_spec.supported_ops = [operators[activations]]
    converter.inference_input_type = converter.inference_output_type = tf.dtypes.as_dtype(activations)
    return bytes(converter.convert())


def _randomise(model: Any, random: np.random.Generator) -> None:
    """Gives every layer weights that keep the signal's variance, and every BatchNorm statistics that matter."""
    for layer in model.layers:
        names = [weight.name.split("/")[-1].split(":")[0] for weight in layer.weights]
        shapes = [weight.shape for weight in layer.get_weights()]
        filter_axes = slice(2) if type(layer).__name__ == "DepthwiseConv2D" else slice(-1)
        layer.set_weights([_random_weight(*weight, filter_axes, random) for weight in zip(names, shapes, strict=True)])


def _random_weight(name: str, shape: tuple[int, ...], filter_axes: slice, random: np.random.Generator) -> np.ndarray:
    """`filter_axes` of a kernel's shape are those of one output channel."""
    if name in ("gamma", "moving_variance"):
        return random.uniform(0.5, 1.5, shape)
    if name in ("beta", "moving_mean", "bias"):
        return random.normal(0, 0.3, shape)
    return random.normal(0, np.sqrt(2 / np.prod(shape[filter_axes])), shape)


def keyword_spotting(layers: Any, model: Any, batch_size: int | None) -> Any:
    """DS-CNN: MFCCs (49 frames, 10) -> 12 words."""
    x = start = layers.Input((49, 10, 1), batch_size=batch_size)
    x = _normalized(layers, layers.Conv2D(64, (10, 4), strides=2, padding="same", use_bias=False)(x))
    for _ in range(4):
        x = _separable(layers, x, 64, stride=1)
    x = layers.AveragePooling2D((25, 5))(x)
    return model(start, layers.Dense(12, activation="softmax")(layers.Flatten()(x)))


def person_detection(layers: Any, model: Any, batch_size: int | None) -> Any:
    """MobileNetV1 of width 0.25: (96, 96, 3) -> person or none."""
    x = start = layers.Input((96, 96, 3), batch_size=batch_size)
    x = _normalized(layers, layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x))
    strided = [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *[(128, 1)] * 5, (256, 2), (256, 1)]
    for channels, stride in strided:
        x = _separable(layers, x, channels, stride)
    x = layers.AveragePooling2D(3)(x)
    return model(start, layers.Dense(2, activation="softmax")(layers.Flatten()(x)))


def image_classification(layers: Any, model: Any, batch_size: int | None) -> Any:
    """ResNet-8: (32, 32, 3) -> 10 classes."""

    def convolution(x: Any, channels: int, size: int = 3, stride: int = 1) -> Any:
        return layers.Conv2D(channels, size, strides=stride, padding="same")(x)

    x = start = layers.Input((32, 32, 3), batch_size=batch_size)
    x = _normalized(layers, convolution(x, 16))
    for channels, stride in ((16, 1), (32, 2), (64, 2)):
        y = _normalized(layers, convolution(x, channels, stride=stride))
        y = layers.BatchNormalization()(convolution(y, channels))
        shortcut = x if stride == 1 else convolution(x, channels, size=1, stride=stride)
        x = layers.ReLU()(layers.Add()([shortcut, y]))
    x = layers.AveragePooling2D(8)(x)
    return model(start, layers.Dense(10, activation="softmax")(layers.Flatten()(x)))


def anomaly_detection(layers: Any, model: Any, batch_size: int | None) -> Any:
    """Autoencoder of fully connected layers: 5 frames of 128 log-mel energies, to be rebuilt."""
    x = start = layers.Input((640,), batch_size=batch_size)
    for units in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        x = _normalized(layers, layers.Dense(units)(x))
    return model(start, layers.Dense(640)(x))


def temporal_convolution(layers: Any, model: Any, batch_size: int | None) -> Any:
    """TCN: dilated causal convolutions with residuals, (100 frames, 20 mels) -> 6 classes of the last frame."""
    x = start = layers.Input((100, 20), batch_size=batch_size)
    x = layers.Conv1D(24, 1)(x)
    for dilation in (1, 2, 4, 8):
        y = x
        for _ in range(2):
            y = _normalized(layers, layers.Conv1D(24, 3, padding="causal", dilation_rate=dilation)(y))
        x = layers.ReLU()(layers.Add()([x, y]))
    return model(start, layers.Dense(6, activation="softmax")(x[:, -1, :]))


def denoiser(layers: Any, model: Any, batch_size: int | None) -> Any:
    """U-Net along time: 256 samples -> 256 samples, halved three times, with skips that are concatenated."""
    x = start = layers.Input((256, 1, 1), batch_size=batch_size)
    skips = []
    for channels in (8, 16, 24):
        x = _normalized(layers, layers.Conv2D(channels, (9, 1), padding="same")(x))
        skips.append(x)
        x = _normalized(layers, layers.Conv2D(channels, (4, 1), strides=(2, 1), padding="same")(x))
    x = _normalized(layers, layers.Conv2D(32, (5, 1), padding="same")(x))
    for skip in reversed(skips):
        x = layers.Conv2DTranspose(skip.shape[-1], (4, 1), strides=(2, 1), padding="same")(x)
        x = layers.Concatenate()([x, skip])
        x = _normalized(layers, layers.Conv2D(skip.shape[-1], (5, 1), padding="same")(x))
    return model(start, layers.Conv2D(1, (1, 1), activation="tanh")(x))


def _normalized(layers: Any, x: Any) -> Any:
    return layers.ReLU()(layers.BatchNormalization()(x))


def _separable(layers: Any, x: Any, channels: int, stride: int) -> Any:
    """A convolution per channel, then one across channels."""
    x = _normalized(layers, layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)(x))
    return _normalized(layers, layers.Conv2D(channels, 1, use_bias=False)(x))


NETWORKS = {
    "keyword_spotting": keyword_spotting,
    "person_detection": person_detection,
    "image_classification": image_classification,
    "anomaly_detection": anomaly_detection,
    "temporal_convolution": temporal_convolution,
    "denoiser": denoiser,
}
