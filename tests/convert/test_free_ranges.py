"""Ranges inside a network, chosen otherwise than by the conversion: seen in the file, and what they do to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.converted import Converted
from tinyser.convert.free_ranges import AUTO, WAYS, _free_groups, _places, percentile, set_free_ranges
from tinyser.convert.inner_values import inner_values
from tinyser.convert.paired_tensors import paired_tensors
from tinyser.convert.ranges import least_error
from tinyser.convert.refit import refit
from tinyser.convert.tflite_file import load, operator_name
from tinyser.runtimes.onnx_model import OnnxRuntime


def scales(path: Path) -> dict[int, tuple[float, int]]:
    """Of all tensors with one."""
    tensors = enumerate(load(path).subgraphs[0].tensors)
    found = ((index, tensor.quantization) for index, tensor in tensors)
    return {
        index: (float(one.scale[0]), int(one.zeroPoint[0]))
        for index, one in found
        if one is not None and one.scale is not None and len(one.scale) == 1
    }


@pytest.mark.parametrize("way", ["percentile", "mse"])
def test_ranges_leave_out_what_is_rare(model_files: Converted, tmp_path: Path, way: str) -> None:
    windows = np.load(model_files.calibration)
    made = set_free_ranges(model_files.tflite, model_files.float_tflite, windows, way, tmp_path / "made.tflite")
    before, after = scales(model_files.tflite), scales(made)
    model, twin = load(model_files.tflite), load(model_files.float_tflite)
    graph = model.subgraphs[0]
    free = _free_groups(model, twin)
    changed = {tensor for tensor in before if before[tensor] != after[tensor]}
    assert len(free) == 20 and changed <= {tensor for group in free.values() for tensor in group}
    made_by = {int(operator.outputs[0]): operator_name(model, operator) for operator in graph.operators}
    assert "SOFTMAX" not in {made_by.get(tensor) for tensor in changed}
    assert not {*map(int, graph.inputs), *map(int, graph.outputs)} & changed
    places = {tensor: _places(twin, tensor) for tensor in free}
    values = inner_values(model_files.float_tflite, windows, places.values(), 10**6)
    shares = []
    for tensor, group in free.items():
        (scale,) = {after[member][0] for member in group}
        seen = values[places[tensor]]
        shares.append(255 * scale / (max(seen.max(), 0) - min(seen.min(), 0)))
    # Random weights make next to no rare values: the least error is seldom that of a narrower range.
    assert max(shares) < 1.001 and (min(shares) < 0.9 if way == "mse" else np.mean(shares) < 0.9)


def test_minmax_is_the_file_as_it_is(model_files: Converted, tmp_path: Path) -> None:
    windows = np.load(model_files.calibration)
    target = tmp_path / "made.tflite"
    assert (
        set_free_ranges(model_files.tflite, model_files.float_tflite, windows, "minmax", target) == model_files.tflite
    )
    assert not target.exists()


def test_what_a_way_holds() -> None:
    """One rare value, too far away to be worth the steps that it costs; and many that are not."""
    values = np.append(np.linspace(-1, 1, 400_000), 1.9).reshape(-1, 1)
    for way in (percentile, least_error):
        step, zero_point = way(values)
        assert step * (-128 - zero_point) == pytest.approx(-1, abs=0.02)
        assert 0.98 < step * (127 - zero_point) < 1.5
    values = np.append(np.linspace(-1, 1, 400_000), np.full(100, 1.9)).reshape(-1, 1)
    assert least_error(values)[0] == pytest.approx(2.9 / 255) and percentile(values)[0] < 2.1 / 255


def test_the_better_way_is_kept_and_all_are_told(model_files: Converted, tmp_path: Path) -> None:
    windows = np.load(model_files.calibration)
    floats = OnnxRuntime(model_files.onnx).run(windows).posteriors
    told: list[str] = []

    def fit(ways: tuple[str, ...], name: str) -> float:
        targets = tmp_path / f"{name}.tflite", tmp_path / f"{name}_float32.tflite"
        found = refit(model_files.tflite, model_files.float_tflite, windows, floats, *targets, told.append, ways)
        assert found is not None and set(found.tried) == set(ways)
        assert found.after == found.tried[found.ranges] == min(found.tried.values())
        assert sorted(path.name for path in tmp_path.glob(f"{name}*")) == sorted(target.name for target in targets)
        return found.after

    both = fit(AUTO, "auto")
    assert both == min(fit((way,), way) for way in AUTO)
    assert {text.split()[0] for text in told} == set(AUTO) < set(WAYS)


def test_tensors_of_another_network_are_not_paired(model_files: Converted, bench_dir: Path) -> None:
    model, other = load(model_files.tflite), load(bench_dir / "micro_speech.tflite")
    assert "in the other file" in str(paired_tensors(model, other)[1])
    assert _free_groups(model, other) == {}
