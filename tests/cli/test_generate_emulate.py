"""`tinyser generate`, `emulate` and `boards` as a user runs them."""

from __future__ import annotations

import json
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.projects import INPUT, expected_sums, write_sums_project
from tinyser.cli import run_command


def tinyser(*arguments: object) -> int:
    """Runs the command line in this process; its exit status."""
    import sys
    from unittest import mock

    with mock.patch.object(sys, "argv", ["tinyser", *map(str, arguments)]), pytest.raises(SystemExit) as stop:
        run_command()
        raise SystemExit(0)
    return int(stop.value.code or 0)


def save_wav(path: Path, samples: np.ndarray, rate: int = 16000, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def noise(samples: int) -> np.ndarray:
    return (3000 * np.random.default_rng(0).standard_normal(samples)).astype(np.int16)


@pytest.mark.parametrize("place", ["host", "qemu", "tflm"])
def test_generate_and_emulate_a_model(
    place: str,
    bench_dir: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    require_tool: Callable[..., None],
    require_module: Callable[..., None],
) -> None:
    require_tool("gcc", "arm-none-eabi-gcc", "qemu-system-arm")
    require_module("tflite_micro")
    assert tinyser("generate", bench_dir / "micro_speech.tflite", "-o", tmp_path / "project") == 0
    capsys.readouterr()
    source, sink = bench_dir / "micro_speech.input.npy", tmp_path / "y.npy"
    assert tinyser("emulate", tmp_path / "project", "--on", place, "--input", source, "--output", sink, "--json") == 0
    result = json.loads(capsys.readouterr().out)
    np.testing.assert_array_equal(np.load(sink), np.load(bench_dir / "micro_speech.expected.npy"))
    assert set(result) == {
        "runs", "instructions_per_inference", "arena_bytes", "stack_bytes", "flash_bytes", "ram_bytes"
    }  # fmt: skip
    assert set(result["flash_bytes"]) == {"total", "weights", "code"}
    assert result["runs"] == 8
    assert (result["instructions_per_inference"] is None) == (place != "qemu")


@pytest.mark.parametrize("place", ["host", "qemu"])
def test_emulate_a_recording(
    place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], require_tool: Callable[..., None]
) -> None:
    require_tool("gcc", "arm-none-eabi-gcc", "qemu-system-arm")
    folder = write_sums_project(tmp_path / "project")
    clip = save_wav(tmp_path / "clip.wav", noise(9000))
    assert tinyser("emulate", folder, "--on", place, "--input", clip, "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert result["labels"] == ["anger", "joy", "calm"]
    assert len(result["posteriors"]) == 3
    assert result["decision"] == result["labels"][int(np.argmax(result["posteriors"]))]
    assert result["runs"] == 4
    assert tinyser("emulate", folder, "--on", place, "--input", clip) == 0
    assert "decision" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rate", "channels", "note"), [(8000, 1, "resampled from 8000"), (16000, 2, "2 channels mixed")]
)
def test_other_recordings_are_converted_with_a_note(
    rate: int,
    channels: int,
    note: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    require_tool: Callable[..., None],
) -> None:
    require_tool("gcc")
    clip = save_wav(tmp_path / "clip.wav", noise(8000), rate, channels)
    assert tinyser("emulate", write_sums_project(tmp_path / "project"), "--on", "host", "--input", clip, "--json") == 0
    output = capsys.readouterr()
    assert note in output.err
    json.loads(output.out)


def test_float_inputs_are_quantized_as_tflite_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], require_tool: Callable[..., None]
) -> None:
    require_tool("gcc")
    # The scale is 1/32. Halves go away from zero, ends saturate; 0 is the zero point, -5.
    steps = np.array([0, 0.5, -0.5, 1.5, -1.5, 0.49999997, 1000, -1000, 2.4, -2.6], np.float32)
    expected = np.array([-5, -4, -6, -3, -7, -5, 127, -128, -3, -8], np.int8)
    np.save(tmp_path / "x.npy", np.resize(steps / 32, (1, 30, 16)).astype(np.float32))
    folder = write_sums_project(tmp_path / "project")
    arguments = ("--input", tmp_path / "x.npy", "--output", tmp_path / "y.npy")
    assert tinyser("emulate", folder, "--on", "host", *arguments) == 0
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), expected_sums(np.resize(expected, (1, INPUT.size))))


@pytest.mark.parametrize("shape", [(30, 16), (1, 30, 16), (4, 30, 16), (4, 480)])
def test_shapes_of_inputs(shape: tuple[int, ...], tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("gcc")
    inputs = np.random.default_rng(0).integers(-128, 128, shape).astype(np.int8)
    np.save(tmp_path / "x.npy", inputs)
    folder = write_sums_project(tmp_path / "project")
    arguments = ("--input", tmp_path / "x.npy", "--output", tmp_path / "y.npy")
    assert tinyser("emulate", folder, "--on", "host", *arguments) == 0
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), expected_sums(inputs.reshape(-1, INPUT.size)))


def test_boards(capsys: pytest.CaptureFixture[str]) -> None:
    assert tinyser("boards", "--json") == 0
    boards = json.loads(capsys.readouterr().out)
    keys = {"id", "cpu", "projects", "flash_bytes", "ram_bytes", "qemu", "evidence", "project_evidence"}
    assert set(boards[0]) == keys | {"leds", "microphone"} and all(
        set(board["project_evidence"]) == set(board["projects"]) for board in boards
    )


def test_boards_as_a_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Within 110 columns, with microphones on the board or wired to it, and the number of LEDs."""
    monkeypatch.setenv("COLUMNS", "110")
    assert tinyser("boards") == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 110
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines if line.startswith("│")]
    shown = {row[0]: row[4:6] for row in rows if row[0]}
    assert shown["stm32f4-discovery"] == ["board", "4"] and shown["nucleo-f446re"] == ["module", "1"]
    assert shown["arduino-nano-33-ble-sense"] == ["board", "3"] and shown["rpi-pico"] == ["module", "1"]
    assert shown["mps2-an386"] == ["-", "2"] and shown["host"] == ["-", "-"]
    evidence = " ".join(row[6] for row in rows[:3])
    assert evidence == "arduino (build); platformio (schema); zephyr (build)"
