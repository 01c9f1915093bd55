"""Firmware that hears a microphone: what asks for it, what refuses it, and that it boots, as far as QEMU goes.

QEMU's STM32F405 has neither timer triggers of the ADC nor its DMA: the firmware waits for sound that never comes.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from codegen.boards import load_board
from codegen.errors import BoardError, DataError, TinySerError
from codegen.project import ProjectOptions, write_project
from tests.emulator.consoles import console_until, without_semihosting
from tests.emulator.test_application import STREAM, clip
from tests.projects import sums_model, sums_runtime, write_sums_project
from tinyser.cli.generate import command
from tinyser.emulator import qemu
from tinyser.emulator.project_folder import load_project

MODEL = Path(__file__).resolve().parents[2] / "examples/spoken.tflite"


def test_it_boots_tests_itself_and_listens(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("arm-none-eabi-gcc", "arm-none-eabi-nm", "arm-none-eabi-objcopy", "qemu-system-arm")
    board = load_board("netduinoplus2")
    folder = write_sums_project(tmp_path / "project", board, stream=STREAM, microphone=True, selftest=True)
    image = qemu.build_image(load_project(folder), board, folder)
    command = without_semihosting(qemu.qemu_command(board, image))
    console = console_until(command, "stats: ", typed="stats\n", after="self-test of sound: PASS")
    assert "self-test: PASS (1 vectors)" in console
    assert re.search(r"stats: 0\.000 s, inferences 0; features ms -, inference ms -; lost samples 0\n", console)
    assert handler(image, board.microphone.interrupt if board.microphone else 0, tmp_path)


def handler(image: Path, interrupt: int, scratch: Path) -> bool:
    """Whether the vector of an interrupt, the last one there is, is that of the microphone's."""
    names = subprocess.run(["arm-none-eabi-nm", image], capture_output=True, text=True, check=True).stdout
    (address,) = re.findall(r"^(\w+) T board_microphone_interrupt$", names, re.MULTILINE)
    binary = scratch / "image.bin"
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", image, binary], check=True)
    at = 4 * (16 + interrupt)
    return int.from_bytes(binary.read_bytes()[at : at + 4], "little") == int(address, 16) + 1


@pytest.mark.parametrize(
    ("board", "options", "hears"),
    [
        ("microbit-v2", [], True),
        ("microbit-v2", ["--no-microphone"], False),
        ("microbit-v2", ["--project", "zephyr"], False),
        ("nucleo-f446re", [], False),
        ("nucleo-f446re", ["--microphone"], True),
        ("mps2-an386", [], False),
    ],
)
def test_a_microphone_on_the_board_is_heard_unless_told_otherwise(
    board: str, options: list[str], hears: bool, tmp_path: Path
) -> None:
    folder = tmp_path / "project"
    done = CliRunner().invoke(command, [str(MODEL), "-o", str(folder), "--board", board, *options])
    assert done.exit_code == 0, done.output
    assert (folder / "app/ser_source_microphone.c").is_file() == hears
    assert ("## Microphone" in (folder / "README.md").read_text()) == hears


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"clip": clip()}, DataError, "--microphone: got --clip, too"),
        ({"project": "zephyr"}, DataError, "--microphone: project flavour zephyr has an application of its own"),
        (
            {"board": "mps2-an386"},
            BoardError,
            r"--microphone: board mps2-an386 has no driver for one, allowed are b-l4",
        ),
    ],
)
def test_refusals(settings: dict[str, Any], error: type[TinySerError], message: str, tmp_path: Path) -> None:
    with pytest.raises(error, match=message):
        write_sums_project(tmp_path / "project", **{"board": "nucleo-f446re", "microphone": True, **settings})
    assert not (tmp_path / "project").exists()


def test_a_model_that_takes_no_sound(tmp_path: Path) -> None:
    model = replace(sums_model(), card=None)
    options = ProjectOptions(board=load_board("nucleo-f446re"), microphone=True)
    with pytest.raises(DataError, match="--microphone: the model takes no sound"):
        write_project(model, sums_runtime(model), options, tmp_path / "project")
