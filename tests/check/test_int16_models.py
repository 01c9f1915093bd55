"""`tinyser check` on models with activations of int16: what foreign runtimes refuse is a row, generated C answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.errors import DataError
from codegen.feature_spec import FeatureSpec
from codegen.model_card import ModelCard
from tests.check.test_check_command import SCHEMA, run
from tests.reference_runtimes import run_tflm
from tests.tflite_builder import ModelBuilder
from tinyser.check.material import from_arrays
from tinyser.convert.tflite_file import read_tflite_file

FRAMES, MELS, LABELS = 8, 16, ("calm", "glad", "sad")
SCALE = 2.0**-12
WINDOWS = np.random.default_rng(0).normal(0, 1, (12, FRAMES, MELS)).astype(np.float32)


@pytest.fixture(autouse=True)
def tools(require_tool: Callable[..., None], require_module: Callable[..., None]) -> None:
    require_tool("gcc", "arm-none-eabi-gcc", "qemu-system-arm")
    require_module("tensorflow", "tflite_micro")


def values(builder: ModelBuilder, name: str, shape: tuple[int, ...], scale: float) -> int:
    return builder.tensor(name, shape, "int16", scale=scale)


def normalised(builder: ModelBuilder, x: int) -> int:
    """A LayerNorm whose variance is mean(x^2) - mean(x)^2: in integers, that of a constant frame may fall below 0."""
    mean, mean_of_squares, variance, inverse = (
        values(builder, name, (1, FRAMES, 1), scale)
        for name, scale in (("mean", 2**-8), ("mean_of_squares", 2**-11), ("variance", 2**-11), ("inverse", 2**-11))
    )
    squares, centred, normal = (
        values(builder, name, (1, FRAMES, MELS), scale)
        for name, scale in (("squares", 2**-10), ("centred", SCALE), ("normal", SCALE))
    )
    square = values(builder, "square_of_mean", (1, FRAMES, 1), 2**-12)
    axis = builder.constant("axis", [2])
    builder.op("MEAN", [x, axis], [mean], keep_dims=True)
    builder.op("MUL", [x, x], [squares])
    builder.op("MEAN", [squares, axis], [mean_of_squares], keep_dims=True)
    builder.op("MUL", [mean, mean], [square])
    builder.op("SUB", [mean_of_squares, square], [variance], pot_scale_int16=False)
    builder.op("RSQRT", [variance], [inverse])
    builder.op("SUB", [x, mean], [centred], pot_scale_int16=False)
    builder.op("MUL", [centred, inverse], [normal])
    return normal


def network(scale: float, layer_norm: bool, card: ModelCard | None = None) -> bytes:
    """(1, FRAMES, MELS) int16 -> (1, 3) posteriors of int16, weights of int8."""
    builder, size = ModelBuilder(), FRAMES * MELS
    x = values(builder, "x", (1, FRAMES, MELS), scale)
    inner = normalised(builder, x) if layer_norm else x
    flat, logits = values(builder, "flat", (1, size), scale), values(builder, "logits", (1, 3), 2**-11)
    posteriors = values(builder, "posteriors", (1, 3), 2**-15)
    weights = np.random.default_rng(2).integers(-127, 128, (3, size))
    filters = builder.tensor("weights", weights.shape, "int8", scale=2**-9, data=weights)
    bias = builder.tensor("bias", (3,), "int64", scale=2**-9 * scale, data=[0, 0, 0])
    builder.op("RESHAPE", [inner, builder.constant("shape", [1, size])], [flat], new_shape=[1, size])
    builder.op("FULLY_CONNECTED", [flat, filters, bias], [logits])
    builder.op("SOFTMAX", [logits], [posteriors], beta=1.0)
    return builder.build([x], [posteriors], {} if card is None else {"TINYSER": card.dumps().encode()})


def checked(folder: Path, model: bytes, *options: object) -> dict:
    (folder / "m.tflite").write_bytes(model)
    report = json.loads(run("--tflite", folder / "m.tflite", *options, "-o", folder / "out", "--json"))
    SCHEMA.validate(report)
    return report


def test_all_stages_answer_and_generated_c_gives_the_integers_of_tflm(tmp_path: Path) -> None:
    model = network(SCALE, layer_norm=True)
    np.save(tmp_path / "x.npy", WINDOWS)
    report = checked(tmp_path, model, "--input", tmp_path / "x.npy", "--qemu-sample", 0)
    stages = {stage["name"]: stage for stage in report["stages"]}
    assert list(stages) == ["twin", "tflite", "tflm", "c_host"] and report["skipped"] == []
    assert [stage["arithmetic"] for stage in stages.values()] == ["float32", *["int16"] * 3]
    equal = {(pair["a"], pair["b"]): pair["bytes_equal"] for pair in report["pairs"]}
    assert equal["tflm", "c_host"]
    port = read_tflite_file(tmp_path / "m.tflite").input
    rows = [[row[np.newaxis]] for row in port.quantize(WINDOWS)]
    wanted = [int(output.argmax()) for (output,) in run_tflm(model, rows)]
    assert stages["c_host"]["decisions"] == wanted and len(set(wanted)) == len(LABELS)
    assert report["layers"]["layers"][-1]["sqnr_db"] > 50
    # The scale of the mean is coarse on purpose. More bits are not tried where there are 16.
    assert report["remedies"]["costs"][0]["operator"] == "MEAN"
    tried = {trial["what"]: trial["posterior_mse"] for trial in report["remedies"]["trials"]}
    assert tried["MEAN 0 alone with such a range"] < report["remedies"]["simulated"]["posterior_mse"] / 4
    assert not any("int16" in what for what in tried)


def test_runtimes_that_refuse_are_rows_and_generated_c_answers(tmp_path: Path) -> None:
    """One frame is constant: its variance is below 0, and RSQRT of it ends both interpreters."""
    model, silent = network(SCALE, layer_norm=True), 3
    windows = WINDOWS.copy()
    windows[silent, 2] = 1.0025
    integers = np.clip(np.rint(windows / SCALE), -32768, 32767).astype(np.int16)
    np.save(tmp_path / "x.npy", integers)
    report = checked(tmp_path, model, "--input", tmp_path / "x.npy", "--qemu-sample", 0)
    (answered,) = report["stages"]
    rows = [[row[np.newaxis]] for row in np.delete(integers, silent, axis=0)]
    wanted = [int(output.argmax()) for (output,) in run_tflm(model, rows)]
    assert answered["name"] == "c_host" and np.delete(answered["decisions"], silent).tolist() == wanted
    reasons = {skipped["name"]: skipped["reason"] for skipped in report["skipped"]}
    assert set(reasons) == {"twin", "tflite", "tflm", "layers", "remedies"}
    assert "posteriors are not finite in 1 of 12 windows, first in clip 3" in reasons["twin"]
    assert "Rsqrt is only defined for positive values" in reasons["tflite"]
    assert "TensorFlow Lite Micro: exit status 1: RuntimeError" in reasons["tflm"]
    assert "Rsqrt is only defined" in (tmp_path / "out" / "report.html").read_text()


def test_a_corpus_without_features_of_generated_c(tmp_path: Path) -> None:
    import soundfile

    random = np.random.default_rng(4)
    for label, speaker in zip(LABELS, ("ann", "bob", "cid"), strict=True):
        (tmp_path / "data" / label).mkdir(parents=True)
        clip = random.normal(0, random.uniform(0.001, 0.2), 5000)
        soundfile.write(tmp_path / "data" / label / f"{speaker}_1.wav", clip, 16000)
    spec = FeatureSpec.unnormalised(mel_bins=MELS, context_frames=FRAMES, stride_frames=FRAMES)
    model = network(2.0**-10, layer_norm=False, card=ModelCard(name="small", labels=LABELS, features=spec))
    corpus = ("--corpus", "folder", "--data", tmp_path / "data", "--layer-windows", 0, "--qemu-sample", 1)
    report = checked(tmp_path, model, *corpus)
    assert [stage["name"] for stage in report["stages"]] == ["twin", "tflite", "tflm", "c_host", "c_qemu"]
    assert report["skipped"] == [
        {
            "name": "c_audio",
            "reason": "the features of generated C are int8, the model goes from int16 to int16",
        }
    ]
    assert report["labels"] == list(LABELS) and all(pair["bytes_equal"] is not False for pair in report["pairs"])


def test_arrays_of_another_type_are_refused(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(network(SCALE, layer_norm=True))
    model = read_tflite_file(tmp_path / "m.tflite")
    np.save(tmp_path / "x.npy", np.zeros((2, FRAMES, MELS), np.int8))
    with pytest.raises(DataError, match="got int8, allowed are int16 and float32"):
        from_arrays(tmp_path / "x.npy", None, model)
    integers = np.random.default_rng(1).integers(-32768, 32768, (4, FRAMES, MELS)).astype(np.int16)
    np.save(tmp_path / "x.npy", integers)
    np.testing.assert_array_equal(model.input.quantize(from_arrays(tmp_path / "x.npy", None, model).windows), integers)
