"""Runs cppcheck and its MISRA addon over the C of a folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ENABLED = "warning,style,performance,portability"
ARM = (
    *("--platform=arm32-wchar_t4", "-D__GNUC__=12"),
    *("-D__ARM_FEATURE_SAT=1", "-D__ARM_FEATURE_SIMD32=1", "-D__ARM_FEATURE_DSP=1"),
)
ARM_MVE = (*ARM, "-D__ARM_FEATURE_MVE=1")
DESKTOP = ("--platform=unix64", "-D__GNUC__=12")
# The addon as its command line runs it, once for each file and once for what it noted of all of them, in one process:
# Python starts and reads the addon only once.
_ADDON = """
import sys
folder, *names = sys.argv[1:]
sys.path.insert(0, folder)
import misra
for files in [*([f"{name}.dump"] for name in names), [f"{name}.ctu-info" for name in names]]:
    sys.argv = ["misra.py", "--cli", "--no-summary", *files]
    misra.main()
"""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What is said of a line; `rule` is the number of one of MISRA's, or the name of a check of cppcheck's own."""

    rule: str
    file: str  # its name
    line: str  # without indentation


def find(folder: Path, sources: Sequence[Path], options: Sequence[str]) -> set[Finding]:
    """All findings of one project, whole-program rules included; `sources` lie in `folder`."""
    # Relative, as the sources are: a header of two names is two headers to rules on the whole program.
    includes = [f"-I{path}" for path in sorted({header.parent.relative_to(folder) for header in folder.rglob("*.h")})]
    names = [str(path.relative_to(folder)) for path in sources]
    command = ["cppcheck", "--quiet", "--std=c99", f"--enable={ENABLED}", "--dump", "--template={file}:{line}:{id}"]
    found = [line.rsplit(":", 2) for line in _output([*command, *options, *includes, *names], folder).splitlines()]
    addon = [sys.executable, "-c", _ADDON, str(addon_path().parent), *names]
    for line in _output(addon, folder).splitlines():
        if '"errorId"' in line:
            said = json.loads(line)
            found.append([said["file"], str(said["linenr"]), said["errorId"].removeprefix("c2012-")])
    return {Finding(rule, Path(file).name, _line(folder / file, int(number))) for file, number, rule in found if file}


def _line(path: Path, number: int) -> str:
    lines = path.read_text().splitlines()
    return lines[number - 1].strip() if number <= len(lines) else ""


def addon_path() -> Path:
    """Of misra.py, where cppcheck itself looks for addons. Raises FileNotFoundError."""
    program = shutil.which("cppcheck")
    if program is not None:
        prefix = Path(program).resolve().parent.parent
        for pattern in ("lib/*/cppcheck/addons", "share/cppcheck/addons", "share/Cppcheck/addons", "bin/addons"):
            for path in sorted(prefix.glob(f"{pattern}/misra.py")):
                return path
    raise FileNotFoundError(f"misra.py, which belongs to cppcheck ({program})")


def _output(command: list[str], folder: Path) -> str:
    """Both streams: findings come on either."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr
