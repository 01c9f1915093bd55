"""Patches of inner tensors: with a layer's weights they give the layer's output."""

from __future__ import annotations

from itertools import product

import numpy as np

from tests.converted import Converted
from tinyser.convert.inner_values import inner_values
from tinyser.convert.linear_layers import Patches, _first_inside, find_pairs, float_bias, float_weights, grouped_rows
from tinyser.convert.tflite_file import load

_ALL = 10**6


def test_patches_are_what_a_layer_reads(model_files: Converted) -> None:
    model = load(model_files.float_tflite)
    windows = np.load(model_files.calibration)[:2]
    layers = [layer for layer, _ in find_pairs(model, model)]
    assert {layer.patches.kernel for layer in layers} == {(1, 1), (3, 3)}
    assert {layer.patches.stride for layer in layers} == {(1, 1), (2, 2)}
    outputs = {}
    for layer in layers:
        *_, channels = shape = tuple(map(int, model.subgraphs[0].tensors[layer.output].shape))
        outputs[layer] = Patches(layer.output, int(np.prod(shape)) // channels, 1, channels)
    found = inner_values(model_files.float_tflite, windows, [layer.patches for layer in layers], _ALL)
    given = inner_values(model_files.float_tflite, windows, outputs.values(), _ALL)
    for layer in layers:
        rows = grouped_rows(found[layer.patches], layer)
        wanted = rows @ float_weights(model, layer).swapaxes(1, 2) + float_bias(model, layer)[:, np.newaxis]
        wanted = wanted.transpose(1, 0, 2).reshape(rows.shape[1], -1)
        wanted = np.maximum(wanted, 0) if layer.activation else wanted
        assert np.allclose(given[outputs[layer]][:, 0], wanted, atol=1e-4)


def test_few_patches_are_spread_evenly(model_files: Converted) -> None:
    model = load(model_files.float_tflite)
    patches = find_pairs(model, model)[0][0].patches
    windows = np.load(model_files.calibration)[:3]
    everything = inner_values(model_files.float_tflite, windows, [patches], _ALL)[patches].reshape(3, -1, 9)
    few = inner_values(model_files.float_tflite, windows, [patches], 5)[patches].reshape(3, 5, 9)
    assert np.array_equal(few, everything[:, np.linspace(0, everything.shape[1] - 1, 5).astype(int)])


def test_where_padding_inside_an_operator_ends() -> None:
    """TFLite's SAME padding, by its definition."""
    for size, kernel, stride in product((5, 6, 30), (1, 2, 3, 5), (1, 2, 3)):
        before = max((-(-size // stride) - 1) * stride + kernel - size, 0) // 2
        starts = (place * stride - before for place in range(size))
        assert _first_inside(size, kernel, stride) == next(start for start in starts if start >= 0)
