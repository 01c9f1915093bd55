"""Board descriptions: all valid, and one bad one for each message."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from codegen import boards as boards_module
from codegen.boards import list_boards, load_board, parse_board
from codegen.errors import BoardError

GOOD = resources.files("codegen.boards").joinpath("mps2-an386.toml").read_text(encoding="utf-8")


def test_known_boards() -> None:
    boards = {board.id: board for board in list_boards()}
    assert len(boards) >= 10 and {"host", "mps2-an386", "mps3-an547", "microbit", "netduinoplus2"} <= set(boards)
    for board in boards.values():
        assert board.is_host or (board.flash is not None and board.flash.source and board.ram is not None)
    assert set(boards["host"].to_json()) == {
        "id", "cpu", "projects", "flash_bytes", "ram_bytes", "qemu", "leds", "microphone", "evidence",
        "project_evidence"
    }  # fmt: skip


def test_flags() -> None:
    board = load_board("mps2-an386")
    assert board.cpu_flags == ("-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard")
    assert load_board("host").cpu_flags == ()


def test_a_file_of_another_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD, encoding="utf-8")
    monkeypatch.setattr(boards_module, "_known", lambda: ("mine",))
    monkeypatch.setattr(boards_module.resources, "files", lambda package: tmp_path)
    with pytest.raises(BoardError, match=r"mine\.toml: id: got 'mps2-an386', allowed is the file's name, 'mine'"):
        load_board("mine")


def test_unknown_board_lists_the_known() -> None:
    with pytest.raises(BoardError, match="board 'nucleo': unknown; known are .*host, .*mps2-an386"):
        load_board("nucleo")


def test_a_path_is_not_a_board() -> None:
    with pytest.raises(BoardError, match="unknown"):
        load_board("../boards/host")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("bytes = 4_194_304", "", r"x \[flash\]: bytes: missing, allowed is a whole number of at least 1024"),
        ("bytes = 4_194_304", "bytes = 4194304.0", r"x \[flash\]: bytes: got 4194304\.0, allowed is a whole number"),
        ("bytes = 4_194_304", "bytes = true", r"x \[flash\]: bytes: got True"),
        ("[ram]", "[rom]", "x: ram: missing, allowed is a table"),
        ('title = "', 'colour = "red"\ntitle = "', "x: colour: unknown key; known are .*clock"),
        ("base = 0x2000_0000", "base = 0x2000_0000\nspeed = 3", r"x \[ram\]: speed: unknown key; known are base"),
        ('cpu = "cortex-m4"', 'cpu = "cortex-a9"', "x: cpu: got 'cortex-a9', allowed is host or cortex-m0"),
        ('fpu = "fpv4-sp-d16"', 'fpu = "neon"', "x: fpu: got 'neon', allowed is none or fpv4-sp-d16"),
        ('float_abi = "hard"', 'float_abi = "soft"', "x: float_abi: got 'soft', .* is softfp or hard"),
        ('projects = ["cmake"', 'projects = ["make"', r"x: projects: got \['make'.*\], allowed is a list of cmake"),
        ('projects = ["cmake"', "projects = [] #", r"x: projects: got \[\]"),
        ('source = "Arm', 'source = "a */ b"\n#', r"x: source: got 'a \*/ b', allowed is one line without comment"),
        ('cmake = "qemu"', "cmake = 1", r"x \[evidence\]: cmake: got 1, allowed is host or qemu"),
        ("[ram]", "ram = 3\n[unused]", "x: ram: "),
        (
            'optimisation = ["',
            'optimisation = ["-O 2", "',
            r"x \[compiler\]: optimisation: got '-O 2', allowed is words of",
        ),
        ('machine = "', 'machine = "a b"\n#', r"x \[qemu\]: machine: got 'a b', allowed is a word of letters, digits"),
        ('source = "Arm', 'source = ""\n#', "x: source: got '', allowed is a text that is not empty"),
        (
            'driver = "cmsdk_uart"',
            'driver = "usb"',
            r"x \[console\]: driver: got 'usb', allowed is cmsdk_uart",
        ),
        ('driver = "reset"', 'driver = "magic"', r"x \[clock\]: driver: got 'magic', allowed is reset"),
        ('driver = "reset"', 'driver = "stm32f4"', r"x \[clock\]: reset_hz: missing, allowed is a whole number"),
        (
            'counter = "cmsdk_timer"',
            'counter = "dwt"',
            r"x \[qemu\]: counter: got 'dwt', allowed is cmsdk",
        ),
        (
            "clock_divider = 1",
            "clock_divider = 1\nsetup = 3",
            r"x \[console\]: setup: got 3, allowed is an array",
        ),
        ("clock_divider = 1", "clock_divider = 1\nsetup = [{}]", r"x \[console\] setup\[0\]: address: missing"),
        ("[qemu]", "qemu = 1\n[unused]", "x"),
        ("id = ", "id = = ", "x: not TOML"),
        ('cmake = "qemu"', "", r"x \[evidence\]: cmake: missing, allowed is host or qemu or build or schema"),
        ('cmake = "qemu"', 'cmake = "hope"', r"x \[evidence\]: cmake: got 'hope', allowed is host or qemu or build"),
        ('cmake = "qemu"', 'cmake = "qemu"\narduino = "schema"', r"x \[evidence\]: arduino: unknown key"),
        ("[console]", "[terminal]", "x: console: missing, allowed is a table"),
        ("[flash]", "[openocd]\n[flash]", r"x \[openocd\]: config: missing, allowed is a list of texts"),
        (
            "[flash]",
            '[openocd]\nconfig = ["board/a.cfg; reboot"]\n[flash]',
            r"x \[openocd\]: config: got 'board/a\.cfg; reboot', allowed are OpenOCD's own files",
        ),
        (
            "[flash]",
            '[openocd]\nconfig = ["board/a.cfg"]\ndebugger = "a"\nsource = "b"\nspeed = 3\n[flash]',
            r"x \[openocd\]: speed: unknown key",
        ),
        ('kind = "separate"', 'kind = "rgb"', r"x \[leds\]: led: got green, green, allowed is red and green and blue"),
        ('kind = "separate"', 'kind = "neon"', r"x \[leds\]: kind: got 'neon', allowed is rgb or separate"),
        ("zephyr_aliases = 2", "zephyr_aliases = 3", r"x \[leds\]: zephyr_aliases: got 3, allowed is 0 or 1 or 2"),
        ("zephyr_aliases = 2", "", r"x \[leds\]: zephyr_aliases: missing, allowed is a whole number"),
        ('lit = "high"', 'lit = "bright"', r"x \[leds\] led\[0\]: lit: got 'bright', allowed is high or low"),
        ('lit = "high"', 'lit = "high"\nsize = 3', r"x \[leds\] led\[0\]: size: unknown key"),
        ("[flash]", "[microphone]\n[flash]", r"x \[microphone\]: driver: missing, allowed is nrf52_saadc or stm32f4"),
        (
            "[flash]",
            '[microphone]\ndriver = "stm32f4_adc"\ntitle = "a"\nplace = "moon"\n[flash]',
            r"x \[microphone\]: place: got 'moon', allowed is board or module",
        ),
        ('driver = "reset"', 'driver = "reset"\nreset_hz = 3', r"x \[clock\]: reset_hz: unknown key"),
    ],
)
def test_one_message_for_each_fault(old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(BoardError, match=message):
        parse_board(GOOD.replace(old, new, 1), "x")


LIBRARY_ONLY = resources.files("codegen.boards").joinpath("xiao-nrf52840-sense.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("hz = 64_000_000", 'hz = 64_000_000\ndriver = "reset"', r"x \[clock\]: driver: unknown key; known are hz"),
        ("[clock]", "[console]\n[clock]", "x: console: unknown key"),
        ("[arduino]", "[arduinos]", "x: arduino: missing, allowed is a table"),
        ("fqbn = ", "board = ", r"x \[arduino\]: fqbn: missing, allowed is a text"),
        ('framework = "arduino"', 'framework = "none"', r"x \[platformio\]: framework: got 'none', allowed is arduino"),
    ],
)
def test_without_bare_metal_there_are_no_drivers(old: str, new: str, message: str) -> None:
    assert old in LIBRARY_ONLY
    with pytest.raises(BoardError, match=message):
        parse_board(LIBRARY_ONLY.replace(old, new, 1), "x")


def test_evidence_of_a_board_is_the_strongest() -> None:
    board = load_board("netduinoplus2")
    assert board.project_evidence["cmake"] == "qemu" == board.evidence
    assert load_board("xiao-nrf52840-sense").project_evidence["arduino"] == "schema"
