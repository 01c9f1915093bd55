"""Flavour `platformio`: a library to the published schema of `library.json`, with an example project for the board.

The example is bare metal, with this project's own startup, linker script and console, or a sketch where the board is
one of the Arduino framework.

Source: PlatformIO documentation, library.json and platformio.ini; `platformio/assets/schema/library.json` of
platformio-core.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from codegen.banner import tool_version
from codegen.errors import DataError
from codegen.flavours.arduino import render_sketch
from codegen.flavours.bare_metal import bare_metal
from codegen.flavours.library import PRIVATE_DIR, Library, library, lit_by_sketch
from codegen.flavours.parts import Layout, Parts
from codegen.project_names import printable
from codegen.render import render

SCHEMA = "https://raw.githubusercontent.com/platformio/platformio-core/develop/platformio/assets/schema/library.json"
EXAMPLE_DIR = "examples/firmware"


def platformio(parts: Parts) -> Layout:
    """`library.json`, `src/` and an example project.

    Raises DataError for the runtime `tflm` and for an FFT of somebody else's: the project brings neither.
    """
    if parts.runtime != "direct":
        raise DataError(
            f"--project platformio: got runtime {parts.runtime}, which the project does not bring, allowed is direct; "
            "leave --runtime out, or choose --project cmake"
        )
    made = library(parts)
    is_bare = parts.board.ecosystems["platformio"]["framework"] == "none"
    example = _firmware(parts) if is_bare else _sketch(parts, made)
    settings = render("project/platformio/platformio.ini.j2", board=parts.board, target=parts.target, bare=is_bare)
    metadata = {
        "library.json": json.dumps(_manifest(parts, made, sorted(example)), indent=1) + "\n",
        f"{EXAMPLE_DIR}/platformio.ini": settings,
    }
    return Layout(
        files={**made.files, **metadata, **{f"{EXAMPLE_DIR}/{name}": text for name, text in example.items()}},
        portable_sources=made.sources,
        board_sources=tuple(f"{EXAMPLE_DIR}/{name}" for name in example if name.endswith((".c", ".S"))),
        include_dirs=made.include_dirs,
        shown_on=lit_by_sketch(parts),
    )


def _firmware(parts: Parts) -> Mapping[str, str]:
    """On the chip itself, also where an emulator is known."""
    firmware = bare_metal(replace(parts, board=replace(parts.board, qemu=None)))
    files = {f"src/{path.removeprefix('app/')}": text for path, text in firmware.files.items()}
    return {**files, "link.py": render("project/platformio/link.py.j2", board=parts.board)}


def _sketch(parts: Parts, made: Library) -> Mapping[str, str]:
    return {"src/firmware.ino": render_sketch(parts, made)}


def _manifest(parts: Parts, made: Library, example: list[str]) -> dict[str, Any]:
    """library.json; its name has dashes where the target has underscores."""
    return {
        "$schema": SCHEMA,
        "name": parts.target.replace("_", "-"),
        "version": tool_version(),
        "description": f"Speech emotion recognition on the device: model {printable(parts.model.name)[:60]} as C",
        "keywords": ["speech", "emotion", "tinyml"],
        "frameworks": "*",
        "platforms": "*",
        "headers": made.header,
        "examples": [{"name": "firmware", "base": EXAMPLE_DIR, "files": ["platformio.ini", *example]}],
        "build": {
            "unflags": "-Os",
            "flags": [*parts.board.optimisation, "-ffp-contract=off", f"-I {PRIVATE_DIR}"],
        },
    }
