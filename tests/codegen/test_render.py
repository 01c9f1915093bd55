"""C literals: what goes in comes out again, and names are data wherever they land."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import jinja2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.render import c_array, c_comment, c_float, c_int, c_string, environment


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
@settings(max_examples=300, derandomize=True)
def test_floats_read_back_as_the_same_float32(value: float) -> None:
    text = c_float(value)
    assert text.endswith("f") and any(mark in text for mark in ".e")
    assert np.float32(text[:-1]) == np.float32(value)


@given(st.text(max_size=300))
@settings(max_examples=200, derandomize=True)
def test_comments_stay_comments(text: str) -> None:
    safe = c_comment(text)
    assert "*/" not in safe and "/*" not in safe and "\n" not in safe and "??" not in safe and "\\" not in safe
    assert safe.isascii() and len(safe) <= 200


def test_strings_and_integers_survive_the_compiler(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("gcc")
    texts = ["plain", 'quote " and \\ back', "line\nbreak", "trigraph ??/ ??=", "Ärger 怒", "%s \x00 \x7f"]
    array = c_array(np.array([-(2**31), 2**31 - 1, 0], dtype=np.int32))
    prints = "".join(f'    fwrite({c_string(t)}, 1, sizeof({c_string(t)}) - 1, stdout); puts("|");\n' for t in texts)
    source = f"""#include <stdint.h>
#include <stdio.h>
static const int32_t numbers[3] = {{
{array}
}};
int main(void) {{
{prints}
    printf("%ld %ld", (long)numbers[0], (long)({c_int(-(2**31))} + 1));
    return 0;
}}
"""
    (tmp_path / "t.c").write_text(source, encoding="utf-8")
    flags = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    subprocess.run(["gcc", *flags, "-o", "t", "t.c"], cwd=tmp_path, check=True)
    output = subprocess.run([tmp_path / "t"], check=True, capture_output=True).stdout.decode("utf-8")
    assert output == "|\n".join(texts) + f"|\n{-(2**31)} {-(2**31) + 1}"


def test_a_misspelt_name_in_a_template_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        environment().from_string("#define N {{ no_such_field }}").render()
