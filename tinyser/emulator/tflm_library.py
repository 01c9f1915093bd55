"""The user's own TensorFlow Lite Micro, to which a project with runtime `tflm` links.

Environment variables name it, as variables of the project's CMake file do: TFLM_ROOT its sources, TFLM_LIB its library
for the board, and as lists with semicolons TFLM_INCLUDE_DIRS and TFLM_DEFINITIONS, which may be missing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from codegen.errors import ToolError
from tinyser.emulator.project_folder import Project

HEADER = "tensorflow/lite/micro/micro_interpreter.h"


@dataclass(frozen=True, slots=True)
class TflmLibrary:
    """Headers, the built library, and what it was built with."""

    root: Path
    library: Path
    include_dirs: tuple[str, ...]
    definitions: tuple[str, ...]

    @property
    def cxx_flags(self) -> tuple[str, ...]:
        """Flags for the C++ files of a project, as in its CMake file."""
        folders = (option for name in (str(self.root), *self.include_dirs) for option in ("-isystem", name))
        names = (f"-D{name}" for name in ("TF_LITE_STATIC_MEMORY", *self.definitions))
        return ("-std=c++17", "-fno-exceptions", "-fno-rtti", *folders, *names)

    @property
    def link_flags(self) -> tuple[str, ...]:
        """What comes after the project's own objects."""
        return (str(self.library), "-lstdc++", "-lm")


def find_tflm(project: Project) -> TflmLibrary:
    """The library that the environment names. Raises ToolError where it names none, or one that is not there."""
    root, library = (Path(os.environ.get(name, "")).resolve() for name in ("TFLM_ROOT", "TFLM_LIB"))
    for name, path in (("TFLM_ROOT", root / HEADER), ("TFLM_LIB", library)):
        if not os.environ.get(name) or not path.is_file():
            got = f"has no {path}" if os.environ.get(name) else "is not set"
            raise ToolError(
                f"{project.folder}: runtime tflm links to your own TensorFlow Lite Micro, but {name} {got}; set "
                "TFLM_ROOT to its sources and TFLM_LIB to its library for the board, use '--on tflm', or generate "
                "with --runtime direct"
            )
    lists = (os.environ.get(name, "").split(";") for name in ("TFLM_INCLUDE_DIRS", "TFLM_DEFINITIONS"))
    include_dirs, definitions = (tuple(entry for entry in entries if entry) for entries in lists)
    return TflmLibrary(root, library, include_dirs, definitions)
