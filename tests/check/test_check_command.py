"""`tinyser check` as a user runs it, on the real stages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from codegen.errors import DataError, ModelFormatError, TinySerError
from tests.converted import LABELS, Converted, save_model
from tinyser.check.compare import Candidate, compare
from tinyser.check.material import Material
from tinyser.check.page import render
from tinyser.check.run import CheckOptions, check, sounds_of
from tinyser.cli import cli
from tinyser.runtimes import Answer

SCHEMA = Draft202012Validator(
    json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text(encoding="utf-8"))
)


def run(*arguments: object) -> str:
    """Standard output of a successful command."""
    result = CliRunner().invoke(cli, ["check", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_json_is_one_object_with_all_stages(
    model_files: Converted, tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    require_tool("gcc", "arm-none-eabi-gcc", "qemu-system-arm")
    np.save(tmp_path / "y.npy", np.arange(40) % len(LABELS))
    models = ("--tflite", model_files.tflite, "--pt", model_files.checkpoint, "--onnx", model_files.onnx)
    models += ("--hrf", model_files.checkpoint)
    models += ("--float-tflite", model_files.float_tflite, "--layer-windows", 2)
    data = ("--input", model_files.calibration, "--labels-npy", tmp_path / "y.npy", "--qemu-sample", 2)
    report = json.loads(run(*models, *data, "-o", tmp_path / "out", "--json"))
    assert [stage["name"] for stage in report["stages"]] == [
        *("hrf", "pt", "onnx", "float_tflite", "tflite", "tflm", "c_host", "c_qemu"),
    ]
    assert report["skipped"] == [] and report["labels"] == list(LABELS)
    assert [file["role"] for file in report["files"]] == ["hrf", "pt", "onnx", "float_tflite", "tflite"]
    floats = next(pair for pair in report["pairs"] if (pair["a"], pair["b"]) == ("onnx", "float_tflite"))
    assert floats["max_posterior_difference"] < 1e-5
    assert report["layers"]["reference"] == "model_float32.tflite" and report["layers"]["windows"] == 2
    assert report["remedies"]["windows"] == 20 and len(report["remedies"]["costs"]) == 8
    counted = report["firmware"]["instructions"]
    assert counted["between"] + sum(layer["instructions"] for layer in counted["layers"]) == pytest.approx(
        counted["inference"], abs=50
    )
    int8 = [pair for pair in report["pairs"] if pair["bytes_equal"] is not None]
    assert len(int8) == 6 and all(pair["bytes_equal"] for pair in int8)
    assert report == json.loads((tmp_path / "out" / "report.json").read_text())
    SCHEMA.validate(report)
    assert (tmp_path / "out" / "report.html").read_text().startswith("<!DOCTYPE html>")


def test_a_broken_limit_is_exit_status_1_after_the_report(
    model_files: Converted, tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    from tinyser.convert.export_onnx import export_onnx

    require_tool("gcc")
    # Another model of the same shape and labels decides otherwise.
    save_model(tmp_path / "other.pt", name="conformer")
    export_onnx(tmp_path / "other.pt", tmp_path / "other.onnx")
    arguments = [
        "check",
        "--layer-windows",
        0,
        "--tflite",
        model_files.tflite,
        "--onnx",
        tmp_path / "other.onnx",
        "--qemu-sample",
        0,
    ]
    arguments += ["--input", model_files.calibration, "--min-agreement", 99, "-o", tmp_path / "out"]
    result = CliRunner().invoke(cli, list(map(str, arguments)), catch_exceptions=False)
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert result.exit_code == 1
    SCHEMA.validate(report)
    assert [failure.split(" decides")[0] for failure in report["failures"]] == [
        "TFLite reference",
        "TFLM",
        "C on the desktop",
    ]
    assert "Beyond the limits: TFLite reference decides" in result.stdout


def test_recordings_that_flip_are_in_the_page(tmp_path: Path) -> None:
    import soundfile

    from tinyser.features.audio import flac, read_audio

    samples = np.random.default_rng(1).integers(-9000, 9000, 4000).astype(np.int16)
    soundfile.write(tmp_path / "clip.wav", samples, 16000)
    (tmp_path / "clip.flac").write_bytes(flac(tmp_path / "clip.wav"))
    assert np.array_equal(read_audio(tmp_path / "clip.flac").samples, samples)
    material = Material("x", LABELS, np.zeros((1, 1), np.float32), np.zeros(1, int), None, (tmp_path / "clip.wav",))
    flipped = compare([Candidate("a", lambda: Decided(0)), Candidate("b", lambda: Decided(1))], material)
    assert sounds_of(flipped, material) == {0: (tmp_path / "clip.flac").read_bytes()}
    page = render(flipped, sounds=sounds_of(flipped, material))
    assert page.count("<audio controls") == 1 and 'src="data:audio/flac;base64,' in page


class Decided:
    """Decides one label for everything."""

    name, title, arithmetic = "known", "known", "float32"

    def __init__(self, label: int) -> None:
        self._posteriors = np.eye(len(LABELS), dtype=np.float32)[[label]]

    def run(self, windows: np.ndarray) -> Answer:
        return Answer(np.repeat(self._posteriors, len(windows), axis=0))


def test_a_corpus_is_checked_clip_by_clip(
    model_files: Converted, tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    import soundfile

    require_tool("gcc")
    random = np.random.default_rng(4)
    for label in LABELS:
        (tmp_path / "data" / label).mkdir(parents=True)
        for speaker in ("ann", "bob", "cid"):
            clip = random.normal(0, random.uniform(0.001, 0.2), random.integers(4000, 9000))
            soundfile.write(tmp_path / "data" / label / f"{speaker}_1.wav", clip, 16000)
    corpus = ("--corpus", "folder", "--data", tmp_path / "data", "--qemu-sample", 0, "--layer-windows", 0)
    text = run("--tflite", model_files.tflite, *corpus, "--fold", 0, "-o", tmp_path / "out")
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    SCHEMA.validate(report)
    assert report["clips"] == 3 and "fold 0" in report["source"]
    assert [stage["name"] for stage in report["stages"]] == ["twin", "tflite", "tflm", "c_host", "c_audio"]
    assert "C from raw audio" in text and "UAR" in text


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, DataError, "got both or none of --corpus and --input"),
        ({"corpus": "nothing", "data": "."}, TinySerError, "got 'nothing', allowed are"),
        ({"input": "{calibration}", "onnx": "{other}"}, ModelFormatError, r"takes \(1, 4\), the int8 model"),
        ({"input": "{calibration}", "pt": "{calibration}"}, ModelFormatError, "not a checkpoint"),
        (
            {"input": "{calibration}", "pt": "{renamed}"},
            ModelFormatError,
            "has labels x, y, z, the int8 model calm, glad",
        ),
    ],
)
def test_refuses(
    model_files: Converted, tmp_path: Path, options: dict[str, str], error: type[Exception], message: str
) -> None:
    from onnx import TensorProto

    from tests.convert.test_onnx_file import save

    other = save(tmp_path / "other.onnx", [("x", TensorProto.FLOAT, [1, 4])])
    places = {"{calibration}": model_files.calibration, "{other}": other, "{renamed}": tmp_path / "renamed.pt"}
    save_model(places["{renamed}"], labels=("x", "y", "z"))
    given = {key: places.get(value, value if key == "corpus" else Path(value)) for key, value in options.items()}
    with pytest.raises(error, match=message):
        check(CheckOptions(tflite=model_files.tflite, **given), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_refuses_a_corpus_for_a_model_without_features(bench_dir: Path, tmp_path: Path) -> None:
    options = CheckOptions(tflite=bench_dir / "convtransformer.tflite", corpus="spoken")
    with pytest.raises(DataError, match="carries no feature specification, which --corpus needs"):
        check(options, tmp_path / "out")


def test_refuses_a_file_as_output(model_files: Converted, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    options = CheckOptions(tflite=model_files.tflite, input=model_files.calibration)
    with pytest.raises(DataError, match="out: is a file, a folder is needed"):
        check(options, tmp_path / "out")


def test_runtimes_that_abort_are_rows_and_the_others_answer(
    tmp_path: Path, require_tool: Callable[..., None], require_module: Callable[..., None]
) -> None:
    """A sum whose output scale is next to nothing: TFLite and TFLM end their process, generated C does not."""
    from tinyser.convert.tflite_file import load, operator_name, write_model

    require_tool("gcc")
    require_module("tensorflow", "tflite_micro")
    model = load(Path(__file__).parents[2] / "examples" / "spoken.tflite")
    graph = model.subgraphs[0]
    addition = next(operator for operator in graph.operators if operator_name(model, operator) == "ADD")
    graph.tensors[addition.outputs[0]].quantization.scale = [1e-9]
    write_model(model, tmp_path / "aborts.tflite")
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(0, 1, (3, 200, 40)).astype(np.float32))
    options = ("--tflite", tmp_path / "aborts.tflite", "--input", tmp_path / "x.npy", "--qemu-sample", 0)
    report = json.loads(run(*options, "--layer-windows", 0, "-o", tmp_path / "out", "--json"))
    assert [stage["name"] for stage in report["stages"]] == ["twin", "c_host"]
    skipped = {stage["name"]: stage["reason"] for stage in report["skipped"]}
    assert set(skipped) == {"tflite", "tflm"}
    assert "SIGABRT" in skipped["tflite"] and "ended with status -6" in skipped["tflm"]
    assert "SIGABRT" in (tmp_path / "out" / "report.html").read_text()
