"""What a check ran on: versions of the packages and programs that had a part in it, and how many cores."""

from __future__ import annotations

import os
import platform
import shutil
from importlib import metadata
from pathlib import Path

from codegen.errors import ToolError
from tinyser.emulator.build import run_tool

_PACKAGES = ("torch", "onnxruntime", "onnx2tf", "tensorflow", "ai-edge-litert", "tflite-micro", "numpy")
_PROGRAMS = ("gcc", "arm-none-eabi-gcc", "qemu-system-arm")


def environment() -> dict[str, str]:
    """Name -> version, only of what is there; nothing of the machine but its architecture, system and cores."""
    found = {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(os.cpu_count() or 1),
        "python": platform.python_version(),
    }
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    for program in _PROGRAMS:
        path = shutil.which(program)
        if path is not None:
            try:
                printed = run_tool([path, "--version"], Path.cwd())
            except ToolError:
                printed = ""
            found[program] = (printed.splitlines() or ["no version"])[0].strip()
    return found
