"""Names on the terminal: in tables, in notes and in refusals they are shown, and obeyed by nobody."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from codegen.boards import load_board
from codegen.model_card import ModelCard
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import parse_tflite
from fuzzing.models import hearing_model
from tests.check.test_page_in_chromium import report
from tests.cli.test_generate_emulate import noise, save_wav, tinyser
from tests.codegen.models import dense_model
from tests.projects import SPEC
from tinyser.check.table import print_report

LABELS = ("[/] [red]a[/red]", "\x1b[2J\x07", "two\nlines \u202e")
OBEYED = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u202e\udc80-\udcff]")


@pytest.mark.parametrize("options", [(), ("--stream",)])
def test_labels_of_a_table(
    options: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str], require_tool: Callable[..., None]
) -> None:
    require_tool("gcc")
    model = parse_tflite(hearing_model(ModelCard(name="hearing", labels=LABELS, features=SPEC)))
    folder = generate_project(model, ProjectOptions(board=load_board("host")), tmp_path / "project").folder
    clip = save_wav(tmp_path / "clip.wav", noise(16000))
    assert tinyser("emulate", folder, "--on", "host", "--input", clip, *options) == 0
    printed = capsys.readouterr().out
    assert not OBEYED.search(printed)
    assert "[/]" in printed and "x1b" in printed


def test_names_in_the_table_of_check() -> None:
    from dataclasses import replace

    sink = StringIO()
    plain = report()
    stages = tuple(replace(stage, title=name) for stage, name in zip(plain.stages, LABELS, strict=False))
    print_report(replace(plain, source=LABELS[1], stages=stages, notes=LABELS), Console(file=sink, width=200))
    assert not OBEYED.search(sink.getvalue()) and "[red]a[/red]" in sink.getvalue()


NAMES = ("[red].tflite", "\x1b[2J.tflite", "two\nlines.tflite", "\udcff.tflite", "x" * 240 + ".tflite")


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_file_of_any_name(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Generated from, and refused."""
    path = tmp_path / name
    path.write_bytes(dense_model())
    assert tinyser("generate", path, "-o", tmp_path / (name[:-7] if len(name) < 99 else "long")) == 0
    printed = capfd.readouterr()
    path.write_bytes(b"no model")
    assert tinyser("generate", path, "-o", tmp_path / "other") == 2
    refused = capfd.readouterr()
    assert refused.err.count("\n") == 1
    for text in (printed.out, printed.err, refused.out, refused.err):
        assert not OBEYED.search(text)


@pytest.mark.parametrize("command", ["export", "quantize", "merge"])
def test_a_file_whose_name_is_markup(
    command: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], require_module: Callable[..., None]
) -> None:
    """rich shows it while it works."""
    require_module("torch", "onnx")
    path = tmp_path / "[red]\x1b[2J.pt"
    path.write_bytes(b"no file of this kind")
    np.save(tmp_path / "calibration.npy", np.zeros((1, 4), np.float32))
    more = ("--calibration", tmp_path / "calibration.npy") if command == "quantize" else ()
    assert tinyser(command, path, "-o", tmp_path / "out.file", *more) == 2
    assert "[red]" in (printed := capfd.readouterr().err)
    assert "\x1b[2J" not in printed
