"""`tinyser features` as a user runs it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.cli.test_generate_emulate import noise, save_wav, tinyser
from tests.cli.test_generate_emulate_errors import refuses
from tests.projects import INPUT, SPEC, write_sums_project
from tinyser.features.arithmetics import Comparison, compare_arithmetics

SPECS = {
    "log-mel": SPEC,
    "coefficients with deltas": replace(SPEC, mfcc=8, deltas=2, mean=(0.0,) * 24, std=(2.0,) * 24),
    "by window, 8 kHz": replace(
        SPEC, normalisation="utterance", sample_rate_hz=8000, high_hz=4000.0, mean=(-4.0,) * 16, std=(3.0,) * 16
    ),
}


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A second of noise that swells, as speech does."""
    return save_wav(tmp_path / "clip.wav", noise(16000) * np.linspace(0, 1, 16000) ** 2)


def pixels(path: Path) -> np.ndarray:
    from matplotlib import image

    return np.asarray(image.imread(path))[..., :3]


@pytest.mark.parametrize("name", SPECS)
def test_a_picture_and_a_line_for_each_arithmetic(
    name: str, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], require_tool: Callable[..., None]
) -> None:
    require_tool("gcc")
    SPECS[name].save(tmp_path / "spec.json")
    picture = tmp_path / "picture.png"
    assert tinyser("features", clip, "--features", tmp_path / "spec.json", "-o", picture) == 0
    printed = capsys.readouterr().out
    found = re.findall(r"(\w+): ([\d.]+) % of ([\d,]+) cells equal to the reference, largest difference (\d+)", printed)
    assert [arithmetic for arithmetic, *_ in found] == ["float", "fixed"]
    assert all(float(equal) >= 99.0 and int(largest) <= 2 for _, equal, _, largest in found)
    shown = pixels(picture)
    assert shown.shape[1] >= 1000 and len(np.unique(shown.reshape(-1, 3), axis=0)) > 100


def test_steps_of_a_projects_model(clip: Path, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("gcc")
    assert tinyser("features", clip, "--project", write_sums_project(tmp_path / "p"), "-o", tmp_path / "a.png") == 0
    comparison = compare_arithmetics(noise(16000), SPEC, INPUT.scale, INPUT.zero_point)
    assert comparison.reference.shape == (SPEC.frame_count(16000), SPEC.features)
    assert abs(np.median(comparison.reference)) < 128


def test_without_a_model(clip: Path, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("gcc")
    assert tinyser("features", clip, "-o", tmp_path / "a.png") == 0


def test_a_single_difference_is_counted_and_seen(tmp_path: Path) -> None:
    """In hours of frames, each thinner than a pixel."""
    from tinyser.features.picture import draw_comparison

    reference = np.zeros((50_000, SPEC.features), np.int8)
    off = reference.copy()
    off[31_234, 3] = -2
    drawn = {}
    for name, fixed in (("equal", reference), ("off", off)):
        comparison = Comparison(SPEC, reference, {"float": reference, "fixed": fixed})
        draw_comparison(comparison, "title", tmp_path / f"{name}.png")
        drawn[name] = pixels(tmp_path / f"{name}.png")
    assert (comparison.equal("fixed"), comparison.largest("fixed")) == (1 - 1 / off.size, 2)
    panel = slice(int(0.8 * len(drawn["off"])), None)
    red = (drawn["off"][panel] != drawn["equal"][panel]).any(axis=-1)
    rows, columns = np.nonzero(red[20:])
    assert len(rows) > 0
    assert 0.5 < columns.mean() / red.shape[1] < 0.65


@pytest.mark.parametrize(
    ("samples", "arguments", "message"),
    [
        (399, ("-o", "a.png"), "every clip is shorter than one window"),
        (16000, ("-o", "a.pdf"), r"a\.pdf: got suffix '\.pdf', allowed is \.png"),
        (16000, ("-o", "missing/a.png"), "folder missing does not exist"),
        (16000, ("-o", "a.png", "--features", "none.json"), r"none\.json: cannot read it"),
        (16000, ("-o", "a.png", "--project", "none"), r"manifest\.json: cannot be read"),
        (16000, ("-o", "a.png", "--project", "none", "--features", "x"), "--features: got with --project"),
    ],
)
def test_refusals(
    samples: int,
    arguments: tuple[str, ...],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    clip = save_wav(tmp_path / "clip.wav", noise(samples))
    refuses(capsys, message, "features", clip, *arguments)
    assert list(tmp_path.iterdir()) == [clip]


def test_a_clip_shorter_than_a_window_of_a_given_spec(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    SPEC.save(tmp_path / "spec.json")
    clip = save_wav(tmp_path / "clip.wav", noise(399))
    arguments = ("--features", tmp_path / "spec.json", "-o", tmp_path / "a.png")
    refuses(capsys, "got 399 samples, allowed are at least 400", "features", clip, *arguments)
