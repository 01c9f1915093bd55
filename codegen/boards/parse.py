"""A board's TOML text to a `Board`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from codegen.boards.board import (
    CLOCKS,
    CONSOLES,
    COUNTERS,
    EVIDENCE,
    FAMILIES,
    FLOAT_ABIS,
    FPUS,
    FRAMEWORKS,
    LED_COLOURS,
    LED_KINDS,
    MICROPHONES,
    OPENOCD_CONFIG,
    PINS,
    PLACES,
    PROJECTS,
    Board,
    Clock,
    Console,
    Led,
    Leds,
    Microphone,
    OpenOcd,
    Qemu,
    Region,
    Setting,
)
from codegen.boards.toml_table import Table
from codegen.errors import BoardError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


RGB = ("red", "green", "blue")
OPTIONAL = ("leds", "microphone", "openocd", "qemu")


def parse_board(text: str, where: str) -> Board:
    """A board from TOML text. Raises BoardError, naming table and key: unknown, missing, or not allowed."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BoardError(f"{where}: not TOML ({error}); mend that line") from error
    is_host = data.get("family") == "host"
    top = Table(where, data, optional=() if is_host else OPTIONAL)
    projects = top.texts("projects", tuple(PROJECTS))
    bare_metal = "cmake" in projects
    ecosystems = tuple(name for name in projects if PROJECTS[name])
    hardware = () if is_host else ("clock", "flash", "ram", "stack", *(("console",) if bare_metal else ()))
    tables = ("evidence", "compiler", *ecosystems, *hardware)
    sub = {name: Table(f"{where} [{name}]", top.table(name)) for name in tables}
    qemu = _qemu(where, top.table("qemu")) if "qemu" in data and not is_host else None
    openocd = _openocd(where, top.table("openocd")) if "openocd" in data and not is_host else None
    leds = _leds(where, top.table("leds"), projects) if "leds" in data and not is_host else None
    microphone = _microphone(where, top.table("microphone")) if "microphone" in data and bare_metal else None
    cpu = top.choice("cpu", tuple(FPUS))
    board = Board(
        id=top.word("id"),
        title=top.text("title"),
        cpu=cpu,
        fpu=top.choice("fpu", FPUS[cpu]),
        float_abi=top.choice("float_abi", FLOAT_ABIS),
        family=top.choice("family", FAMILIES),
        projects=projects,
        project_evidence={name: sub["evidence"].choice(name, EVIDENCE) for name in projects},
        ecosystems={name: _ecosystem(sub[name], PROJECTS[name], bare_metal) for name in ecosystems},
        source=top.text("source"),
        compiler_prefix=sub["compiler"].word("prefix", may_be_empty=True),
        optimisation=sub["compiler"].words("optimisation"),
        clock=None if is_host else _clock(sub["clock"], bare_metal),
        console=_console(sub["console"]) if "console" in sub else None,
        leds=leds,
        microphone=microphone,
        flash=None if is_host else _region(sub["flash"]),
        ram=None if is_host else _region(sub["ram"]),
        stack_bytes=None if is_host else sub["stack"].integer("bytes", 256),
        qemu=qemu,
        openocd=openocd,
    )
    if not is_host:
        sub["stack"].text("source")
    for table in (top, *sub.values()):
        table.reject_unknown()
    _check_float_abi(where, board)
    return board


def _check_float_abi(where: str, board: Board) -> None:
    allowed = ("none",) if board.is_host else ("soft",) if board.fpu == "none" else ("softfp", "hard")
    if board.float_abi not in allowed:
        raise BoardError(
            f"{where}: float_abi: got {board.float_abi!r}, allowed with fpu {board.fpu!r} is {' or '.join(allowed)}"
        )


def _region(table: Table) -> Region:
    return Region(table.integer("base", 0), table.integer("bytes", 1024), table.text("source"))


def _ecosystem(table: Table, keys: tuple[str, ...], bare_metal: bool) -> Mapping[str, str]:
    """What the board is called in an ecosystem; PlatformIO goes without a framework only where there are drivers."""
    choices = {"framework": FRAMEWORKS if bare_metal else tuple(name for name in FRAMEWORKS if name != "none")}
    words = {key: table.choice(key, choices[key]) if key in choices else table.word(key) for key in keys}
    return {**words, "source": table.text("source")}


