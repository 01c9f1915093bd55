"""What an emulated board prints on its console, and what is typed there."""

from __future__ import annotations

import subprocess
from threading import Timer

LONGEST_SECONDS = 60.0


def console_until(command: list[str], word: str, *, typed: str = "", after: str = "") -> str:
    """The lines up to the first that holds `word`; `typed` is typed behind the first that holds `after`.

    The firmware itself never ends.
    """
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, bufsize=1, **pipes) as process:  # type: ignore[call-overload]
        patience = Timer(LONGEST_SECONDS, process.kill)
        patience.start()
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if typed and after in line:
                process.stdin.write(typed)
                process.stdin.flush()
                typed = ""
            if word in line:
                break
        patience.cancel()
        process.kill()
    return "".join(lines)


def without_semihosting(command: list[str]) -> list[str]:
    """QEMU's command line with nobody behind semihosting, as on the real board."""
    at = command.index("-semihosting-config")
    return [*command[:at], *command[at + 2 :]]
