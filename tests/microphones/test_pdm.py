"""Bits of a digital microphone to PCM: against NumPy and SciPy, and with a tone out of a sigma-delta modulator."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from codegen.boards import load_board
from tests.microphones.desk import HALF, Desk, build_desk

signal = pytest.importorskip("scipy.signal")

BITS_PER_SAMPLE = 64
GAIN = 8
ORDER, RATIO, BIT_HZ = 4, 16, 1_024_000


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, require_tool: Callable[..., None]) -> Desk:
    require_tool("gcc")
    return build_desk("stm32f4-discovery", tmp_path_factory.mktemp("pdm"))


def droop(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the sinc filter, by its formula."""
    turn = np.pi * np.maximum(hertz, 1e-9) / BIT_HZ
    return (np.sin(RATIO * turn) / (RATIO * np.sin(turn))) ** ORDER


def designed() -> NDArray[np.float64]:
    """The last filter, as its comment says it is made."""
    edges = list(pairwise(np.linspace(0, 7000, 25)))
    bands = np.ravel([(low, high - 1e-3) for low, high in edges])
    wanted = 1 / droop(np.ravel(edges))
    weights = [1] * 24 + [30]
    return np.asarray(signal.firls(111, [*bands, 9000, 32000], [*wanted, 0, 0], weight=weights, fs=64_000))


def taps(project: Path) -> NDArray[np.int64]:
    text = (project / "board/board_decimator.c").read_text()
    half = [int(number) for number in re.findall(r"-?\d+", text.split("taps[MIDDLE + 1u] = {")[1].split("}")[0])]
    return np.array([*half, *half[-2::-1]])


def modulated(level: NDArray[np.float64]) -> NDArray[np.uint16]:
    """A sigma-delta modulator of second order: levels in -1..1 to words of 16 bits, the first one the highest."""
    first = second = 0.0
    bits = np.zeros(len(level), dtype=np.uint8)
    for index, value in enumerate(level):
        bit = second >= 0
        bits[index] = bit
        back = 1.0 if bit else -1.0
        first += value - back
        second += first - 2 * back
    return np.packbits(bits).view(">u2").astype(np.uint16)


def high_pass(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """By its formula, with the gain, to 16 bits."""
    mean, result = samples[0], []
    for sample in samples:
        result.append((sample - mean) * GAIN)
        mean += (sample - mean) / 1024
    return np.clip(result, -32768, 32767)


def decimated(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """The last filter, whose taps are of 16 bits."""
    return np.convolve(samples, np.round(designed() * 32768) / 32768)[: len(samples)][3::4]


def expected(words: NDArray[np.uint16]) -> NDArray[np.float64]:
    """Filters by convolution, in floating point."""
    stream = np.unpackbits(words.astype(">u2").view(np.uint8)).astype(np.float64) * 2 - 1
    box = np.ones(RATIO)
    for _ in range(ORDER):
        stream = np.convolve(stream, box)[: len(stream)]
    slow = stream[RATIO - 1 :: RATIO]
    return high_pass(decimated(slow) / 2)


def test_taps_are_those_of_the_design(desk: Desk) -> None:
    np.testing.assert_array_equal(taps(desk.project), np.round(designed() * 32768))
    hertz, response = signal.freqz(taps(desk.project) / 32768, worN=4096, fs=64_000)
    level = 20 * np.log10(np.abs(response) * droop(hertz) + 1e-12)
    assert np.abs(level[hertz < 7000]).max() < 0.07
    assert level[hertz > 9000].max() < -58


@pytest.mark.parametrize("seed", [1, 2])
def test_any_bits(desk: Desk, seed: int) -> None:
    """Random bits, and runs of equal ones that reach full scale."""
    random = np.random.default_rng(seed)
    words = random.integers(0, 65536, 30 * HALF * 4, dtype=np.uint16)
    words[2000:2600], words[2600:3300] = 0xFFFF, 0
    heard = desk.hear(words).pcm.ravel()
    assert np.abs(heard - expected(words)).max() <= 2
    assert heard.min() == -32768 and heard.max() == 32767


def test_a_tone_is_heard_clean(desk: Desk) -> None:
    """At -46 dBFS, as a voice is; the gain brings it up by 18 dB."""
    turns, hertz, level = 30, 1000, 0.005
    time = np.arange(turns * HALF * BITS_PER_SAMPLE) / BIT_HZ
    heard = desk.hear(modulated(level * np.sin(2 * np.pi * hertz * time) + 0.02)).pcm.ravel()[-2048:]
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(2048))) ** 2
    tone = round(hertz / 16_000 * 2048)
    at_tone = spectrum[tone - 3 : tone + 4].sum()
    rest = spectrum[5:].sum() - at_tone
    assert 10 * np.log10(at_tone / rest) > 20
    assert np.sqrt(2) * heard.std() == pytest.approx(level * 32768 * GAIN, rel=0.05)


def test_the_clock_is_what_the_microphone_takes(desk: Desk) -> None:
    microphone = load_board("stm32f4-discovery").microphone
    assert microphone is not None
    registers = desk.hear(np.zeros(0, np.uint16)).registers
    pll = registers[0x4002_3884]
    clock = 1e6 * (pll >> 6 & 0x1FF) / (pll >> 28) / (2 * (registers[0x4000_3820] & 0xFF))
    assert clock == BIT_HZ == BITS_PER_SAMPLE * 16_000
    assert registers[0x4000_381C] == 0xF28 and registers[0x4000_3804] == 1


@pytest.mark.parametrize("miss", [0, 4])
def test_the_filter_in_hardware_needs_the_last_one_only(
    miss: int, tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    """The DFSDM gives samples of 24 bits, and below them the channel's number."""
    require_tool("gcc")
    desk = build_desk("b-l475e-iot01a", tmp_path)
    full_scale, turns = 25**4, 24
    samples = np.random.default_rng(4).integers(-full_scale // 20, full_scale // 20, turns * HALF * 4)
    samples[3000:3100], samples[3100:3200] = full_scale, -full_scale
    heard = desk.hear((samples << 8 | 2).astype(np.int32), miss)
    assert heard.lost.sum() == (0 if miss == 0 else HALF * (turns // miss - 1))
    if miss == 0:
        scale = full_scale * 16 // 32768 / 16
        assert np.abs(heard.pcm.ravel() - high_pass(decimated(samples / scale))).max() <= 2
    divider, ratio = heard.registers[0x4001_6000] >> 16 & 0xFF, heard.registers[0x4001_6114] >> 16 & 0x3FF
    assert 80e6 / (divider + 1) / (ratio + 1) == 64_000
    assert heard.registers[0x4001_6114] >> 29 == ORDER and heard.registers[0x4001_6100] >> 24 & 7 == 2


@pytest.mark.parametrize("miss", [0, 100])
def test_all_filters_in_hardware(miss: int, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    """The ADF gives PCM of 24 bits, two samples an interrupt; its FIFO holds what one interrupt too few leaves."""
    require_tool("gcc")
    desk = build_desk("b-u585i-iot02a", tmp_path)
    full_scale = 3 * 25**4
    samples = np.random.default_rng(4).integers(-full_scale // 20, full_scale // 20, 20 * HALF)
    heard = desk.hear((samples << 8).astype(np.int32), miss)
    assert not heard.lost.any(), "two of four places are free"
    expected = high_pass(samples / (full_scale // 32768))[: heard.pcm.size]
    assert len(heard.pcm) >= 19 and np.abs(heard.pcm.ravel() - expected).max() <= 2
    divider, ratio = heard.registers[0x4602_4004] >> 16 & 15, heard.registers[0x4602_408C] >> 8 & 0x1FF
    assert 24e6 / (divider + 1) / (ratio + 1) / 4 == 16_000


def test_a_fifo_that_overflows_is_counted(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    """Where two interrupts in a row do not come, a sample is known to be lost, and at most two are."""
    require_tool("gcc")
    desk = build_desk("b-u585i-iot02a", tmp_path)
    turns = 12 * HALF // 2
    heard = desk.hear(np.zeros(2 * turns, np.int32), 10, in_a_row=2)
    assert heard.lost.sum() == pytest.approx(turns // 10, abs=HALF // 20)
    assert heard.pcm.size + 2 * heard.lost.sum() == pytest.approx(2 * turns, abs=2 * HALF)
