"""The head is given other constants of the same posteriors, and the logits a finer step."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from tests.convert.lopsided import lopsided, posteriors
from tests.converted import Converted
from tinyser.convert.inner_values import inner_values
from tinyser.convert.linear_layers import Patches, find_pairs
from tinyser.convert.logits import _ROOM, shift_logits
from tinyser.convert.ranges import least_error, softmax
from tinyser.convert.tflite_file import load, write_model


def logits_of(floats: Path, files: Converted) -> np.ndarray:
    twin = load(floats)
    head = find_pairs(twin, twin)[-1][0]
    place = Patches(head.output, 1, 1, head.shape[1])
    return inner_values(floats, np.load(files.calibration), [place])[place][:, 0]


def test_largest_logits_lie_near_0_and_the_function_stays(model_files: Converted, tmp_path: Path) -> None:
    int8, floats = lopsided(model_files, tmp_path)
    before = shutil.copyfile(floats, tmp_path / "before.tflite")
    windows = np.load(model_files.calibration)
    assert shift_logits(int8, floats, windows)
    assert np.allclose(posteriors(floats, windows), posteriors(before, windows), atol=1e-5)
    old, new = (logits_of(path, model_files) for path in (before, floats))
    assert abs(new.max(axis=1).mean()) < 1e-3
    assert new.max(axis=1).std() < old.max(axis=1).std()
    model = load(int8)
    about = model.subgraphs[0].tensors[int(model.subgraphs[0].operators[-1].inputs[0])]
    assert about.quantization.scale[0] < least_error(old, softmax, above=_ROOM)[0]


def test_without_softmax_nothing_is_done(model_files: Converted, tmp_path: Path) -> None:
    int8, floats = lopsided(model_files, tmp_path)
    model = load(int8)
    graph = model.subgraphs[0]
    graph.outputs = [int(graph.operators[-1].inputs[0])]
    graph.operators = graph.operators[:-1]
    write_model(model, int8)
    assert not shift_logits(int8, floats, np.load(model_files.calibration))
