"""The real demo, with one epoch of training and few clips in QEMU."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from codegen.errors import DataError, OutputExistsError
from tinyser.demo import DemoSettings, has_tflm, run_demo
from tinyser.demo_tables import print_summary

SETTINGS = DemoSettings(epochs=1, qemu_clips=2)


def run(folder: Path) -> tuple[dict, str]:
    text = io.StringIO()
    console = Console(file=text, width=120)
    summary = run_demo(folder, SETTINGS, console)
    print_summary(summary, console)
    return summary, text.getvalue()


@pytest.mark.slow
def test_demo_from_nothing_and_again(
    tmp_path: Path, require_tool: Callable[..., None], require_module: Callable[..., None]
) -> None:
    require_tool("gcc", "arm-none-eabi-gcc", "qemu-system-arm")
    require_module("torch", "onnx2tf", "tensorflow", "espeakng_loader", "soundfile")
    summary, _ = run(tmp_path / "demo")
    stages = {stage["name"]: stage for stage in summary["stages"]}
    expected = ["hrf", "pt", "onnx", "tflite", *(["tflm"] if has_tflm() else []), "c_host", "c_audio", "c_qemu"]
    assert list(stages) == expected and summary["skipped"] == []
    assert stages["c_qemu"]["clips"] == 2 and stages["c_host"]["clips"] == summary["test_clips"]
    assert stages["hrf"]["uar"] == stages["pt"]["uar"] == stages["onnx"]["uar"]
    assert summary["int8_bytes_equal"] and stages["tflm" if has_tflm() else "tflite"]["wf1"] == stages["c_host"]["wf1"]
    assert stages["pt"]["equal_to_float"] == 1 and stages["c_audio"]["equal_to_float"] > 0.9
    direct = summary["sizes"]["direct"]
    assert direct["instructions_per_inference"] > 0
    assert direct["flash_bytes"]["total"] > direct["flash_bytes"]["weights"] > 0
    assert summary["listening"]["decision"] in summary["listening"]["labels"]
    report = json.loads((tmp_path / "demo" / "report.json").read_text())
    merged = next(pair for pair in report["pairs"] if (pair["a"], pair["b"]) == ("hrf", "pt"))
    assert merged["decision_agreement"] == 1 and merged["max_logit_difference"] < 1e-4

    (tmp_path / "demo" / "listening.json").unlink()
    again, text = run(tmp_path / "demo")
    assert again == summary
    assert "1 of " in text and f"{text.count('unchanged, skipped')} skipped" in text
    assert "QEMU heard" in text and "C in QEMU" in text


def test_refuses_a_folder_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(OutputExistsError, match="exists and holds no demo"):
        run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_refuses_a_file(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("")
    with pytest.raises(DataError, match="demo: is a file, a folder is needed"):
        run(tmp_path / "demo")
