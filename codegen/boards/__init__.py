"""Boards as data: one validated TOML file each, every size with the document it comes from.

A new board is a new file here. Its drivers are C files in `firmware_templates/board/`: `console/`, `clock/`,
`emulated/`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from codegen.errors import BoardError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECTS = ("cmake", "arduino", "zephyr", "platformio", "pico-sdk")
FAMILIES = ("host", "cortex-m")
# How far a board's images were run: on the desktop, booted in QEMU with checked results, or only compiled and linked.
EVIDENCE = ("host", "qemu", "build")
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
# Files of these names under `firmware_templates/board/`; "reset" leaves the clock as reset does and needs none.
CONSOLES = ("cmsdk_uart", "nrf_uart", "pl011", "stm32_usart_v1", "stm32_usart_v2")
CLOCKS = ("reset", "stm32f4")
COUNTERS = ("cmsdk_timer", "systick")
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
class Clock:
    """Frequency of the core and how the board gets there; with driver "reset" the other two frequencies are None."""

    hz: int
    driver: str
    reset_hz: int | None
    crystal_hz: int | None
    source: str


@dataclass(frozen=True, slots=True)
class Setting:
    """Bits of a register that are cleared and set at start, and why."""

    address: int
    clear: int
    set: int
    why: str


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
class Qemu:
    """The emulator's program and machine name, and the timer that counts instructions, at `counter_hz` there."""

    program: str
    machine: str
    counter: str
    counter_hz: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One board; `clock`, `console`, `flash`, `ram` and `stack_bytes` are None on the host alone."""

    id: str
    title: str
    cpu: str
    fpu: str
    float_abi: str
    family: str
    projects: tuple[str, ...]
    evidence: str
    source: str
    compiler_prefix: str
    optimisation: tuple[str, ...]
    clock: Clock | None
    console: Console | None
    flash: Region | None
    ram: Region | None
    stack_bytes: int | None
    qemu: Qemu | None

    @property
    def is_host(self) -> bool:
        return self.family == "host"

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
            "evidence": self.evidence,
        }


def list_boards() -> tuple[Board, ...]:
    """All boards, by id."""
    return tuple(load_board(name) for name in _known())


def load_board(board_id: str) -> Board:
    """One board by id. Raises BoardError for an unknown id (listing the known ones) or an invalid description."""
    if board_id not in _known():
        raise BoardError(f"board {board_id!r}: unknown; known are {', '.join(_known())}")
    path = resources.files(__name__).joinpath(f"{board_id}.toml")
    board = parse_board(path.read_text(encoding="utf-8"), where=f"{board_id}.toml")
    if board.id != board_id:
        raise BoardError(f"{board_id}.toml: id: got {board.id!r}, allowed is the file's name, {board_id!r}")
    return board


def parse_board(text: str, where: str) -> Board:
    """A board from TOML text. Raises BoardError, naming table and key: unknown, missing, or not allowed."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BoardError(f"{where}: not TOML ({error}); mend that line") from error
    is_host = data.get("family") == "host"
    tables = ("compiler",) if is_host else ("compiler", "clock", "console", "flash", "ram", "stack")
    top = _Table(where, data, optional=() if is_host else ("qemu",))
    sub = {name: _Table(f"{where} [{name}]", top.table(name)) for name in tables}
    qemu = _qemu(where, top.table("qemu")) if "qemu" in data and not is_host else None
    cpu = top.choice("cpu", tuple(FPUS))
    board = Board(
        id=top.text("id"),
        title=top.text("title"),
        cpu=cpu,
        fpu=top.choice("fpu", FPUS[cpu]),
        float_abi=top.choice("float_abi", FLOAT_ABIS),
        family=top.choice("family", FAMILIES),
        projects=top.texts("projects", PROJECTS),
        evidence=top.choice("evidence", EVIDENCE),
        source=top.text("source"),
        compiler_prefix=sub["compiler"].text("prefix", may_be_empty=True),
        optimisation=sub["compiler"].texts("optimisation", None),
        clock=None if is_host else _clock(sub["clock"]),
        console=None if is_host else _console(sub["console"]),
        flash=None if is_host else _region(sub["flash"]),
        ram=None if is_host else _region(sub["ram"]),
        stack_bytes=None if is_host else sub["stack"].integer("bytes", 256),
        qemu=qemu,
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


def _known() -> tuple[str, ...]:
    names = (entry.name for entry in resources.files(__name__).iterdir())
    return tuple(sorted(name[: -len(".toml")] for name in names if name.endswith(".toml")))


def _region(table: _Table) -> Region:
    return Region(table.integer("base", 0), table.integer("bytes", 1024), table.text("source"))


def _clock(table: _Table) -> Clock:
    hz, driver = table.integer("hz", 1), table.choice("driver", CLOCKS)
    reset_hz, crystal_hz = (
        None if driver == "reset" else table.integer(name, 1) for name in ("reset_hz", "crystal_hz")
    )
    return Clock(hz, driver, reset_hz, crystal_hz, table.text("source"))


def _console(table: _Table) -> Console:
    return Console(
        driver=table.choice("driver", CONSOLES),
        base=table.integer("base", 0),
        baud=table.integer("baud", 1200),
        clock_divider=table.integer("clock_divider", 1),
        setup=tuple(_setting(row) for row in table.rows("setup")),
        source=table.text("source"),
    )


def _setting(table: _Table) -> Setting:
    setting = Setting(
        table.integer("address", 0), table.integer("clear", 0), table.integer("set", 0), table.text("why")
    )
    table.reject_unknown()
    return setting


def _qemu(where: str, data: Mapping[str, Any]) -> Qemu:
    table = _Table(f"{where} [qemu]", data)
    qemu = Qemu(
        table.text("program"),
        table.text("machine"),
        table.choice("counter", COUNTERS),
        table.integer("counter_hz", 1),
        table.text("source"),
    )
    table.reject_unknown()
    return qemu


class _Table:
    """One TOML table, read key by key; what was never asked for is unknown."""

    def __init__(self, where: str, data: Mapping[str, Any], optional: tuple[str, ...] = ()) -> None:
        self._where = where
        self._data = data
        self._asked = set(optional)

    def _get(self, key: str, allowed: str) -> Any:
        self._asked.add(key)
        if key not in self._data:
            raise BoardError(f"{self._where}: {key}: missing, allowed is {allowed}; add it with its source")
        return self._data[key]

    def _refuse(self, key: str, got: object, allowed: str) -> BoardError:
        return BoardError(f"{self._where}: {key}: got {got!r}, allowed is {allowed}")

    def text(self, key: str, may_be_empty: bool = False) -> str:
        value = self._get(key, "a text")
        if not isinstance(value, str) or not (value.strip() or may_be_empty):
            raise self._refuse(key, value, "a text that is not empty")
        return value

    def choice(self, key: str, allowed: tuple[str, ...]) -> str:
        value = self._get(key, " or ".join(allowed))
        if value not in allowed:
            raise self._refuse(key, value, " or ".join(allowed))
        return str(value)

    def texts(self, key: str, allowed: tuple[str, ...] | None) -> tuple[str, ...]:
        known = f"a list of {' or '.join(allowed)}" if allowed else "a list of texts"
        value = self._get(key, known)
        good = isinstance(value, list) and value and all(isinstance(entry, str) for entry in value)
        if not good or (allowed and not set(value) <= set(allowed)):
            raise self._refuse(key, value, known)
        return tuple(value)

    def integer(self, key: str, low: int) -> int:
        value = self._get(key, f"a whole number of at least {low}")
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            raise self._refuse(key, value, f"a whole number of at least {low}")
        return value

    def table(self, key: str) -> Mapping[str, Any]:
        value = self._get(key, "a table")
        if not isinstance(value, dict):
            raise self._refuse(key, value, "a table")
        return value

    def rows(self, key: str) -> list[_Table]:
        """An array of tables, which may be missing."""
        self._asked.add(key)
        value = self._data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise self._refuse(key, value, "an array of tables")
        return [_Table(f"{self._where} {key}[{index}]", row) for index, row in enumerate(value)]

    def reject_unknown(self) -> None:
        unknown = sorted(set(self._data) - self._asked)
        if unknown:
            known = ", ".join(sorted(self._asked))
            raise BoardError(f"{self._where}: {unknown[0]}: unknown key; known are {known}")
