"""clang as a cross compiler: it takes the C library of the other one."""

from __future__ import annotations

import subprocess


def cross_clang() -> list[str]:
    """The command for Arm cores, with the headers of arm-none-eabi-gcc's C library."""
    command = ["arm-none-eabi-gcc", "-xc", "-E", "-v", "/dev/null"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    headers = [f"-isystem{line.strip()}" for line in said.splitlines() if line.endswith("arm-none-eabi/include")]
    return ["clang", "--target=arm-none-eabi", *headers]
