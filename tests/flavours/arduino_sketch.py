"""An Arduino library's sketch as a program of the desktop, with a stand-in for the core."""

from __future__ import annotations

import subprocess
from pathlib import Path

CORE = Path(__file__).parent / "arduino_core"


def run(*command: str | Path, cwd: Path, stdin: bytes = b"") -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, input=stdin, capture_output=True)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    return done.stdout.decode()


def build_sketch(library: Path) -> Path:
    """The sketch with the core on the desktop."""
    (sketch,) = (library / "examples").rglob("*.ino")
    for source in sorted((library / "src").rglob("*.c")):
        run("gcc", "-std=gnu11", "-ffp-contract=off", "-c", "-I", "src", source, "-o", f"{source.stem}.o", cwd=library)
    flags = ("-std=c++17", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-I", "src", "-I", CORE)
    objects = sorted(library.glob("*.o"))
    core = ("-include", "Arduino.h", "-x", "c++", sketch, CORE / "desktop.cpp", "-x", "none", *objects)
    run("g++", *flags, *core, "-o", "sketch", cwd=library)
    return library / "sketch"
