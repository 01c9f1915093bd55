"""The Pico SDK flavour: its CMake file builds it, its application runs, its ADC and DMA are used as the chip's work.

What stands in for the SDK in `pico_sdk_tree` has its declarations and refuses settings that would not sample.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import list_boards, load_board
from codegen.model_card import ModelCard
from codegen.project import ProjectOptions, write_project
from tests.flavours.heard import expected_lines, loud_and_quiet
from tests.flavours.test_arduino import run
from tests.projects import sums_model, sums_runtime, write_sums_project
from tinyser.emulator import host

BOARDS = [board.id for board in list_boards() if "pico-sdk" in board.projects]
SDK = Path(__file__).parent / "pico_sdk_tree"
STRICT = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
BLOCK_SAMPLES = 256
BLOCKS = 32


def build(project: Path, *options: str) -> Path:
    """The firmware with the desktop's SDK, by its own CMake file."""
    run("cmake", "-S", ".", "-B", "build", "-G", "Ninja", f"-DPICO_SDK_PATH={SDK}", *options, cwd=project)
    run("cmake", "--build", "build", cwd=project)
    assert (project / "build/firmware.uf2").is_file()
    return project / "build/firmware"


@pytest.mark.parametrize("board", BOARDS)
def test_compiles_for_the_core(board: str, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("arm-none-eabi-gcc")
    project = write_sums_project(tmp_path / "project", board, selftest=True, project="pico-sdk")
    flags = [*load_board(board).cpu_flags, *STRICT, "-I", SDK]
    flags += [option for folder in ("model", "features", "app") for option in ("-I", folder)]
    for settings in ([], ["-DSER_MICROPHONE"]):
        for source in ("main.c", "ser_audio_adc.c"):
            run("arm-none-eabi-gcc", *flags, *settings, "-c", f"app/{source}", "-o", "source.o", cwd=project)
    cmake = (project / "CMakeLists.txt").read_text()
    assert f"set(PICO_BOARD {load_board(board).ecosystems['pico-sdk']['board']} CACHE" in cmake


def test_the_firmware_hears_what_the_emulator_hears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, require_tool: Callable[..., None]
) -> None:
    require_tool("cmake", "ninja", "gcc")
    project = write_sums_project(tmp_path / "project", "rpi-pico", selftest=True, project="pico-sdk")
    firmware = build(project)
    pcm = loud_and_quiet()
    monkeypatch.delenv("BLOCKS_PER_SLEEP", raising=False)
    lines = run(firmware, cwd=project, stdin=pcm.tobytes()).splitlines()
    assert lines[0].startswith("TinySER: model sums")
    assert lines[1:3] == ["arena: 480 bytes", "self-test: PASS (1 vectors)"]
    assert lines[3].startswith("self-test of sound: PASS (64 features, ")
    twelve_bits = pcm & np.int16(-16)
    expected = expected_lines(project, twelve_bits, BLOCK_SAMPLES)
    assert lines[5:] == [f"{line} (overruns 0)" for line in expected]


def test_the_led_flashes_the_decision(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    """A decision of 1.4 s at least is seen as often as its label is far in the list; silence is dark."""
    require_tool("cmake", "ninja", "gcc")
    project = write_sums_project(tmp_path / "project", "rpi-pico", project="pico-sdk")
    pcm = np.concatenate([np.tile(loud_and_quiet()[:16_000], 4), np.zeros(64_000, np.int16)])
    done = subprocess.run([build(project)], input=pcm.tobytes(), capture_output=True, check=True)
    flashes = [len(re.findall("1+", burst)) for burst in re.split("0{15,}", done.stderr.decode().strip("0"))]
    decided = host.stream(project, pcm).states
    seen = {state.decision + 1 for state in decided if state.decision is not None and state.decision < 3}
    assert flashes and set(flashes) & seen, (flashes, seen)
    assert done.stderr.endswith(b"0" * 50)


@pytest.mark.parametrize("lost", [0, 3])
def test_blocks_that_find_no_room_are_counted(
    lost: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, require_tool: Callable[..., None]
) -> None:
    require_tool("cmake", "ninja", "gcc")
    project = write_sums_project(tmp_path / "project", "rpi-pico2", project="pico-sdk")
    monkeypatch.setenv("BLOCKS_PER_SLEEP", str(BLOCKS + lost))
    pcm = np.tile(loud_and_quiet()[: BLOCK_SAMPLES * (BLOCKS + lost)], 2)
    printed = run(build(project), cwd=project, stdin=pcm.tobytes())
    assert set(re.findall(r"\(overruns (\d+)\)", printed)) == ({"0"} if lost == 0 else {str(lost), str(2 * lost)})


def test_without_a_microphone_it_ends(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("cmake", "ninja", "gcc")
    model = sums_model(card=ModelCard(name="sums"))
    options = ProjectOptions(board=load_board("rpi-pico"), project="pico-sdk")
    write_project(model, sums_runtime(model), options, tmp_path / "plain")
    heard = write_sums_project(tmp_path / "heard", "rpi-pico", project="pico-sdk")
    for project, settings in ((tmp_path / "plain", ()), (heard, ("-DSER_MICROPHONE=OFF",))):
        lines = run(build(project, *settings), cwd=project).splitlines()
        tests = [line for line in lines if line.startswith("self-test")]
        assert tests[0] == "self-test: PASS (0 vectors)" and lines[2:-1] == tests
        assert [line.split(" (")[0] for line in tests[1:]] == ["self-test of sound: PASS"] * (project == heard)


def test_without_the_sdk_cmake_says_so(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("cmake", "ninja")
    project = write_sums_project(tmp_path / "project", "rpi-pico", project="pico-sdk")
    with pytest.raises(AssertionError, match="Set PICO_SDK_PATH to the Raspberry Pi Pico SDK"):
        run("cmake", "-S", ".", "-B", "build", "-G", "Ninja", f"-DPICO_SDK_PATH={tmp_path}", cwd=project)


@pytest.mark.parametrize(
    "line",
    [
        "dma_channel_set_write_addr(channels[half], captured[half], false);",
        "dma_channel_acknowledge_irq0(channels[half]);",
    ],
)
def test_an_interrupt_that_forgets_something_is_seen(
    line: str, tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    require_tool("cmake", "ninja", "gcc")
    project = write_sums_project(tmp_path / "project", "rpi-pico", project="pico-sdk")
    audio = project / "app/ser_audio_adc.c"
    assert line in audio.read_text()
    audio.write_text(audio.read_text().replace(line, ""))
    with pytest.raises(AssertionError, match="AddressSanitizer|acknowledge"):
        run(build(project), cwd=project, stdin=loud_and_quiet().tobytes())
