"""Drivers of microphones against a model of their registers: what the hardware fills is what is heard.

No board was at hand: this says nothing of what the registers do on a chip.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from codegen.boards import list_boards, load_board
from tests.microphones.desk import HALF, Desk, build_desk

BOARDS = {board.id: board.microphone for board in list_boards() if board.microphone}
ANALOG = sorted(name for name, microphone in BOARDS.items() if microphone.driver.endswith("adc"))
FULL_SCALE = {"stm32f4_adc": 12, "stm32h7_adc": 16, "nrf52_saadc": 12}
TURNS = 40


@pytest.fixture(scope="module")
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, require_tool: Callable[..., None]
) -> Desk:
    require_tool("gcc")
    return build_desk(request.param, tmp_path_factory.mktemp("desk"))


def converted(bits: int, turns: int = TURNS) -> NDArray[np.uint16]:
    """A tone on an offset, with noise, as a converter has it."""
    time = np.arange(HALF * turns)
    signal = 0.4 + 0.2 * np.sin(0.3 * time) + 0.01 * np.random.default_rng(3).standard_normal(len(time))
    return np.round(signal * 2**bits).astype(np.uint16)


def without_offset(samples: NDArray[np.int64], gain: int) -> NDArray[np.int16]:
    """The high-pass by its formula, in floating point."""
    mean, result = float(samples[0]), []
    for sample in samples:
        result.append((sample - mean) * gain)
        mean += (sample - mean) / 1024
    return np.clip(np.round(result), -32768, 32767).astype(np.int16)


def with_offset(heard: NDArray[np.int16]) -> NDArray[np.int64]:
    """What the high-pass was given, from 0 on, by its own integers."""
    mean, result = 0, []
    for sample in heard.tolist():
        result.append(sample + int(mean / 1024))
        mean += sample
    return np.array(result)


@pytest.mark.parametrize("desk", ANALOG, indirect=True)
def test_what_is_converted_is_heard(desk: Desk, request: pytest.FixtureRequest) -> None:
    microphone = BOARDS[request.node.callspec.params["desk"]]
    bits = FULL_SCALE[microphone.driver]
    raw = converted(bits)
    heard = desk.hear(raw)
    gain = 2 ** (16 - bits) * microphone.gain
    expected = without_offset(raw.astype(np.int64), gain)
    assert heard.pcm.shape == (TURNS, HALF) and not heard.lost.any()
    assert np.abs(heard.pcm.ravel().astype(int) - expected).max() <= gain, "one step of the converter"
    assert np.ptp(heard.pcm) > 20_000


@pytest.mark.parametrize("desk", ANALOG, indirect=True)
@pytest.mark.parametrize("miss", [5, 6])
def test_halves_that_nobody_came_for_are_counted(desk: Desk, miss: int, request: pytest.FixtureRequest) -> None:
    """What is heard is whole, and says where it is from: each half holds its number."""
    driver = BOARDS[request.node.callspec.params["desk"]].driver
    scale = 2 ** (FULL_SCALE[driver] - 12)
    heard = desk.hear(np.repeat(np.arange(TURNS) * scale, HALF).astype(np.uint16), miss)
    numbers = with_offset(heard.pcm.ravel() // (16 // scale)).reshape(heard.pcm.shape)
    assert (numbers % scale == 0).all() and (numbers == numbers[:, :1]).all(), "a half is of one number"
    halves = numbers[:, 0] // scale
    missed = [number for number in range(halves.max()) if number not in halves]
    assert len(missed) == heard.lost.sum() // HALF == TURNS // miss - (TURNS % miss == 0)
    assert (np.diff(halves) == 1 + np.isin(halves[:-1] + 1, missed)).all(), "in order"


@pytest.mark.parametrize("desk", ["nucleo-f446re", "netduinoplus2", "nucleo-h743zi"], indirect=True)
def test_the_timer_turns_at_the_rate_of_samples(desk: Desk, request: pytest.FixtureRequest) -> None:
    board = load_board(request.node.callspec.params["desk"])
    assert board.clock is not None and board.microphone is not None
    registers = desk.hear(np.zeros(0, np.uint16)).registers
    # The desk's core always runs at 168 MHz.
    timer_hz = 168_000_000 / board.microphone.values["timer_clock_divider"]
    assert timer_hz / (registers[0x4000_042C] + 1) == 16_000
    assert registers[0x4000_0404] == 0x20 and registers[0x4000_0400] == 1


@pytest.mark.parametrize("desk", ["microbit-v2"], indirect=True)
def test_nrfs_timer_too(desk: Desk) -> None:
    registers = desk.hear(np.zeros(0, np.uint16)).registers
    assert 16e6 / registers[0x4000_9540] == 16_000
    assert registers[0x4000_7510] == 4, "AIN3 has number 4"
    assert registers[0x4000_0000] == 1, "the crystal is on"


def test_every_driver_is_tested() -> None:
    assert {microphone.driver for microphone in BOARDS.values()} - set(FULL_SCALE) == {
        "stm32f4_i2s_pdm",
        "stm32l4_dfsdm",
        "stm32u5_adf",
    }
