"""Whole training runs: what the folder holds, going on after a stop, and the errors."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from rich.console import Console

from codegen.errors import DataError, ModelFormatError, OutputExistsError, TinySerError
from tinyser.cli.merge import command as merge_command
from tinyser.cli.train import command as train_command
from tinyser.hrf import HighRank
from tinyser.hrf.merge_file import merge_file
from tinyser.models.checkpoint import load_checkpoint, save_checkpoint
from tinyser.training.loop import Trainer
from tinyser.training.run import TrainResult, train
from tinyser.training.settings import TrainSettings

Settings = Callable[..., TrainSettings]


def quiet_train(settings: TrainSettings) -> TrainResult:
    return train(settings, Console(quiet=True))


def stop_after(epochs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of the next epoch."""
    whole = Trainer._train_one_pass

    def interrupted(trainer: Trainer) -> float:
        if trainer.at.epoch == epochs:
            raise KeyboardInterrupt
        return whole(trainer)

    monkeypatch.setattr(Trainer, "_train_one_pass", interrupted)


def test_folder_and_merge(tiny: Settings, tmp_path: Path) -> None:
    run = quiet_train(tiny()).folder
    names = {path.name for path in run.iterdir()}
    assert names == {"model.pt", "calibration.npy", "metrics.json", "log.csv", "last.pt"}

    checkpoint = load_checkpoint(run)
    assert checkpoint.card.labels == ("angry", "happy", "neutral", "sad")
    assert checkpoint.hrf is not None and checkpoint.hrf.ratio == 4 and checkpoint.hrf.modules == ("ffn",)
    assert any(isinstance(module, HighRank) for module in checkpoint.build().modules())

    calibration = np.load(run / "calibration.npy")
    assert calibration.shape == (7, 64, 40) and calibration.dtype == np.float32

    metrics = json.loads((run / "metrics.json").read_text())
    speakers = [set(metrics["speakers"][part]) for part in ("train", "validation", "test")]
    assert sum(map(len, speakers)) == len(set.union(*speakers)) == 3
    assert metrics["test"]["clips"] == 8 and metrics["seed"] == 0
    assert sum(map(sum, metrics["test"]["confusion"])) == 8

    with (run / "log.csv").open() as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2", "3"]

    merged = merge_file(run, tmp_path / "merged.pt")
    assert merged.equality.largest_difference < 1e-4
    assert merged.parameters_after == metrics["parameters"]["merged"] < merged.parameters_before
    small = load_checkpoint(tmp_path / "merged.pt")
    assert small.hrf is None and small.card == checkpoint.card
    x = torch.from_numpy(calibration)
    with torch.no_grad():
        torch.testing.assert_close(small.build()(x), checkpoint.build()(x), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    "drawn",
    [
        {},
        {"rounding_noise": 6.0},
        {"unfamiliar": 0.5, "features": {"normalisation": "running", "running_seconds": 100.0}},
    ],
)
def test_going_on_gives_the_model_of_an_unbroken_run(
    drawn: dict[str, Any], tiny: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = partial(tiny, **drawn)
    unbroken = quiet_train(tiny(output=tmp_path / "unbroken")).folder
    with monkeypatch.context() as patch:
        stop_after(2, patch)
        with pytest.raises(KeyboardInterrupt):
            quiet_train(tiny())
    assert {path.name for path in tiny().output.iterdir()} == {"last.pt", "log.csv"}
    broken = quiet_train(tiny()).folder
    states = [load_checkpoint(folder).state_dict for folder in (unbroken, broken)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert (unbroken / "metrics.json").read_text() == (broken / "metrics.json").read_text()


def test_finished_run_is_not_trained_again(tiny: Settings) -> None:
    first = quiet_train(tiny())
    log = (first.folder / "log.csv").read_bytes()
    assert quiet_train(tiny()).metrics["best_epoch"] == first.metrics["best_epoch"]
    assert (first.folder / "log.csv").read_bytes() == log


def test_patience_stops_early(tiny: Settings) -> None:
    result = quiet_train(tiny(epochs=12, patience=1, learning_rate=1.0))
    assert result.metrics["epochs"] < 12
    assert result.metrics["epochs"] == result.metrics["best_epoch"] + 1


def test_without_validation_its_speakers_are_trained_on_and_the_last_epoch_is_taken(tiny: Settings) -> None:
    with_them = quiet_train(tiny(output=tiny().output / "validated")).metrics
    result = quiet_train(tiny(validate=False))
    speakers = result.metrics["speakers"]
    assert set(speakers["train"]) == {*with_them["speakers"]["train"], *with_them["speakers"]["validation"]}
    assert speakers["test"] == with_them["speakers"]["test"] and speakers["validation"] == []
    assert result.metrics["best_epoch"] == 3 and "validation" not in result.metrics
    assert "validation" not in (result.folder / "log.csv").read_text()


def test_patience_needs_validation_speakers(tiny: Settings) -> None:
    with pytest.raises(TinySerError, match="patience: got 2 without validation speakers, allowed is 0"):
        tiny(patience=2, validate=False)
    with pytest.raises(TinySerError, match="validate: got 'no', allowed are true and false"):
        tiny(validate="no")


def test_other_settings_in_the_same_folder(tiny: Settings) -> None:
    quiet_train(tiny(epochs=1))
    with pytest.raises(OutputExistsError, match="another learning_rate"):
        quiet_train(tiny(epochs=1, learning_rate=1e-4))


def test_folder_with_a_model_of_unknown_origin(tiny: Settings) -> None:
    tiny().output.mkdir()
    (tiny().output / "model.pt").write_bytes(b"precious")
    with pytest.raises(OutputExistsError, match=r"model\.pt: exists already"):
        quiet_train(tiny())


def test_unknown_preset(tiny: Settings) -> None:
    with pytest.raises(TinySerError, match="preset: got 'huge', allowed are small, default, large"):
        quiet_train(tiny(preset="huge"))


def test_class_that_training_speakers_lack(tiny: Settings, recordings: Path, tmp_path: Path) -> None:
    for label, speakers in (("calm", "abc"), ("loud", "b")):
        (tmp_path / "data" / label).mkdir(parents=True)
        for speaker in speakers:
            some = next(iter(sorted((recordings / "sad").iterdir()))).read_bytes()
            (tmp_path / "data" / label / f"{speaker}_1.wav").write_bytes(some)
    with pytest.raises(DataError, match="training speakers have no recording of 'loud'"):
        quiet_train(tiny(data=tmp_path / "data"))


@pytest.mark.parametrize(("name", "value"), [("epochs", 0), ("seed", -1), ("learning_rate", 2.0), ("hrf_ratio", 65)])
def test_bad_settings(tiny: Settings, name: str, value: float) -> None:
    with pytest.raises(TinySerError, match=f"training: {name}: got {value}, allowed is"):
        tiny(**{name: value})


def test_commands(tiny: Settings) -> None:
    settings = tiny()
    sizes = ["--context-frames", "64", "--stride-frames", "32", "--preset", "small", "--epochs", "1"]
    places = ["--data", str(settings.data), "-o", str(settings.output)]
    trained = CliRunner().invoke(train_command, ["--corpus", "folder", "--device", "cpu", *sizes, *places])
    assert trained.exit_code == 0, trained.output
    assert "seed 0" in trained.output and "test speakers: UAR" in trained.output
    output = settings.output.parent / "merged.pt"
    merged = CliRunner().invoke(merge_command, [str(settings.output), "-o", str(output)])
    assert merged.exit_code == 0, merged.output
    assert "no decision changed" in merged.output and output.is_file()


def test_merge_refuses_what_it_cannot_prove(tiny: Settings, tmp_path: Path) -> None:
    """Weights so large that float32 rounding alone moves the logits by more than 1e-4."""
    run = quiet_train(tiny(epochs=1, hrf_modules=("head",))).folder
    checkpoint = load_checkpoint(run)
    grown = {k: v * 1e4 if k.startswith("head.") else v for k, v in checkpoint.state_dict.items()}
    save_checkpoint(
        run / "model.pt", type(checkpoint)("convtransformer", checkpoint.config, checkpoint.hrf, checkpoint.card, grown)
    )
    with pytest.raises(TinySerError, match="logits moved by .* so it is not used"):
        merge_file(run, tmp_path / "merged.pt")
    assert not (tmp_path / "merged.pt").exists()


def test_merge_with_a_strange_calibration_file(tiny: Settings, tmp_path: Path) -> None:
    run = quiet_train(tiny(epochs=1)).folder
    np.save(run / "calibration.npy", np.zeros((3, 5, 40), np.float32))
    with pytest.raises(DataError, match=r"got float32 \(3, 5, 40\), allowed is float32 \(windows, 64, 40\)"):
        merge_file(run, tmp_path / "merged.pt")


def test_merge_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(ModelFormatError, match=r"model\.pt: no such file"):
        merge_file(tmp_path, tmp_path / "merged.pt")
