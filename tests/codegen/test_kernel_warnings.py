"""Every kernel compiles without a warning on cores with and without DSP instructions, at any optimization."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.kernel_needs import NEEDS, needs_header
from codegen.render import template_names, template_text

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror")


# Inline assembly asks for most registers where nothing is optimized, as firmware is while it is debugged.
@pytest.mark.parametrize(
    ("core", "level"), [("cortex-m0plus", "-Os"), ("cortex-m3", "-Os"), ("cortex-m4", "-O0"), ("cortex-m33", "-O0")]
)
@pytest.mark.parametrize("is_needed", [True, False])
def test_no_warning(core: str, level: str, is_needed: bool, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("arm-none-eabi-gcc")
    names = template_names("kernels")
    for name in names:
        (tmp_path / name).write_text(template_text(f"kernels/{name}"))
    for source in NEEDS:
        (tmp_path / f"ts_{source}_needs.h").write_text(needs_header(source, lambda need: is_needed))
    sources = [name for name in names if name.endswith(".c")]
    command = ["arm-none-eabi-gcc", f"-mcpu={core}", "-mthumb", level, *STRICT, "-c", *sources]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
