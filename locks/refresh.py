"""Writes the lock files beside this script anew, from `pyproject.toml` and the package index, with `uv`.

    ./run python locks/refresh.py [WHEEL ...]

`packages.txt`: all that `./run` installs besides torch; `torch.txt`: torch itself; `cuda.txt`: what only its CUDA build
needs. Hashes are those of the index; wheels that lie elsewhere (torch's CPU build is on an index of its own) are named.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent
PROJECT = ("pyproject.toml", "README.md", "LICENSE")
TORCH_ITSELF = "torch"
CUDA = re.compile(r"(?:cuda-|nvidia-|triton$)")
# Releases whose metadata a resolver for several Pythons at once reads wrongly.
CONSTRAINTS = ["backports-strenum<1.3"]  # 1.3 is for Python 3.10 alone
HEAD = "# Written by locks/refresh.py; pinned with hashes, for `pip install --require-hashes --no-deps -r`.\n"

Entries = dict[str, list[str]]  # by package: its lines


def resolve() -> Entries:
    """All packages of the `dev` extra, for every Python and system that the project allows."""
    with tempfile.TemporaryDirectory() as folder:
        for name in PROJECT:
            shutil.copy(ROOT / name, folder)
        with (Path(folder) / PROJECT[0]).open("a", encoding="utf-8") as project:
            project.write(f"\n[tool.uv]\nconstraint-dependencies = {CONSTRAINTS!r}\n")
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "lock", "--native-tls"], cwd=folder, check=True)
        export = ["export", "--frozen", "--extra", "dev", "--no-emit-project", "--no-header", "--no-annotate"]
        done = subprocess.run([*uv, *export], cwd=folder, check=True, capture_output=True, text=True)
    found: Entries = {}
    name = ""
    for line in done.stdout.splitlines(keepends=True):
        if re.match(r"[a-z0-9]", line):
            name = line.partition("==")[0]
        if name:
            found.setdefault(name, []).append(line)  # several versions, for several Pythons
    return found


def with_wheel(lines: list[str], wheel: Path) -> list[str]:
    """An entry that allows one more file."""
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return [*lines[:-1], lines[-1].rstrip("\n") + " \\\n", f"    --hash=sha256:{digest}\n"]


def write(name: str, entries: Entries) -> None:
    """One lock file."""
    text = HEAD + "".join(line for lines in entries.values() for line in lines)
    (FOLDER / name).write_text(text, encoding="utf-8")
    print(f"{name}: {len(entries)} packages")


def main(wheels: list[str]) -> None:
    entries = resolve()
    for wheel in map(Path, wheels):
        name = wheel.name.partition("-")[0].replace("_", "-")
        entries[name] = with_wheel(entries[name], wheel)
    cuda = {name: lines for name, lines in entries.items() if CUDA.match(name)}
    write("torch.txt", {TORCH_ITSELF: entries[TORCH_ITSELF]})
    write("cuda.txt", cuda)
    write("packages.txt", {name: lines for name, lines in entries.items() if name not in {*cuda, TORCH_ITSELF}})


if __name__ == "__main__":
    main(sys.argv[1:])
