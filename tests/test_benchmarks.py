"""The benchmarks print what they measured; a newcomer's `./run bench` works."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.read_tflite import parse_tflite
from tests.codegen.models import dense_model

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture
def models(tmp_path: Path, require_tool: Callable[..., None]) -> Path:
    """A folder with one small model, and one without inputs, which is left out."""
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    (tmp_path / "dense.tflite").write_bytes(dense_model())
    (tmp_path / "other.tflite").write_bytes(dense_model())
    np.save(tmp_path / "dense.input.npy", np.zeros((1, 4), np.int8))
    return tmp_path


def rows(script: str, models: Path) -> list[list[str]]:
    """The cells of the table that a benchmark prints."""
    command = [sys.executable, str(BENCHMARKS / script), str(models)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8")
    lines = [line for line in done.stdout.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]


def test_instructions(models: Path) -> None:
    ((name, instructions, arena, code),) = rows("instructions.py", models)
    assert name == "dense"
    assert 0 < int(instructions.replace(",", "")) < 100_000
    assert int(arena.replace(",", "")) < 1100 < int(code.replace(",", ""))  # 1 kB of it for exponentials


def test_size(models: Path) -> None:
    found = rows("size.py", models)
    assert [row[:3] for row in found] == [["dense", o, flag] for o in ("speed", "size") for flag in ("-Os", "-O2")]
    weights = sum(tensor.bytes for tensor in parse_tflite(dense_model()).graph.tensors if tensor.is_constant)
    for row in found:
        arena, ram, constants, code, besides_model, besides_weights = (int(cell.replace(",", "")) for cell in row[3:])
        assert arena <= ram < arena + 100
        assert code <= besides_model < code + constants
        assert besides_weights == code + constants - weights


def test_throughput(models: Path, require_module: Callable[..., None]) -> None:
    require_module("tflite_micro", "tensorflow")
    ((name, *rates),) = rows("throughput.py", models)
    assert name == "dense" and all(float(rate.replace(",", "")) > 0 for rate in rates)


@pytest.mark.parametrize("script", ["instructions.py", "size.py", "throughput.py"])
def test_no_folder(script: str) -> None:
    done = subprocess.run([sys.executable, str(BENCHMARKS / script)], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip() == f"usage: {script} FOLDER (of NAME.tflite with NAME.input.npy)"
