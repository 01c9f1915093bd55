"""Runs foreign or generated code in a child process, so that its abort is a message and not the end of the command."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence

from codegen.errors import ToolError

_TELLING = ("ERROR: AddressSanitizer", "runtime error:", "Error:", "error:", "[ONNXRuntimeError]")


def run_child(command: Sequence[str], what: str, environment: Mapping[str, str] | None = None) -> str:
    """Standard output of a child. Raises ToolError with the first line that tells what went wrong."""
    done = subprocess.run(
        command,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode == 0:
        return done.stdout
    lines = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    telling = [line for line in lines if any(mark in line for mark in _TELLING)] or lines[-1:]
    reason = telling[0][:300] if telling else "no message"
    if done.returncode < 0:
        reason = f"{signal.Signals(-done.returncode).name}: {reason}"
    raise ToolError(f"{what}: exit status {done.returncode}: {reason}")
