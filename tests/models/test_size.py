"""Sizes against counting by hand, and the command that lists them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch
from click.testing import CliRunner
from torch import nn

from codegen.errors import ModelFormatError
from tinyser.cli.models import command
from tinyser.hrf import expand
from tinyser.models import MODELS, build_model, preset_config
from tinyser.models.size import count_macs, count_parameters, int8_bytes, list_sizes


def test_macs_of_a_convtransformer_by_hand() -> None:
    config = {"context_frames": 32, "features": 16, "classes": 3, "channels1": 4, "channels2": 8, "channels3": 12}
    model = build_model("convtransformer", {**config, "width": 16, "heads": 2, "blocks": 2, "ffn_width": 24})
    first, second, third = 16 * 8 * 4 * 9, 8 * 4 * (4 * 9 + 4 * 8), 4 * 2 * (8 * 9 + 8 * 12)
    block = 4 * (4 * 16 * 16 + 2 * 16 * 24) + 2 * 4 * 4 * 16
    ends = 4 * 24 * 16 + 4 * 16 + 4 * 16 + 16 * 3
    assert count_macs(model, torch.zeros(2, 32, 16)) == 2 * (first + second + third + 2 * block + ends)


def test_macs_of_a_depthwise_convolution() -> None:
    assert count_macs(nn.Conv1d(6, 6, 5, padding=2, groups=6), torch.zeros(1, 6, 10)) == 10 * 6 * 5


def test_bytes_by_hand() -> None:
    module = nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), nn.Linear(8, 2, bias=False))
    assert int8_bytes(module) == 4 * 8 + 4 * 8 + 2 * 8 + 8 * 2


def test_listed_counts_are_those_of_real_models() -> None:
    sizes = list_sizes(context_frames=100, features=20, classes=4)
    assert [size.model for size in sizes] == [name for name in MODELS for _ in range(3)]
    size = next(size for size in sizes if (size.model, size.preset) == ("conformer", "small"))
    model = build_model("conformer", preset_config("conformer", "small", context_frames=100, features=20, classes=4))
    assert size.parameters == count_parameters(model)
    assert size.hrf_parameters[4] == count_parameters(expand(model, 4, "ffn"))
    assert size.macs == count_macs(model.eval(), torch.zeros(1, 100, 20))


def test_frames_that_a_model_cannot_have() -> None:
    with pytest.raises(ModelFormatError, match="speechformer: context_frames: got 250"):
        list_sizes(context_frames=250, features=40, classes=7)


def test_command() -> None:
    rows = json.loads(CliRunner().invoke(command, ["--json"], catch_exceptions=False).output)
    assert {row["model"] for row in rows} == set(MODELS)
    assert set(rows[0]) == {"model", "preset", "parameters", "hrf_parameters", "macs", "int8_bytes"}
    table = CliRunner().invoke(command, catch_exceptions=False).output
    assert all(name in table for name in MODELS) and "200 frames of 40 features, 7 classes" in table
    assert "…" not in table, "no number may be cut short in 80 columns"


def test_bad_frames_are_one_line() -> None:
    arguments = [sys.executable, "-m", "tinyser", "models", "--context-frames", "250"]
    done = subprocess.run(arguments, capture_output=True, text=True)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
