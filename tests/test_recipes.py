"""The recipes of `examples/` for three boards: their commands build firmware, which prints what the pages show."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from codegen.boards import load_board
from tests.emulator.consoles import console_until
from tests.flavours.arduino_sketch import build_sketch, run
from tinyser.emulator import qemu

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
BARE_METAL = {"nucleo-f446re": "board/st_nucleo_f4.cfg", "microbit-v2": "target/nrf52.cfg"}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `examples/`, in which `tinyser` is this one and `openocd` writes down what it is called with."""
    (tmp_path / "examples").symlink_to(EXAMPLES)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, does in {
        "openocd": f'printf "%s\\n" "$@" > "{tmp_path}/called"',
        "tinyser": f'exec "{sys.executable}" -m tinyser "$@"',
    }.items():
        (tools / name).write_text(f"#!/bin/sh\n{does}\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


def commands(board: str) -> list[str]:
    (block,) = re.findall(r"```sh\n(.*?)```", (EXAMPLES / f"{board}.md").read_text(encoding="utf-8"), re.DOTALL)
    return block.splitlines()


def shown(board: str) -> list[str]:
    (block,) = re.findall(r"```text\n(.*?)```", (EXAMPLES / f"{board}.md").read_text(encoding="utf-8"), re.DOTALL)
    return block.splitlines()


def in_shell(lines: list[str], folder: Path) -> None:
    done = subprocess.run(["sh", "-e", "-c", "\n".join(lines)], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def without_times(lines: list[str]) -> list[str]:
    """What a compiler's version cannot change."""
    return [re.sub(r"(ms) [\d.]+", r"\1 #", line) for line in lines]


@pytest.mark.parametrize("board", BARE_METAL)
def test_bare_metal_recipe(board: str, desk: Path, require_tool: Callable[..., None]) -> None:
    require_tool("cmake", "arm-none-eabi-gcc")
    in_shell(commands(board), desk)
    called = (desk / "called").read_text()
    (image,) = desk.glob("*/build/firmware.elf")
    assert BARE_METAL[board] in called and f"program {{{image}}} verify reset exit" in called
    assert image.with_name("firmware.hex").read_text().startswith(":")


def test_nucleos_output_is_what_its_sister_prints(desk: Path, require_tool: Callable[..., None]) -> None:
    require_tool("cmake", "arm-none-eabi-gcc", "qemu-system-arm")
    lines = [line.replace("nucleo-f446re", "netduinoplus2") for line in commands("nucleo-f446re")]
    in_shell([line for line in lines if not line.endswith("flash")], desk)
    (image,) = desk.glob("*/build/firmware.elf")
    printed = console_until(qemu.qemu_command(load_board("netduinoplus2"), image), "end of the recording")
    assert without_times(printed.splitlines()) == without_times(shown("nucleo-f446re"))


def test_arduinos_output_is_what_the_sketch_prints(desk: Path, require_tool: Callable[..., None]) -> None:
    require_tool("gcc", "g++")
    ours = [line for line in commands("arduino-nano-33-ble-sense") if line.startswith("tinyser ")]
    in_shell(ours, desk)
    (library,) = (path.parent for path in desk.glob("*/library.properties"))
    readme = (library / "README.md").read_text()
    tools = [line for line in commands("arduino-nano-33-ble-sense") if line.startswith("arduino-cli ")]
    assert len(tools) == 4 and all(line in readme for line in tools)
    pcm, rate = soundfile.read(EXAMPLES / "angry.wav", dtype="int16")
    assert rate == 16_000
    printed = run(build_sketch(library), "1", cwd=library, stdin=pcm.tobytes())
    assert without_times(printed.splitlines()) == without_times(shown("arduino-nano-33-ble-sense"))
