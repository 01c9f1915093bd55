"""A graph run part by part gives what the whole graph gives; a part that TFLite refuses says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codegen.errors import ToolError
from tests.converted import Converted
from tinyser.convert.inner_values import inner_values
from tinyser.convert.linear_layers import find_pairs
from tinyser.convert.tflite_file import load, read_tflite_file, write_model
from tinyser.convert.values_by_part import values_by_part

_SOME = 7


def test_parts_give_what_the_whole_gives(model_files: Converted) -> None:
    model = load(model_files.tflite)
    rows = read_tflite_file(model_files.tflite).input.quantize(np.load(model_files.calibration)[:3])
    sources = list(dict.fromkeys(mine.patches for mine, _ in find_pairs(model, model)))
    wanted = inner_values(model_files.tflite, rows, sources, _SOME)
    with values_by_part(model, rows) as values:
        for source in sources:
            assert np.array_equal(values(source, _SOME), wanted[source])
        assert values.done < len(model.subgraphs[0].operators)
        # What no operator reads any more is not kept.
        assert len(list(values.folder.glob("*.npy"))) < len(sources)


def test_the_model_is_as_before(model_files: Converted, tmp_path: Path) -> None:
    model = load(model_files.tflite)
    write_model(model, tmp_path / "before.tflite")
    rows = read_tflite_file(model_files.tflite).input.quantize(np.load(model_files.calibration)[:1])
    with values_by_part(model, rows) as values:
        values(find_pairs(model, model)[-1][0].patches)
    write_model(model, tmp_path / "after.tflite")
    assert (tmp_path / "after.tflite").read_bytes() == (tmp_path / "before.tflite").read_bytes()


def test_constants_count_when_their_operator_runs(model_files: Converted) -> None:
    """Those written before it, not after it."""
    model = load(model_files.tflite)
    rows = read_tflite_file(model_files.tflite).input.quantize(np.load(model_files.calibration)[:2])
    first, *_, last = [mine for mine, _ in find_pairs(model, model)]
    bias = model.subgraphs[0].tensors[first.bias].buffer
    with values_by_part(model, rows) as values:
        as_it_is = values(last.patches)
    with values_by_part(model, rows) as values:
        values(first.patches)
        model.buffers[bias].data = bytes(len(model.buffers[bias].data))
        changed = values(last.patches)
        model.buffers[bias].data = b"\1" * len(model.buffers[bias].data)
        assert np.array_equal(values(last.patches), changed)
    assert not np.array_equal(changed, as_it_is)


def test_a_part_that_is_refused(model_files: Converted) -> None:
    model = load(model_files.tflite)
    rows = read_tflite_file(model_files.tflite).input.quantize(np.load(model_files.calibration)[:1])
    layers = [mine for mine, _ in find_pairs(model, model)]
    weights = model.subgraphs[0].tensors[layers[0].weights]
    weights.shape = weights.shape[:1]
    with values_by_part(model, rows) as values, pytest.raises(ToolError, match="TFLite, a part of the graph: .*"):
        values(layers[-1].patches)
