"""Flash and static RAM of a linked image."""

from __future__ import annotations

from pathlib import Path

from tinyser.emulator.build import find_tool, run_tool
from tinyser.emulator.emulation import Sizes
from tinyser.emulator.project_folder import Project

_FLASH_SECTIONS = (".text", ".ARM.exidx", ".data")
_RAM_SECTIONS = (".data", ".bss")


def measure(project: Project, image: Path, prefix: str) -> Sizes:
    """Sizes of an ELF file by its sections; the stack's reserve is not static RAM."""
    listing = run_tool([find_tool(f"{prefix}size"), "-A", str(image)], project.folder)
    sections = {}
    for line in listing.splitlines():
        fields = line.split()
        if len(fields) == 3 and fields[0].startswith("."):
            sections[fields[0]] = int(fields[1])
    flash = sum(sections.get(name, 0) for name in _FLASH_SECTIONS)
    ram = sum(sections.get(name, 0) for name in _RAM_SECTIONS)
    return Sizes(flash, project.weights_bytes, flash - project.weights_bytes - project.selftest_bytes, ram)


def unlinked(project: Project) -> Sizes:
    """What is known of a project's sizes without an image."""
    return Sizes(None, project.weights_bytes, None, None)
