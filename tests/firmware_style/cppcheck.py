"""Runs cppcheck and its MISRA addon over the C of a folder."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ENABLED = "warning,style,performance,portability"
ARM = ("--platform=arm32-wchar_t4", "-D__ARM_FEATURE_SIMD32=1", "-D__ARM_FEATURE_DSP=1", "-D__GNUC__=12")
DESKTOP = ("--platform=unix64",)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What is said of a line: the number of a MISRA rule ("10.4"), or one of cppcheck's own names ("comparePointers")."""

    rule: str
    file: str  # relative to the folder
    line: int


def find(folder: Path, sources: Sequence[Path], options: Sequence[str]) -> set[Finding]:
    """All findings of one project, whole-program rules included; `sources` lie in `folder`."""
    includes = [f"-I{path}" for path in sorted({header.parent for header in folder.rglob("*.h")})]
    names = [str(path.relative_to(folder)) for path in sources]
    command = ["cppcheck", "--quiet", "--std=c99", f"--enable={ENABLED}", "--dump", "--template={file}:{line}:{id}"]
    own = _output([*command, *options, *includes, *names], folder)
    dumps = [f"{name}.dump" for name in names]
    addon = _output([sys.executable, str(addon_path()), "--cli", "--no-summary", *dumps], folder)
    found = [tuple(line.rsplit(":", 2)) for line in own.splitlines()]
    for entry in filter(lambda line: line.startswith("{"), addon.splitlines()):
        said = json.loads(entry)
        found.append((said["file"], said["linenr"], said["errorId"].removeprefix("c2012-")))
    return {Finding(rule, _relative(file, folder), int(line)) for file, line, rule in found if file}


def addon_path() -> Path:
    """Of misra.py, where cppcheck itself looks for addons. Raises FileNotFoundError."""
    program = shutil.which("cppcheck")
    if program is not None:
        prefix = Path(program).resolve().parent.parent
        for pattern in ("lib/*/cppcheck/addons", "share/cppcheck/addons", "share/Cppcheck/addons", "bin/addons"):
            for path in sorted(prefix.glob(f"{pattern}/misra.py")):
                return path
    raise FileNotFoundError(f"misra.py, which belongs to cppcheck ({program})")


def _relative(file: str, folder: Path) -> str:
    path = Path(file)
    return str(path.relative_to(folder)) if path.is_absolute() else re.sub(r"^[.]/", "", file)


def _output(command: list[str], folder: Path) -> str:
    """Both streams: findings come on either."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr
