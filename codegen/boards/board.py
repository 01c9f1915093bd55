"""What a board is: core, memories, clock, console, and the compiler flags that follow from them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Project flavours, with the keys of the table that a board has for each: its names in that ecosystem.
PROJECTS: Mapping[str, tuple[str, ...]] = {
    "cmake": (),
    "arduino": ("fqbn",),
    "zephyr": ("board",),
    "platformio": ("platform", "board", "framework"),
    "pico-sdk": ("board",),
}
# Where the microphone is that the ecosystem's own code hears, in flavours whose application takes sound from it alone.
HEARS: Mapping[str, str] = {"arduino": "board", "pico-sdk": "module"}
# What PlatformIO builds on; with none, firmware is bare metal.
FRAMEWORKS = ("arduino", "none")
FAMILIES = ("host", "cortex-m")
# What a board's projects went through, the strongest first: run on the desktop, booted in QEMU with checked results,
# compiled and linked, or only compared with what the ecosystem publishes of its formats and functions.
EVIDENCE = ("host", "qemu", "build", "schema")
# Which floating-point units GCC knows for a core (GCC manual, Arm options, -mcpu and -mfpu).
FPUS: Mapping[str, tuple[str, ...]] = {
    "host": ("none",),
    "cortex-m0": ("none",),
    "cortex-m0plus": ("none",),
    "cortex-m3": ("none",),
    "cortex-m4": ("none", "fpv4-sp-d16"),
    "cortex-m7": ("none", "fpv5-sp-d16", "fpv5-d16"),
    "cortex-m33": ("none", "fpv5-sp-d16"),
    "cortex-m55": ("auto",),  # GCC derives vectors and floating point from the core's name
}
# Files of these names under `firmware_templates/board/`. Clocks with the frequencies that they need besides: "reset"
# leaves the clock as reset does and has no file.
CONSOLES = ("cmsdk_uart", "nrf_uart", "pl011", "stm32_usart_v1", "stm32_usart_v2")
CLOCKS: Mapping[str, tuple[str, ...]] = {
    "reset": (),
    "stm32f4": ("reset_hz", "crystal_hz"),
    "stm32l4": ("reset_hz",),
    "stm32u5": ("reset_hz",),
}
# Nothing but a name: it goes into a command line.
OPENOCD_CONFIG = re.compile(r"(board|interface|target)/[A-Za-z0-9_.-]+\.cfg")
COUNTERS = ("cmsdk_timer", "systick")
# Files of these names under `firmware_templates/board/pins/`.
PINS = ("mps_fpgaio", "nrf_gpio", "pl061", "stm32_gpio", "stm32f1_gpio")
# Files of these names under `firmware_templates/board/microphone/`, each with the integers that it needs besides, and
# the files that it shares.
MICROPHONES: Mapping[str, tuple[str, ...]] = {
    "nrf52_saadc": ("input", "input_gain"),
    "stm32f4_adc": ("channel", "timer_clock_divider"),
    "stm32f4_i2s_pdm": ("plli2s_n", "plli2s_r", "i2s_divider"),
    "stm32h7_adc": ("channel", "timer_clock_divider"),
    "stm32l4_dfsdm": ("clock_divider", "decimation"),
    "stm32u5_adf": ("clock_divider", "decimation"),
}
MICROPHONE_PARTS: Mapping[str, tuple[str, ...]] = {
    "nrf52_saadc": ("offset",),
    "stm32f4_adc": ("dma_stream", "halves", "offset", "tim3"),
    "stm32f4_i2s_pdm": ("decimator", "dma_stream", "halves", "offset", "pdm"),
    "stm32h7_adc": ("dma_stream", "halves", "offset", "tim3"),
    "stm32l4_dfsdm": ("decimator", "halves", "offset"),
    "stm32u5_adf": ("offset",),
}
PLACES = ("board", "module")
# One LED that mixes red, green and blue, or LEDs of their own places and colours.
LED_KINDS = ("rgb", "separate")
LED_COLOURS = ("red", "orange", "yellow", "green", "blue", "white")
FLOAT_ABIS = ("none", "soft", "softfp", "hard")
C_DIALECT = ("-std=c99",)
WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Werror")


@dataclass(frozen=True, slots=True)
class Region:
    """A memory: base address, size in bytes, and where both are documented."""

    base: int
    bytes: int
    source: str


@dataclass(frozen=True, slots=True)
class Setting:
    """Bits of a register that are cleared and set at start, and why."""

    address: int
    clear: int
    set: int
    why: str


@dataclass(frozen=True, slots=True)
class Clock:
    """Frequency of the core and how the board gets there; `setup` comes first. The driver says what it needs, and is
    None where the ecosystem's own code sets the clock."""

    hz: int
    driver: str | None
    reset_hz: int | None
    crystal_hz: int | None
    setup: tuple[Setting, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Console:
    """The UART that texts go to; `clock_divider`: core clock over that of the UART. `setup` connects its pins."""

    driver: str
    base: int
    baud: int
    clock_divider: int
    setup: tuple[Setting, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Led:
    """What people call it, its colour, and its pin, which is None where the ecosystem's own code drives it."""

    name: str
    colour: str
    port: int | None
    pin: int | None
    lit_high: bool | None


@dataclass(frozen=True, slots=True)
class Leds:
    """LEDs that show the decision; of kind `rgb`: red, green, blue. `setup` makes their pins outputs.

    `zephyr_aliases`: so many of them, from the first on, are Zephyr's aliases led0, led1 and so on.
    """

    kind: str
    driver: str | None
    leds: tuple[Led, ...]
    zephyr_aliases: int
    setup: tuple[Setting, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Microphone:
    """What hears on bare metal: `place` is `board`, or `module` for one that is wired to it, as `wiring` says.

    `gain` multiplies samples; `values` are the driver's own, by the names in `MICROPHONES`. `setup` connects pins and
    clocks. `evidence`: what was seen of the driver, as of a flavour.
    """

    driver: str
    title: str
    place: str
    wiring: str
    interrupt: int
    gain: int
    values: Mapping[str, int]
    setup: tuple[Setting, ...]
    evidence: str
    source: str


@dataclass(frozen=True, slots=True)
class Qemu:
    """The emulator's program and machine name, and the timer that counts instructions, at `counter_hz` there."""

    program: str
    machine: str
    counter: str
    counter_hz: int
    source: str


@dataclass(frozen=True, slots=True)
class OpenOcd:
    """OpenOCD's own configuration files for the debugger and the chip; `debugger`: what it is, for people."""

    config: tuple[str, ...]
    debugger: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One board; `clock`, `flash`, `ram` and `stack_bytes` are None on the host alone, `console` also where no flavour
    is bare metal, `openocd` where no debugger is on the board, `leds` where none is free, `microphone` where bare metal
    has no driver for one. `project_evidence` and `ecosystems` (what the board is
    called there) are by project flavour.
    """

    id: str
    title: str
    cpu: str
    fpu: str
    float_abi: str
    family: str
    projects: tuple[str, ...]
    project_evidence: Mapping[str, str]
    ecosystems: Mapping[str, Mapping[str, str]]
    source: str
    compiler_prefix: str
    optimisation: tuple[str, ...]
    clock: Clock | None
    console: Console | None
    leds: Leds | None
    microphone: Microphone | None
    flash: Region | None
    ram: Region | None
    stack_bytes: int | None
    qemu: Qemu | None
    openocd: OpenOcd | None

    @property
    def is_host(self) -> bool:
        return self.family == "host"

    @property
    def evidence(self) -> str:
        """The strongest of all flavours."""
        return min(self.project_evidence.values(), key=EVIDENCE.index)

    @property
    def microphone_place(self) -> str | None:
        """`board` or `module`: where the microphone is that some flavour's application hears."""
        if self.microphone is not None:
            return self.microphone.place
        return next((place for project, place in HEARS.items() if project in self.projects), None)

    @property
    def cpu_flags(self) -> tuple[str, ...]:
        """Compiler flags that choose core, instruction set and floating-point calling convention."""
        if self.is_host:
            return ()
        fpu = () if self.fpu == "none" else (f"-mfpu={self.fpu}",)
        return (f"-mcpu={self.cpu}", "-mthumb", *fpu, f"-mfloat-abi={self.float_abi}")

    @property
    def c_flags(self) -> tuple[str, ...]:
        """Flags for every C file of a project. Contraction into fused multiply-adds would make float results differ
        between cores."""
        sections = () if self.is_host else ("-ffunction-sections", "-fdata-sections")
        return (*self.cpu_flags, *self.optimisation, *C_DIALECT, *WARNINGS, "-ffp-contract=off", *sections)

    @property
    def link_flags(self) -> tuple[str, ...]:
        """Flags for the link, besides the linker script. A C++ library may name system calls that nothing calls."""
        if self.is_host:
            return ()
        return (*self.cpu_flags, "-nostartfiles", "--specs=nano.specs", "--specs=nosys.specs", "-Wl,--gc-sections")

    def to_json(self) -> dict[str, Any]:
        """The row of `tinyser boards --json`."""
        return {
            "id": self.id,
            "cpu": self.cpu,
            "projects": list(self.projects),
            "flash_bytes": self.flash.bytes if self.flash else None,
            "ram_bytes": self.ram.bytes if self.ram else None,
            "qemu": self.qemu.machine if self.qemu else None,
            "leds": [led.name for led in self.leds.leds] if self.leds else [],
            "microphone": {"title": self.microphone.title, "evidence": self.microphone.evidence}
            if self.microphone
            else None,
            "evidence": self.evidence,
            "project_evidence": dict(self.project_evidence),
        }
