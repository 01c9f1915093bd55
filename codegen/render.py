"""The one Jinja environment, and C literals.

Templates loop and pick; arithmetic and naming happen in Python. Names that come out of a model pass through `c_comment`
or `c_string` before they reach C.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from typing import Any

import jinja2
import numpy as np

from codegen.c_layout import COLUMNS, initialiser, lay_out, wrap_comment
from codegen.constants import C_TYPES


def template_text(name: str) -> str:
    """The text of a file under `firmware_templates/`, from the installed package."""
    return resources.files("firmware_templates").joinpath(name).read_text(encoding="utf-8")


def template_names(folder: str) -> list[str]:
    """The file names in a folder under `firmware_templates/`, sorted."""
    return sorted(entry.name for entry in resources.files("firmware_templates").joinpath(folder).iterdir())


def c_comment(text: object) -> str:
    """Text that is safe within a C comment: printable ASCII, one line, no comment marks or trigraphs."""
    plain = re.sub(r"[^\x20-\x7e]", ".", str(text)).replace("\\", "/")
    plain = re.sub(r"\?(?=\?)", "? ", plain).replace("*/", "* /").replace("/*", "/ *")
    return plain if len(plain) <= 200 else plain[:197] + "..."


def c_string(text: str) -> str:
    """A C string literal, UTF-8, that no character can leave."""
    body = ""
    for byte in text.encode("utf-8"):
        if 0x20 <= byte < 0x7F and byte not in b'"\\?':
            body += chr(byte)
        else:
            body += f"\\{byte:03o}"
    return f'"{body}"'


def c_string_lines(text: str, column: int) -> str:
    """`c_string` as literals side by side, one a line from a column on, with room for a mark behind each."""
    units = re.findall(r"\\\d{3}|.", c_string(text)[1:-1])
    lines = [""]
    for unit in units:
        if column + len(lines[-1]) + len(unit) + 4 > COLUMNS:
            lines.append("")
        lines[-1] += unit
    return ("\n" + " " * column).join(f'"{line}"' for line in lines)


def c_int(value: int) -> str:
    """An int32 literal; INT32_MIN has no literal of its own."""
    return "INT32_MIN" if value == -(2**31) else str(int(value))


def c_float(value: float) -> str:
    """A float literal that reads back as the same float32."""
    text = f"{float(np.float32(value)):.9g}"
    return text + ("f" if any(mark in text for mark in ".en") else ".0f")


def c_array(data: np.ndarray, width: int = 100) -> str:
    """The elements of an array, wrapped into lines."""
    lines: list[str] = []
    line = "   "
    for item in data.ravel().tolist():
        text = f" {c_float(item) if isinstance(item, float) else c_int(item)},"
        if len(line) + len(text) > width:
            lines.append(line)
            line = "   "
        line += text
    return "\n".join([*lines, line])


@cache
def environment() -> jinja2.Environment:
    """StrictUndefined, no autoescape (the output is C), templates from the installed package."""
    env = jinja2.Environment(
        loader=jinja2.FunctionLoader(template_text),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    env.filters.update(
        c_comment=c_comment,
        c_string=c_string,
        c_string_lines=c_string_lines,
        c_int=c_int,
        c_float=c_float,
        c_array=c_array,
        initialiser=initialiser,
        wrap_comment=wrap_comment,
        c_type=C_TYPES.__getitem__,
        json=lambda value: json.dumps(value),
    )
    return env


def render(template: str, **context: Any) -> str:
    """Renders `firmware_templates/<template>`."""
    text = environment().get_template(template).render(**context)
    return lay_out(text) if template.endswith((".c.j2", ".h.j2")) else text
