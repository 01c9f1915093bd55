"""`tinyser generate --optimize`, `--dump-ir` and `--clip`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.passes import passes
from tests.cli.test_generate_emulate import tinyser
from tests.codegen.models import wide_inside
from tests.reference_runtimes import run_tflm

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.tflite"
    path.write_bytes(wide_inside())
    return path


def test_size_takes_a_smaller_arena_for_the_same_bytes(
    model: Path, tmp_path: Path, require_tool: Callable[..., None], require_module: Callable[..., None]
) -> None:
    require_tool("gcc")
    require_module("tflite_micro")
    inputs = np.random.default_rng(0).integers(-128, 128, (2, 1, 96, 4, 2)).astype(np.int8)
    np.save(tmp_path / "x.npy", inputs.reshape(2, 96, 4, 2))
    expected = [outputs[0].ravel() for outputs in run_tflm(model.read_bytes(), [[row] for row in inputs])]
    arenas = {}
    for optimize in ("size", "speed"):
        folder, sink = tmp_path / optimize, tmp_path / f"{optimize}.npy"
        assert tinyser("generate", model, "-o", folder, "--optimize", optimize) == 0
        arenas[optimize] = json.loads((folder / "manifest.json").read_text())["arena_bytes"]
        assert f"optimize {optimize}" in (folder / "model" / "ser_model.c").read_text()
        assert tinyser("emulate", folder, "--on", "host", "--input", tmp_path / "x.npy", "--output", sink) == 0
        np.testing.assert_array_equal(np.load(sink).reshape(2, -1), expected)
    assert arenas["size"] < arenas["speed"]


def test_speed_is_what_is_generated_otherwise(model: Path, tmp_path: Path) -> None:
    assert tinyser("generate", model, "-o", tmp_path / "default") == 0
    assert tinyser("generate", model, "-o", tmp_path / "speed", "--optimize", "speed") == 0
    code = [(tmp_path / name / "model" / "ser_model.c").read_bytes() for name in ("default", "speed")]
    assert code[0] == code[1]


def test_graphs_are_written_after_each_pass(model: Path, tmp_path: Path) -> None:
    graphs = tmp_path / "a" / "graphs"
    assert tinyser("generate", model, "-o", tmp_path / "project", "--dump-ir", graphs) == 0
    names = ["read", *(name for name, _ in passes())]
    assert sorted(path.name for path in graphs.iterdir()) == [f"{i:02d}_{name}.txt" for i, name in enumerate(names)]
    assert (graphs / "00_read.txt").read_text().count("CONV_2D") == 4
    assert "RESHAPE" in next(graphs.glob("*_stage_windows.txt")).read_text()


def test_bad_options(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = {
        ("--optimize", "fast"): "'fast' is not one of 'speed', 'size'",
        ("--dump-ir", model): "is a file",
        ("--dump-ir", model / "graphs"): "cannot write graphs there (Not a directory)",
        ("--dump-ir", tmp_path / "graphs", "--runtime", "tflm"): "runtime tflm has no passes",
    }
    for arguments, message in bad.items():
        assert tinyser("generate", model, "-o", tmp_path / "project", *arguments) == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == [model]


def test_a_clip_in_flash(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At the rate of the features, whatever the file's."""
    import soundfile

    samples, rate = soundfile.read(EXAMPLES / "angry.wav", dtype="int16")
    soundfile.write(tmp_path / "fast.wav", samples, rate * 2)
    duration = len(samples) / rate
    for path, seconds in ((EXAMPLES / "angry.wav", duration), (tmp_path / "fast.wav", duration / 2)):
        folder = tmp_path / path.stem
        assert tinyser("generate", EXAMPLES / "spoken.tflite", "-o", folder, "--clip", path) == 0
        manifest = json.loads((folder / "manifest.json").read_text())
        assert manifest["clip_seconds"] == pytest.approx(seconds, abs=2e-3)
        assert "app/ser_clip.c" in manifest["build"]["board_sources"]
    assert "fast.wav: resampled from 32000 to 16000 Hz" in capsys.readouterr().err
    content = (tmp_path / "angry" / "app" / "ser_clip.c").read_text().split("{")[1]
    assert [int(value) for value in content.split("}")[0].replace(",", " ").split()] == samples.tolist()


@pytest.mark.parametrize(
    ("name", "message"), [("missing.wav", "missing.wav: no such file"), ("text.wav", "text.wav: ")]
)
def test_a_clip_that_is_none(name: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.wav").write_text("no sound")
    folder = tmp_path / "project"
    assert tinyser("generate", EXAMPLES / "spoken.tflite", "-o", folder, "--clip", tmp_path / name) == 2
    assert message in capsys.readouterr().err and not folder.exists()
