"""`tinyser fit`: its figures are those of images that are generated, linked and run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.boards import list_boards
from tests.cli.test_generate_emulate import tinyser

SPOKEN = Path(__file__).parents[2] / "examples" / "spoken.tflite"


def test_boards_with_and_without_room(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], require_tool: Callable[..., None]
) -> None:
    require_tool("arm-none-eabi-gcc", "arm-none-eabi-size", "qemu-system-arm")
    assert tinyser("fit", SPOKEN, "--json") == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == {board.id for board in list_boards() if not board.is_host}

    row = rows["mps2-an386"]
    assert tinyser("generate", SPOKEN, "-o", tmp_path / "project", "--board", "mps2-an386") == 0
    capsys.readouterr()
    assert tinyser("emulate", tmp_path / "project", "--on", "qemu", "--json") == 0
    image = json.loads(capsys.readouterr().out)
    assert row["fits"] and row["flash_bytes"]["needed"] == image["flash_bytes"]["total"]
    assert row["instructions_per_inference"] == image["instructions_per_inference"]
    assert row["stack_bytes"]["needed"] == image["stack_bytes"]
    assert row["ram_bytes"]["needed"] == image["ram_bytes"] + image["stack_bytes"]
    assert row["milliseconds"] == pytest.approx(image["instructions_per_inference"] / 25e3, abs=1e-3)
    for board in rows.values():
        used, bound, reserved = (board["stack_bytes"][key] for key in ("needed", "bound", "reserved"))
        assert used < (bound or reserved) <= reserved
    assert row["stack_bytes"]["bound"] and rows["stm32f4-discovery"]["stack_bytes"]["bound"]
    assert rows["rpi-pico"]["stack_bytes"]["bound"] is None
    # The model hears 500 ms more between two inferences.
    assert row["duty_cycle"] == pytest.approx(row["milliseconds"] / 500, abs=1e-4)

    assert not rows["microbit"]["fits"] and rows["microbit"]["why"].startswith("lacks ")
    assert tinyser("generate", SPOKEN, "-o", tmp_path / "small", "--board", "microbit") == 2
    assert "needs at least" in capsys.readouterr().err
    slow = rows["lm3s6965evb"]
    assert not slow["fits"] and slow["duty_cycle"] > 1 and slow["why"].startswith("too slow")


def test_a_file_that_is_no_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "m.tflite").write_bytes(b"TFL3")
    assert tinyser("fit", tmp_path / "m.tflite") == 2
    assert "m.tflite" in capsys.readouterr().err
