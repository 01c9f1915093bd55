"""Flavour `cmake`: bare metal or desktop, with the board's own startup, linker script and console."""

from __future__ import annotations

from dataclasses import replace

from codegen import cmsis_dsp
from codegen.flavours.bare_metal import bare_metal
from codegen.flavours.parts import Layout, Parts
from codegen.fuzz_programs import fuzz_programs, has_fuzz_programs
from codegen.render import render


def cmake(parts: Parts) -> Layout:
    """Sources below their own folders, `CMakeLists.txt`, a toolchain file and a Doxyfile."""
    firmware = bare_metal(parts)
    layout = Layout(
        files={},
        portable_sources=parts.sources,
        board_sources=firmware.sources,
        include_dirs=(*parts.include_dirs, "board"),
        shown_on=parts.board.leds if parts.hears else None,
    )
    context = {
        "board": parts.board,
        "target": parts.target,
        "build": layout,
        "runtime": parts.runtime,
        "fft": parts.fft,
        "hears": parts.hears,
        "has_fuzz_programs": has_fuzz_programs(parts),
        "cmsis_dsp": cmsis_dsp,
        "languages": ["C"] + (["ASM"] if any(name.endswith(".S") for name in firmware.sources) else []),
    }
    folders = sorted({name.partition("/")[0] for name in (*parts.files, *firmware.files) if name.endswith(".h")})
    metadata = {
        "CMakeLists.txt": render("project/cmake/CMakeLists.txt.j2", **context),
        "cmake/toolchain.cmake": render("project/cmake/toolchain.cmake.j2", **context),
        "Doxyfile": render("project/cmake/Doxyfile.j2", folders=folders),
    }
    fuzz = fuzz_programs(parts) if has_fuzz_programs(parts) else {}
    fuzz_sources = tuple(sorted(name for name in fuzz if name.endswith(".c")))
    return replace(layout, files={**parts.files, **firmware.files, **metadata, **fuzz}, fuzz_sources=fuzz_sources)
