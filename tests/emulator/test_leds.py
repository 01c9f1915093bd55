"""What the LEDs show: which are lit for which label, and in QEMU, where it has the pins, what their registers hold."""

from __future__ import annotations

import ctypes
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from codegen.boards import load_board
from codegen.leds import MIXED, show
from tests.emulator.consoles import without_semihosting
from tests.emulator.test_application import END, STREAM, clip
from tests.projects import LABELS, write_sums_project
from tinyser.emulator import host, qemu
from tinyser.emulator.project_folder import load_project

# Where QEMU has a register that says what pins are driven to: its address, the first LED's bit, and what the LEDs' bits
# are in darkness. The other emulated boards' pins are not in QEMU.
REGISTERS = {
    "lm3s6965evb": (0x4002_5004, 0, 0),
    "microbit": (0x5000_0504, 4, 0x1FF),
    "mps2-an386": (0x4002_8000, 0, 0),
    "mps3-an547": (0x5930_2000, 0, 0),
}


def texts(board: str, labels: Sequence[str]) -> list[str]:
    return [entry.text for entry in show(load_board(board).leds, labels)]


def test_a_label_has_the_led_of_its_colour() -> None:
    assert texts("stm32f4-discovery", ["angry", "happy", "neutral", "sad"]) == [
        "LD5 (red)", "LD4 (green)", "LD3 (orange)", "LD6 (blue)"
    ]  # fmt: skip
    assert [entry.lit for entry in show(load_board("microbit-v2").leds, "abcde")] == [1, 2, 4, 8, 16]


def test_one_led_flashes_as_often_as_the_label_is_far_in_the_list() -> None:
    entries = show(load_board("nucleo-f446re").leds, ["angry", "happy", "sad"])
    assert [(entry.lit, entry.flashes) for entry in entries] == [(1, 1), (1, 2), (1, 3)]
    assert entries[2].text == "LD2 (green) flashes 3 times"
    assert texts("nucleo-f446re", ["anything"]) == ["LD2 (green)"], "one label needs no count"


def test_three_colours_mix_seven() -> None:
    leds = load_board("arduino-nano-33-ble-sense").leds
    emodb = ["anger", "boredom", "disgust", "fear", "happiness", "neutral", "sadness"]
    assert [entry.text for entry in show(leds, emodb)] == [
        "red", "magenta", "cyan", "green", "yellow", "white", "blue"
    ]  # fmt: skip
    assert {entry.lit for entry in show(leds, emodb)} == set(MIXED.values())
    assert show(leds, [*emodb, "surprise"])[7].flashes == 8


def test_flashes(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    """200 ms of light, 200 ms apart, then a second of darkness; silence and anything else is dark."""
    require_tool("gcc")
    folder = write_sums_project(tmp_path / "project", "nucleo-f446re", stream=STREAM, clip=clip())
    library = tmp_path / "leds.so"
    subprocess.run(["gcc", "-std=c99", "-shared", "-fPIC", folder / "app/ser_leds.c", "-o", library], check=True)
    lit = ctypes.CDLL(str(library)).ser_leds_lit
    lit.argtypes, lit.restype = (ctypes.c_size_t, ctypes.c_uint32), ctypes.c_uint32
    for label in range(3):
        shown = "".join(str(lit(label, 100 * tenth + 50)) for tenth in range(10 + 4 * (label + 1)))
        assert shown == "1100" * (label + 1) + "0" * 10
    assert {lit(label, now) for label in (3, 4, 1 << 40) for now in range(0, 3000, 50)} == {0}


@pytest.mark.parametrize("board_id", REGISTERS)
def test_in_qemu(board_id: str, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    """After the recording the last decision stays; the monitor reads the pins' register again and again."""
    require_tool("arm-none-eabi-gcc", "qemu-system-arm", "gcc")
    address, first, dark = REGISTERS[board_id]
    board = load_board(board_id)
    silicon = replace(board, qemu=None)  # whose firmware goes on after the recording
    folder = write_sums_project(tmp_path / "project", silicon, stream=STREAM, clip=clip())
    image = qemu.build_image(load_project(folder), silicon, folder)
    last = [state.decision for state in host.stream(folder, clip().samples).states][-1]
    assert last is not None and last < len(LABELS), "the recording does not end in silence"
    entry = show(board.leds, LABELS)[last]
    seen = list(registers(qemu.qemu_command(board, image), address, tmp_path / "monitor"))
    assert board.leds is not None
    lit = [(value >> first ^ dark) & ((1 << len(board.leds.leds)) - 1) for value in seen]
    if entry.flashes == 0:
        assert set(lit) == {entry.lit}
    else:
        assert set(lit) == {0, entry.lit}
        bursts = [len(re.findall("1+", burst)) for burst in flashes(lit)]
        assert entry.flashes in bursts, lit


def flashes(lit: list[int]) -> list[str]:
    """Runs of readings between long darkness, half a second of it, as texts of 0 and 1."""
    return re.split("0{10,}", "".join("1" if value else "0" for value in lit))


def registers(command: list[str], address: int, monitor: Path) -> Iterator[int]:
    """Readings, 50 ms apart, from the end of the recording on."""
    command = without_semihosting(command)
    command[command.index("-monitor") + 1] = f"unix:{monitor},server,nowait"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, bufsize=1, **pipes) as process:  # type: ignore[call-overload]
        try:
            for line in process.stdout:
                if END in line:
                    break
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(monitor))
                for _ in range(70):
                    yield reading(connection, address)
                    time.sleep(0.05)
        finally:
            process.kill()


def reading(connection: socket.socket, address: int) -> int:
    connection.sendall(f"x /1wx {address:#x}\n".encode())
    answer = ""
    while (found := re.search(rf"{address:08x}: 0x([0-9a-f]{{8}})", answer)) is None:
        answer += connection.recv(4096).decode()
    return int(found[1], 16)
