"""Bad input: one line on stderr, exit status 2, no traceback, nothing half-written."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.cli.test_generate_emulate import noise, save_wav, tinyser
from tests.codegen.models import dense_model
from tests.projects import SPEC, sums_model, sums_runtime, write_sums_project
from tests.tflite_builder import truncated, with_operator_code, with_tensor_type


def refuses(capsys: pytest.CaptureFixture[str], message: str, *arguments: object) -> None:
    """The command ends with status 2 and one line that matches."""
    assert tinyser(*arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("tinyser: ") and output.err.count("\n") == 1, output.err
    assert re.search(message, output.err), output.err


MODEL = dense_model()
BAD_MODELS = {
    "missing": (None, "cannot be read"),
    "empty": (b"", "not a TensorFlow Lite model"),
    "text": (b"hello, this is no model", "not a TensorFlow Lite model"),
    "truncated": (truncated(MODEL, len(MODEL) // 2), "damaged or truncated|not a TensorFlow Lite model"),
    "float": (with_tensor_type(MODEL, 0, "FLOAT32"), "float"),
    "unsupported operator": (with_operator_code(MODEL, 0, "LSTM"), "LSTM"),
}


@pytest.mark.parametrize("name", BAD_MODELS)
def test_bad_models(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, message = BAD_MODELS[name]
    model = tmp_path / "model.tflite"
    if content is not None:
        model.write_bytes(content)
    before = sorted(tmp_path.iterdir())
    refuses(capsys, message, "generate", model, "-o", tmp_path / "project")
    assert sorted(tmp_path.iterdir()) == before


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.tflite"
    path.write_bytes(MODEL)
    return path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--board", "nucleo"), "board 'nucleo': unknown; known are arduino-nano-33-ble-sense, "),
        (("--project", "arduino"), "has no project flavour 'arduino'; allowed are cmake"),
        (("--labels", "a,b"), r"labels: got 2 \(a, b\), allowed is 3"),
        (("--labels", "a,,b"), "labels: got 'a', '', 'b', allowed are different names"),
        (("--features", "missing.json"), r"missing\.json: cannot read it"),
    ],
)
def test_bad_options_of_generate(
    arguments: tuple[str, ...], message: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refuses(capsys, message, "generate", model, "-o", tmp_path / "project", *arguments)
    assert list(tmp_path.iterdir()) == [model]


def test_features_of_another_model(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    SPEC.save(tmp_path / "features.json")
    arguments = ("generate", model, "-o", tmp_path / "project", "--features", tmp_path / "features.json")
    refuses(capsys, r"context_frames x features is 30 x 16, but model model takes \(1, 4\)", *arguments)
    assert not (tmp_path / "project").exists()


def test_an_existing_output_folder(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tinyser("generate", model, "-o", tmp_path / "project") == 0
    before = {path: path.read_bytes() for path in (tmp_path / "project").rglob("*") if path.is_file()}
    capsys.readouterr()
    refuses(capsys, "exists already; choose another", "generate", model, "-o", tmp_path / "project")
    assert before == {path: path.read_bytes() for path in (tmp_path / "project").rglob("*") if path.is_file()}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_sums_project(tmp_path / "project")


def test_not_a_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refuses(capsys, r"manifest\.json: cannot be read", "emulate", tmp_path, "--on", "host")


BAD_ARRAYS = {
    "other shape": (np.zeros((8, 31, 16), np.int8), r"got shape \(8, 31, 16\), allowed is \(runs, 30, 16\)"),
    "no runs": (np.zeros((0, 30, 16), np.int8), r"got shape \(0, 30, 16\)"),
    "float64": (np.zeros((1, 30, 16)), "got float64, allowed are int8 and float32"),
    "not finite": (np.full((1, 30, 16), np.nan, np.float32), "holds values that are not finite"),
    "objects": (np.array([{}], dtype=object), "not a .npy array"),
}


@pytest.mark.parametrize("name", BAD_ARRAYS)
def test_bad_arrays(name: str, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    array, message = BAD_ARRAYS[name]
    np.save(tmp_path / "x.npy", array, allow_pickle=True)
    sink = tmp_path / "y.npy"
    refuses(capsys, message, "emulate", project, "--on", "host", "--input", tmp_path / "x.npy", "--output", sink)
    assert not sink.exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.npy", None, "cannot be read"),
        ("x.npy", b"text", r"not a \.npy array"),
        ("clip.wav", None, "no such file"),
        ("clip.wav", b"text", "not a readable recording"),
    ],
)
def test_bad_files(
    name: str, content: bytes | None, message: str, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    refuses(capsys, message, "emulate", project, "--on", "host", "--input", tmp_path / name)


def test_a_recording_for_a_model_without_features(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], require_tool: Callable[..., None]
) -> None:
    from codegen.boards import load_board
    from codegen.model_card import ModelCard
    from codegen.project import ProjectOptions, write_project

    model = sums_model(card=ModelCard(name="plain"))
    write_project(model, sums_runtime(model), ProjectOptions(board=load_board("host")), tmp_path / "project")
    clip = save_wav(tmp_path / "clip.wav", noise(9000))
    message = "this project has no audio features.*--features features.json"
    refuses(capsys, message, "emulate", tmp_path / "project", "--on", "host", "--input", clip)


def test_sanitize_elsewhere_than_on_the_host(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refuses(capsys, "--sanitize: got with --on qemu", "emulate", project, "--on", "qemu", "--sanitize")


def test_an_output_folder_that_is_missing(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], require_tool: Callable[..., None]
) -> None:
    require_tool("gcc")
    np.save(tmp_path / "x.npy", np.zeros((1, 30, 16), np.int8))
    arguments = ("--input", tmp_path / "x.npy", "--output", tmp_path / "missing" / "y.npy")
    refuses(capsys, "missing does not exist", "emulate", project, "--on", "host", *arguments)
