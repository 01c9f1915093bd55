"""Values that are seldom meant, by type: what the structured mutators put in place of others."""

from __future__ import annotations

import random

INTEGERS = (
    *(0, 1, -1, 2, 3, 4, 7, 8, 16, 127, 128, -128, 255, 256, -129, 32767, 32768, 65535, 65536, 100_000),
    *(2**24, 2**30, 2**31 - 1, 2**31, -(2**31), 2**32 - 1, 2**32, 2**62, 2**63 - 1, -(2**63)),
)
FLOATS = (
    *(0.0, -0.0, 1.0, -1.0, 0.5, 1e-3, 1e-10, 1e-30, 1e-38, 1e-45, 1e10, 3.4e38, -3.4e38, 1e308),
    *(float("inf"), float("-inf"), float("nan")),
)
NAMES = (
    "",
    " ",
    '"',
    "'",
    "*/",
    "/*",
    "*/ int evil(void) { return 1; } /*",
    '"); evil("',
    "??/",
    "??/\n#error",
    "\\",
    "line\nbreak",
    "\r",
    "\n#include <evil.h>\n",
    "../../../etc/passwd",
    "a/b",
    "..",
    "int",
    "main",
    "while",
    "ünïcödé \u202e \U0001f600",
    "\ud800",
    "\x00",
    "\x1b[2J\x1b]0;evil\x07",
    "${CMAKE_COMMAND}",
    "$(evil)",
    "`evil`",
    "%s%n",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "[red]markup[/red]",
    "[/]",
    "x" * 10_000,
)


def integer(random_: random.Random, old: int = 0) -> int:
    """A value of interest, or one close to the old one."""
    if random_.random() < 0.4:
        return old + random_.choice((-2, -1, 1, 2))
    return random_.choice(INTEGERS)


def number(random_: random.Random, old: float = 0.0) -> float:
    if random_.random() < 0.3:
        return old * random_.choice((-1.0, 0.5, 2.0, 1e3, 1e-3))
    return random_.choice(FLOATS)


def name(random_: random.Random) -> str:
    return random_.choice(NAMES)
