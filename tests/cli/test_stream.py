"""`tinyser emulate --stream` and `tinyser generate --stream`, `--arithmetic`, as a user runs them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import load_board
from codegen.model_card import ModelCard
from codegen.project import ProjectOptions, write_project
from tests.cli.test_generate_emulate import noise, save_wav, tinyser
from tests.cli.test_generate_emulate_errors import refuses
from tests.conftest import CHECKOUT
from tests.projects import sums_model, sums_runtime, write_sums_project

EXAMPLE = CHECKOUT / "examples" / "spoken.tflite"


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return save_wav(tmp_path / "clip.wav", np.concatenate([noise(12000), np.zeros(12000)]))


@pytest.mark.parametrize("place", ["host", "qemu"])
def test_decisions_over_time(
    place: str, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], require_tool: Callable[..., None]
) -> None:
    require_tool("gcc", "arm-none-eabi-gcc", "qemu-system-arm")
    folder, outputs = write_sums_project(tmp_path / "project"), tmp_path / "y.npy"
    arguments = ("emulate", folder, "--on", place, "--input", clip, "--stream")
    assert tinyser(*arguments, "--json", "--output", outputs) == 0
    result = json.loads(capsys.readouterr().out)
    rows = result["stream"]
    assert [set(row) for row in rows] == [{"seconds", "inferences", "gate", "posteriors", "decision"}] * len(rows)
    assert rows[0] == {**rows[0], "seconds": 0.12, "inferences": 1, "gate": "open", "decision": None}
    assert len(rows[0]["posteriors"]) == 3
    assert rows[-1] == {**rows[-1], "gate": "closed", "posteriors": None, "decision": "silence"}
    assert {row["decision"] for row in rows[1:-1]} <= set(result["labels"])
    assert result["runs"] == rows[-1]["inferences"] == len(np.load(outputs))
    assert tinyser(*arguments) == 0
    table = capsys.readouterr().out
    assert "silence" in table and "closed" in table and "0.12" in table


def test_settings_of_a_stream(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], require_tool: Callable[..., None]
) -> None:
    """In the manifest, in the README, and in what the firmware does."""
    require_tool("gcc")
    settings = tmp_path / "stream.json"
    settings.write_text(json.dumps({"stride_frames": 25, "gate_dbfs": None, "hold_inferences": 1}))
    folder = tmp_path / "project"
    assert tinyser("generate", EXAMPLE, "-o", folder, "--board", "host", "--stream", settings) == 0
    stream = json.loads((folder / "manifest.json").read_text())["classifier"]["stream"]
    expected = {"stride_frames": 25, "gate_dbfs": None, "smoothing_seconds": 0.5, "period_ms": 250}
    assert expected.items() <= stream.items()
    readme = (folder / "README.md").read_text()
    assert f"| from one emotion to another, at most | {stream['change_ms']} |" in readme
    assert "to silence" not in readme
    capsys.readouterr()
    assert tinyser("emulate", folder, "--on", "host", "--input", clip, "--stream", "--json") == 0
    rows = json.loads(capsys.readouterr().out)["stream"]
    assert [row["seconds"] for row in rows] == pytest.approx([0.25 * k + 0.02 for k in range(1, 6)])


@pytest.mark.parametrize(
    ("board", "wanted", "arithmetic"),
    [
        ("host", "auto", "float"),
        ("mps2-an385", "auto", "fixed"),
        ("mps2-an386", "auto", "float"),
        ("mps2-an386", "fixed", "fixed"),
        ("mps2-an385", "float", "float"),
    ],
)
def test_arithmetic_of_the_features(board: str, wanted: str, arithmetic: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    assert tinyser("generate", EXAMPLE, "-o", folder, "--board", board, "--arithmetic", wanted) == 0
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["classifier"]["arithmetic"] == arithmetic
    assert manifest["classifier"]["fft"] == "own"
    has_float = any("float" in path.read_text() for path in (folder / "features").glob("*.c"))
    assert has_float == (arithmetic == "float")
    cmake = (folder / "CMakeLists.txt").read_text()
    assert all(name in cmake for name in manifest["build"]["portable_sources"])


def test_a_float_fft_is_not_for_fixed_point(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("generate", EXAMPLE, "-o", tmp_path / "project", "--board", "mps2-an385", "--fft", "cmsis-dsp")
    refuses(capsys, "--fft: got cmsis-dsp, an FFT in float32, with features in fixed point, allowed is own", *arguments)
    assert not (tmp_path / "project").exists()


def test_cmsis_dsp_is_the_users(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CMSISDSP_ROOT", raising=False)
    assert tinyser("generate", EXAMPLE, "-o", tmp_path / "project", "--fft", "cmsis-dsp") == 0
    capsys.readouterr()
    refuses(capsys, "CMSISDSP_ROOT: got nothing", "emulate", tmp_path / "project", "--on", "host", "--input", clip)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--on", "tflm", "--stream", "--input", "clip.wav"), "--stream: got with --on tflm, allowed are --on host"),
        (("--on", "host", "--stream"), "--stream: got no --input, allowed is a recording; give --input clip.wav"),
        (("--on", "host", "--stream", "--input", "x.npy"), r"--stream: got --input x\.npy, allowed is a recording"),
        (("--on", "host", "--stream", "--keep-state", "--input", "clip.wav"), "--keep-state: got with the recording"),
    ],
)
def test_what_cannot_be_a_stream(
    arguments: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refuses(capsys, message, "emulate", write_sums_project(tmp_path / "project"), *arguments)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"stream\.json: cannot be read"),
        ('{"margin": 5}', r"margin: got 5, allowed is a number 0\.\.0\.9"),
        ('{"stride_frames": 9999}', "stride_frames: got 9999, allowed is at most the features' context_frames"),
    ],
)
def test_bad_settings(content: str | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if content is not None:
        (tmp_path / "stream.json").write_text(content)
    arguments = ("generate", EXAMPLE, "-o", tmp_path / "project", "--stream", tmp_path / "stream.json")
    refuses(capsys, message, *arguments)
    assert not (tmp_path / "project").exists()


def test_features_of_other_numbers_are_no_substitute(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from dataclasses import replace

    from codegen.read_tflite import read_tflite

    card = read_tflite(EXAMPLE).card
    assert card is not None and card.features is not None
    replace(card.features, low_hz=30.0).save(tmp_path / "features.json")
    arguments = ("generate", EXAMPLE, "-o", tmp_path / "project", "--features", tmp_path / "features.json")
    refuses(capsys, r"features: got sha256 \w{16}, but model .* is made for \w{16}", *arguments)
    card.features.save(tmp_path / "features.json")
    assert tinyser(*arguments) == 0


@pytest.mark.parametrize("board", ["host", "mps2-an385"])
def test_features_of_another_project_do_not_compile(
    board: str, tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    """The features' digest is in both headers; one word of it is enough to stop the compiler."""
    require_tool("gcc")
    from codegen.errors import ToolError
    from tinyser.emulator import host

    folder = write_sums_project(tmp_path / "project", board)
    tables = folder / "features" / "ser_features_tables.h"
    text = tables.read_text()
    start = text.index("#define SER_FEATURES_SPEC_7 0x") + len("#define SER_FEATURES_SPEC_7 0x")
    tables.write_text(text[:start] + ("1" if text[start] == "0" else "0") + text[start + 1 :])
    with pytest.raises(ToolError, match="the model is made for other features"):
        host.classify(folder, noise(9000))


def test_a_model_without_a_card_takes_the_features_that_are_given(
    tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    require_tool("gcc")
    from tests.projects import SPEC
    from tinyser.emulator import host

    plain = sums_model(card=ModelCard(name="plain"))
    options = ProjectOptions(board=load_board("host"), features=SPEC)
    write_project(plain, sums_runtime(sums_model()), options, tmp_path / "project")
    assert host.stream(tmp_path / "project", noise(9000)).labels == ("class 0", "class 1", "class 2")
