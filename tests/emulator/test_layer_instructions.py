"""Instructions by layer add up to those of an inference, and equal layers take the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import load_board
from codegen.errors import ToolError
from codegen.read_tflite import read_tflite
from tinyser.emulator import layer_instructions
from tinyser.emulator.layer_instructions import count_layers

# What the compiler does otherwise around the calls that count, and two ticks of the slower counter.
SLACK = {"mps2-an386": 100, "mps3-an547": 100}


@pytest.mark.parametrize("board_id", SLACK)
def test_layers_add_up(board_id: str, bench_dir: Path, require_tool: Callable[..., None]) -> None:
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    row = np.load(bench_dir / "micro_speech.input.npy")[0]
    found = count_layers(read_tflite(bench_dir / "micro_speech.tflite"), load_board(board_id), row)
    assert abs(found.counted - found.inference) <= SLACK[board_id]
    assert all(layer.instructions > 0 for layer in found.layers)
    assert 0 < found.between < found.inference / 50


def test_equal_layers_take_equally_much(bench_dir: Path, require_tool: Callable[..., None]) -> None:
    """The two blocks of a Transformer: the same kernels on the same shapes, wherever they are."""
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    found = count_layers(read_tflite(bench_dir / "convtransformer.tflite"), load_board("mps2-an386"))
    assert abs(found.counted - found.inference) <= SLACK["mps2-an386"]
    counts = {layer.index: layer.instructions for layer in found.layers if layer.operator == "FULLY_CONNECTED"}
    assert counts[18] == counts[64] > 100_000


def test_an_image_that_does_not_count_is_a_message(
    bench_dir: Path, require_tool: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    monkeypatch.setattr(layer_instructions, "_with_job", lambda project: project)
    monkeypatch.setattr(layer_instructions, "render", lambda template, **_: "void ser_layer_done(size_t layer);")
    with pytest.raises(ToolError, match="layer_done"):
        count_layers(read_tflite(bench_dir / "micro_speech.tflite"), load_board("mps2-an386"))