def _clock(table: Table, bare_metal: bool) -> Clock:
    """Where nothing is bare metal, only the frequency: the ecosystem's own code sets the clock."""
    if not bare_metal:
        return Clock(table.integer("hz", 1), None, None, None, (), table.text("source"))
    hz, driver = table.integer("hz", 1), table.choice("driver", tuple(CLOCKS))
    others = {name: table.integer(name, 1) for name in CLOCKS[driver]}
    setup = tuple(_setting(row) for row in table.rows("setup"))
    return Clock(hz, driver, others.get("reset_hz"), others.get("crystal_hz"), setup, table.text("source"))


def _console(table: Table) -> Console:
    return Console(
        driver=table.choice("driver", CONSOLES),
        base=table.integer("base", 0),
        baud=table.integer("baud", 1200),
        clock_divider=table.integer("clock_divider", 1),
        setup=tuple(_setting(row) for row in table.rows("setup")),
        source=table.text("source"),
    )


def _leds(where: str, data: Mapping[str, Any], projects: tuple[str, ...]) -> Leds:
    table = Table(f"{where} [leds]", data)
    bare_metal = "cmake" in projects
    leds = Leds(
        kind=table.choice("kind", LED_KINDS),
        driver=table.choice("driver", PINS) if bare_metal else None,
        leds=tuple(_led(row, bare_metal) for row in table.rows("led")),
        zephyr_aliases=table.integer("zephyr_aliases", 0) if "zephyr" in projects else 0,
        setup=tuple(_setting(row) for row in table.rows("setup")) if bare_metal else (),
        source=table.text("source"),
    )
    table.reject_unknown()
    colours = tuple(led.colour for led in leds.leds)
    if not colours or (leds.kind == "rgb" and colours != RGB):
        wanted = " and ".join(RGB) + ", in this order" if leds.kind == "rgb" else "at least one"
        raise BoardError(f"{where} [leds]: led: got {', '.join(colours) or 'none'}, allowed is {wanted}")
    counts = (0, len(RGB)) if leds.kind == "rgb" else tuple(range(len(colours) + 1))
    if leds.zephyr_aliases not in counts:
        allowed = " or ".join(map(str, counts))
        raise BoardError(f"{where} [leds]: zephyr_aliases: got {leds.zephyr_aliases}, allowed is {allowed}")
    return leds


def _led(table: Table, bare_metal: bool) -> Led:
    name, colour = table.text("name"), table.choice("colour", LED_COLOURS)
    led = Led(name, colour, None, None, None)
    if bare_metal:
        level = table.choice("lit", ("high", "low"))
        led = Led(name, colour, table.integer("port", 0), table.integer("pin", 0), level == "high")
    table.reject_unknown()
    return led


def _microphone(where: str, data: Mapping[str, Any]) -> Microphone:
    table = Table(f"{where} [microphone]", data)
    driver = table.choice("driver", tuple(MICROPHONES))
    microphone = Microphone(
        driver=driver,
        title=table.text("title"),
        place=table.choice("place", PLACES),
        wiring=table.text("wiring"),
        interrupt=table.integer("interrupt", 0),
        gain=table.integer("gain", 1),
        values={name: table.integer(name, 0) for name in MICROPHONES[driver]},
        setup=tuple(_setting(row) for row in table.rows("setup")),
        evidence=table.choice("evidence", EVIDENCE),
        source=table.text("source"),
    )
    table.reject_unknown()
    return microphone


def _setting(table: Table) -> Setting:
    setting = Setting(
        table.integer("address", 0), table.integer("clear", 0), table.integer("set", 0), table.text("why")
    )
    table.reject_unknown()
    return setting


def _qemu(where: str, data: Mapping[str, Any]) -> Qemu:
    table = Table(f"{where} [qemu]", data)
    qemu = Qemu(
        table.word("program"),
        table.word("machine"),
        table.choice("counter", COUNTERS),
        table.integer("counter_hz", 1),
        table.text("source"),
    )
    table.reject_unknown()
    return qemu


def _openocd(where: str, data: Mapping[str, Any]) -> OpenOcd:
    table = Table(f"{where} [openocd]", data)
    config = table.texts("config", None)
    for name in config:
        if not OPENOCD_CONFIG.fullmatch(name):
            raise BoardError(
                f"{where} [openocd]: config: got {name!r}, allowed are OpenOCD's own files such as 'board/NAME.cfg'"
            )
    openocd = OpenOcd(config, table.text("debugger"), table.text("source"))
    table.reject_unknown()
    return openocd
