"""TensorBoard's event files, read with TensorBoard."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from codegen.errors import ToolError
from tests.training.test_run import stop_after
from tinyser.cli.train import command
from tinyser.training.run import train
from tinyser.training.settings import TrainSettings

Settings = Callable[..., TrainSettings]


def curves(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """(epoch, value) pairs by name."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder)).Reload()
    return {name: [(e.step, e.value) for e in events.Scalars(name)] for name in events.Tags()["scalars"]}


def test_events_are_the_log_also_of_a_run_that_went_on(
    tiny: Settings, monkeypatch: pytest.MonkeyPatch, require_module: Callable[..., None]
) -> None:
    require_module("tensorboard")
    settings = tiny(tensorboard=True)
    with monkeypatch.context() as patch:
        stop_after(2, patch)
        with pytest.raises(KeyboardInterrupt):
            train(settings, Console(quiet=True))
    assert [epoch for epoch, _ in curves(settings.output / "tensorboard")["train_loss"]] == [1, 2]
    train(settings, Console(quiet=True))
    train(settings, Console(quiet=True))  # finished already
    assert len(list((settings.output / "tensorboard").iterdir())) == 3, "one file for each start"
    with (settings.output / "log.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = curves(settings.output / "tensorboard")
    assert set(found) == set(rows[0]) - {"epoch"}
    for name, points in found.items():
        assert [epoch for epoch, _ in points] == [1, 2, 3], name
        assert [value for _, value in points] == pytest.approx([float(row[name]) for row in rows], rel=1e-6)


def test_command_with_tensorboard(tiny: Settings, require_module: Callable[..., None]) -> None:
    require_module("tensorboard")
    settings = tiny()
    sizes = ["--context-frames", "64", "--stride-frames", "32", "--preset", "small", "--epochs", "1"]
    places = ["--data", str(settings.data), "-o", str(settings.output), "--device", "cpu"]
    done = CliRunner().invoke(command, ["--corpus", "folder", "--tensorboard", *sizes, *places])
    assert done.exit_code == 0, done.output
    assert curves(settings.output / "tensorboard")["validation_uar"]


def test_tensorboard_is_missing(tiny: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(ToolError, match="tensorboard: not installed; run: pip install tensorboard"):
        train(tiny(tensorboard=True), Console(quiet=True))
    assert not tiny().output.exists()
    train(tiny(epochs=1), Console(quiet=True))
