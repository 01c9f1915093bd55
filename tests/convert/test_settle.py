"""Convolutions are given other channels: the float graph stays the function it was, and int8 holds padding exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.converted import Converted
from tinyser.convert.inner_values import inner_values
from tinyser.convert.settle import _joints, settle
from tinyser.convert.tflite_file import load
from tinyser.runtimes.onnx_model import OnnxRuntime
from tinyser.runtimes.tflite_reference import run_reference


def settled(files: Converted, folder: Path, cut_off: bool = False) -> tuple[Path, Path]:
    paths = folder / "int8.tflite", folder / "floats.tflite"
    assert settle(files.tflite, files.float_tflite, np.load(files.calibration), *paths, cut_off=cut_off) == 5
    return paths


@pytest.mark.parametrize("cut_off", [False, True])
def test_the_function_stays(model_files: Converted, tmp_path: Path, cut_off: bool) -> None:
    _, floats = settled(model_files, tmp_path, cut_off)
    windows = np.load(model_files.calibration)
    wanted = OnnxRuntime(model_files.onnx).run(windows).posteriors
    assert np.allclose(run_reference(floats, windows.reshape(len(windows), -1)), wanted, atol=1e-5)


def test_channels_are_alike_and_centred(model_files: Converted, tmp_path: Path) -> None:
    int8, floats = settled(model_files, tmp_path)
    windows = np.load(model_files.calibration)
    for joint in _joints(load(int8), load(floats)):
        before, after = (
            np.abs(inner_values(path, windows, [joint.values], 10**6)[joint.values][:, 0]).max(axis=0)
            for path in (model_files.float_tflite, floats)
        )
        assert after.min() / after.max() > 0.8 * min(1.0, 4 * before.min() / before.max())


def test_padding_is_exact(model_files: Converted, tmp_path: Path) -> None:
    """A window of padding alone: away from its rim every convolution gives a whole number of steps."""
    int8, floats = settled(model_files, tmp_path)
    windows = np.load(model_files.calibration)
    model, silence = load(int8), np.zeros_like(windows[:1])
    checked = 0
    for joint in _joints(model, load(floats)):
        values = inner_values(floats, silence, [joint.values], 10**6)[joint.values][:, 0]
        most = np.median(values, axis=0)
        steps = most / model.subgraphs[0].tensors[joint.moved[0]].quantization.scale[0]
        # In images as small as these, most of what deeper layers give is rim.
        steps = steps[(np.mean(np.abs(values - most) < 1e-5, axis=0) > 0.5) & (np.abs(steps) > 0.6)]
        assert np.abs(steps - np.rint(steps)).max(initial=0) < 0.02
        checked += len(steps)
    assert checked >= 4
