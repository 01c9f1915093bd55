"""Every kernel compiles without a warning, with and without DSP instructions, at any optimization, for clang, too."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.kernel_needs import NEEDS, needs_header
from codegen.render import template_names, template_text
from tests.cross_clang import cross_clang

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror")


# Inline assembly asks for most registers where nothing is optimized, as firmware is while it is debugged.
COMPILERS = [
    ("arm-none-eabi-gcc", "-mcpu=cortex-m0plus -mthumb -Os"),
    ("arm-none-eabi-gcc", "-mcpu=cortex-m3 -mthumb -Os"),
    ("arm-none-eabi-gcc", "-mcpu=cortex-m4 -mthumb -O0"),
    ("arm-none-eabi-gcc", "-mcpu=cortex-m33 -mthumb -O0"),
    ("arm-none-eabi-gcc", "-mcpu=cortex-m7 -mthumb -fsyntax-only"),
    ("arm-none-eabi-gcc", "-mcpu=cortex-m55 -mthumb -fsyntax-only"),
    *(
        ("clang", f"-mcpu={core} -mthumb -fsyntax-only")
        for core in ("cortex-m0plus", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55")
    ),
    ("clang", "-fsyntax-only"),
]


@pytest.mark.parametrize("is_needed", [True, False])
@pytest.mark.parametrize(("compiler", "options"), COMPILERS)
def test_no_warning(
    compiler: str, options: str, is_needed: bool, tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    require_tool(compiler, "arm-none-eabi-gcc")
    names = template_names("kernels")
    for name in names:
        (tmp_path / name).write_text(template_text(f"kernels/{name}"))
    for source in NEEDS:
        (tmp_path / f"ts_{source}_needs.h").write_text(needs_header(source, lambda need: is_needed))
    sources = [name for name in names if name.endswith(".c")]
    crosses = compiler == "clang" and "-mcpu" in options
    command = [*(cross_clang() if crosses else [compiler]), *options.split(), *STRICT, "-c", *sources]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
