"""A float graph of the same layers whose channels int8 holds badly: of many sizes, far from 0."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.converted import Converted
from tinyser.convert.linear_layers import find_pairs, float_bias, float_weights, write_float
from tinyser.convert.tflite_file import load, write_model
from tinyser.runtimes.tflite_reference import run_reference


def lopsided(files: Converted, folder: Path) -> tuple[Path, Path]:
    """The int8 file as it is, and a float graph with the outputs of its layers without activation scaled and shifted.

    It is another function than that of `files`.
    """
    random = np.random.default_rng(0)
    twin = load(files.float_tflite)
    for layer, _ in find_pairs(twin, twin):
        weights, bias = float_weights(twin, layer), float_bias(twin, layer)
        if layer.activation == 0 and layer.shape[0] == 1:
            factor = random.uniform(0.5, 2, bias.shape)
            write_float(twin, layer, weights * factor[..., np.newaxis], bias + random.uniform(-2, 2, bias.shape))
    int8, floats = folder / "int8.tflite", folder / "floats.tflite"
    shutil.copyfile(files.tflite, int8)
    write_model(twin, floats)
    return int8, floats


def posteriors(floats: Path, windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.asarray(run_reference(floats, windows.reshape(len(windows), -1)))
