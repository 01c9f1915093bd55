"""The PlatformIO flavour: to the published schema, built with its own flags, and booted where there is an emulator.

Rules: `platformio/assets/schema/library.json` of platformio-core. Flags: `builder/frameworks/_bare.py` of platforms.
"""

from __future__ import annotations

import ast
import configparser
import json
import re
import shlex
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.boards import Board, list_boards, load_board
from codegen.errors import DataError
from codegen.project import ProjectOptions, write_project
from tests.flavours.test_arduino import CORE, run
from tests.projects import sums_model, sums_runtime, write_sums_project

BOARDS = [board.id for board in list_boards() if "platformio" in board.projects]
BARE = [name for name in BOARDS if load_board(name).ecosystems["platformio"]["framework"] == "none"]
# What the schema knows, and of it what it requires, with its longest text.
REQUIRED = {"name": 50, "version": 20, "description": 255, "keywords": 255}
KNOWN = {
    *REQUIRED, "$schema", "homepage", "repository", "authors", "license", "frameworks", "platforms", "headers",
    "examples", "dependencies", "export", "scripts", "build",
}  # fmt: skip
BUILD = {
    "flags", "unflags", "includeDir", "srcDir", "srcFilter", "extraScript", "libArchive", "libLDFMode", "libCompatMode"
}  # fmt: skip


def settings(project: Path) -> configparser.SectionProxy:
    """The one environment of the example's platformio.ini."""
    ini = configparser.ConfigParser()
    ini.read(project / "platformio.ini")
    (section,) = ini.sections()
    assert section == f"env:{ini[section]['board']}"
    return ini[section]


def link_flags(project: Path) -> list[str]:
    """What link.py appends."""
    script = ast.parse((project / "link.py").read_text())
    (call,) = [node for node in ast.walk(script) if isinstance(node, ast.keyword)]
    assert call.arg == "LINKFLAGS"
    return list(ast.literal_eval(call.value))


@pytest.mark.parametrize("board", BOARDS)
def test_manifest_is_to_the_schema(board: str, tmp_path: Path) -> None:
    library = write_sums_project(tmp_path / "library", board, project="platformio")
    manifest = json.loads((library / "library.json").read_text())
    assert set(manifest) >= set(REQUIRED) and set(manifest) <= KNOWN and set(manifest["build"]) <= BUILD
    for key, longest in REQUIRED.items():
        texts = manifest[key] if isinstance(manifest[key], list) else [manifest[key]]
        assert all(isinstance(text, str) and 0 < len(text) <= longest for text in texts)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", manifest["name"])
    assert re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"])
    assert (library / "src" / manifest["headers"]).is_file()
    (example,) = manifest["examples"]
    files = {
        path.relative_to(library / example["base"]).as_posix() for path in (library / example["base"]).rglob("*.*")
    }
    assert set(example["files"]) == {name for name in files if (library / example["base"] / name).is_file()}


@pytest.mark.parametrize("board", BARE)
def test_bare_metal_builds_as_platformio_builds(board: str, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    described = load_board(board)
    assert described.project_evidence["platformio"] == ("qemu" if described.qemu else "build")
    library = write_sums_project(tmp_path / "library", board, selftest=True, project="platformio")
    example = library / "examples/firmware"
    image = build_bare(library, example, described)
    if described.qemu:
        assert "self-test: PASS (1 vectors)" in boot(described, image)


def build_bare(library: Path, example: Path, board: Board) -> Path:
    """The example with the flags of its own files, on top of those that every bare-metal build has."""
    config = settings(example)
    base = ["-mthumb", f"-mcpu={board.cpu}", "-ffunction-sections", "-fdata-sections", "-nostdlib"]
    flags = [*base, *shlex.split(config["build_flags"])]
    own = json.loads((library / "library.json").read_text())["build"]["flags"]
    objects = []
    for root, folder, include in (
        (library, "src", shlex.split(" ".join(own))),
        (example, "src", ["-I", library / "src/tinyser"]),
    ):
        for source in sorted((root / folder).rglob("*.[cS]")):
            objects.append(example / f"{source.stem}.o")
            run("arm-none-eabi-gcc", *flags, *include, "-I", "src", "-c", source, "-o", objects[-1], cwd=root)
    link = ["-mthumb", f"-mcpu={board.cpu}", "-Wl,--gc-sections,--relax", *link_flags(example)]
    run("arm-none-eabi-gcc", *link, "-T", config["board_build.ldscript"], *objects, "-o", "firmware.elf", cwd=example)
    return example / "firmware.elf"


def boot(board: Board, image: Path) -> str:
    """What the board's UART says within some seconds; nothing ends the emulator, as on the chip."""
    assert board.qemu is not None
    command = [board.qemu.program, "-machine", board.qemu.machine, "-display", "none", "-monitor", "none"]
    with subprocess.Popen(
        [*command, "-serial", "stdio", "-kernel", str(image)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as emulator:
        assert emulator.stdout is not None
        deadline = threading.Timer(30, emulator.kill)
        deadline.start()
        said = ""
        for line in emulator.stdout:
            said += line
            if line.startswith("self-test"):
                break
        deadline.cancel()
        emulator.kill()
    return said


def test_the_sketch_of_an_arduino_board_compiles(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("arm-none-eabi-g++")
    for board in sorted(set(BOARDS) - set(BARE)):
        assert load_board(board).project_evidence["platformio"] == "schema"
        library = write_sums_project(tmp_path / board, board, selftest=True, project="platformio")
        config = settings(library / "examples/firmware")
        assert config["framework"] == "arduino" and config["lib_deps"] == "symlink://../.."
        sketch = library / "examples/firmware/src/firmware.ino"
        flags = [*load_board(board).cpu_flags, "-std=gnu++14", "-Wall", "-Wextra", "-Werror", "-I", "src", "-I", CORE]
        run("arm-none-eabi-g++", *flags, "-include", "Arduino.h", "-x", "c++", "-c", sketch, "-o", "s.o", cwd=library)


def test_the_interpreter_is_refused(tmp_path: Path) -> None:
    model = sums_model()
    options = ProjectOptions(board=load_board("nucleo-f446re"), project="platformio", runtime="tflm")
    with pytest.raises(DataError, match="--project platformio: got runtime tflm, .* allowed is direct"):
        write_project(model, sums_runtime(model), options, tmp_path / "library")
    assert not list(tmp_path.iterdir())
