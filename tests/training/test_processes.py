"""Training in two processes on the CPU, started by Fabric and by torchrun."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from codegen.errors import TinySerError
from tests.training import altered
from tinyser.models.checkpoint import load_checkpoint
from tinyser.training.distributed import connect
from tinyser.training.settings import TrainSettings

Settings = Callable[..., TrainSettings]
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
COMPLETE = {"model.pt", "calibration.npy", "metrics.json", "log.csv", "last.pt"}


def options(settings: TrainSettings, output: Path) -> list[str]:
    # Eight training clips: of the second batch, of one clip, the second process has no row.
    # The model without BatchNorm, whose statistics are those of each process's share.
    sizes = ["--model", "speechformer", "--context-frames", "100", "--stride-frames", "50"]
    sizes += ["--preset", "small", "--epochs", "3"]
    # SGD: AdamW's steps do not shrink with the gradient, so they turn roundings into differences.
    steps = ["--batch-size", "7", "--optimizer", "sgd", "--learning-rate", "0.05", "--device", "cpu"]
    return ["train", "--corpus", "folder", "--data", str(settings.data), "-o", str(output), *sizes, *steps]


def run(*arguments: str, launcher: tuple[str, ...] = (), stop_after: int | None = None) -> subprocess.CompletedProcess:
    environment = dict(os.environ) if stop_after is None else {**os.environ, "STOP_AFTER": str(stop_after)}
    command = [sys.executable, *launcher, str(Path(altered.__file__)), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)


def log(folder: Path) -> list[dict[str, str]]:
    with (folder / "log.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_two_processes_train_as_one_and_go_on(tiny: Settings, tmp_path: Path) -> None:
    one, two, broken = tmp_path / "one", tmp_path / "two", tmp_path / "broken"
    alone = run(*options(tiny(), one))
    assert alone.returncode == 0, alone.stderr
    together = run(*options(tiny(), two), "--devices", "2")
    assert together.returncode == 0, together.stderr
    assert together.stdout.count("2 processes share every batch") == together.stdout.count("test speakers: UAR") == 1

    assert {path.name for path in two.iterdir()} == COMPLETE
    states = [load_checkpoint(folder).state_dict for folder in (one, two)]
    torch.testing.assert_close(states[0], states[1], atol=1e-5, rtol=1e-4)
    assert any(not torch.equal(states[0][name], states[1][name]) for name in states[0]), "sums in another order"
    for first, second in zip(log(one), log(two), strict=True):
        for name in ("train_loss", "validation_loss"):
            assert float(first[name]) == pytest.approx(float(second[name]), rel=1e-4)

    stopped = run(*options(tiny(), broken), launcher=TORCHRUN, stop_after=2)
    assert stopped.returncode != 0 and stopped.stderr.count("tinyser: stopped") == 1, stopped.stderr
    assert {path.name for path in broken.iterdir()} == {"last.pt", "log.csv"}
    gone_on = run(*options(tiny(), broken), launcher=TORCHRUN)
    assert gone_on.returncode == 0, gone_on.stderr
    assert "going on after epoch 2 of 3" in gone_on.stdout
    assert {path.name for path in broken.iterdir()} == COMPLETE
    resumed = load_checkpoint(broken).state_dict
    assert all(torch.equal(resumed[name], states[1][name]) for name in resumed)
    assert (broken / "metrics.json").read_text() == (two / "metrics.json").read_text()


def test_what_is_wrong_is_said_once_before_processes_start(tiny: Settings, tmp_path: Path) -> None:
    done = run(*options(tiny(data=tmp_path / "nowhere"), tmp_path / "out"), "--devices", "2")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1 and done.stderr.startswith("tinyser: ") and "nowhere" in done.stderr


def test_devices_other_than_torchruns(tiny: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TORCHELASTIC_RUN_ID": "x", "LOCAL_WORLD_SIZE": "2", "GROUP_WORLD_SIZE": "1"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(TinySerError, match="training: devices: got 3, but torchrun started 2 processes"):
        connect(tiny(devices=3))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_device_that_is_not_there(tiny: Settings) -> None:
    with pytest.raises(TinySerError, match="training: device: got 1 of cuda .* choose what this machine has") as caught:
        connect(tiny(device="cuda"))
    assert "\n" not in str(caught.value)
