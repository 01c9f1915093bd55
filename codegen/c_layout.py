"""Lays generated C out as clang-format does with this repository's .clang-format, where widths depend on the model.

Templates are written in that style; what they cannot know is how wide a value, a name or a comment becomes.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

COLUMNS = 120
_TRAILING = re.compile(r"^(?P<code>\s*[^\s/].*?) +(?P<comment>/\*((?!\*/).)*\*/)$")
_LONG_CALL = re.compile(rf"^(?=.{{{COLUMNS + 1}}})( *\w+\()([^\"\n]*)\);$", re.MULTILINE)


def lay_out(text: str) -> str:
    """A rendered template: long calls without texts are broken, comments aligned."""
    return align_trailing_comments(_LONG_CALL.sub(_broken_call, text))


def _broken_call(found: re.Match[str]) -> str:
    """As many arguments a line as fit, below the first one."""
    lines, indent = [found[1]], " " * len(found[1])
    arguments = _elements(found[2])
    for number, argument in enumerate(arguments):
        text = argument + ("," if number + 1 < len(arguments) else ");")
        if len(lines[-1]) + 1 + len(text) > COLUMNS and number:
            lines.append(indent + text)
        else:
            lines[-1] += (" " if number else "") + text
    return "\n".join(lines)


def align_trailing_comments(text: str) -> str:
    """Comments behind neighbouring lines begin in one column, as far as all of them then fit."""
    lines = text.split("\n")
    for first, last in _runs(lines):
        _align(lines, first, last)
    return "\n".join(lines)


def _runs(lines: list[str]) -> Iterator[tuple[int, int]]:
    first = None
    for index, line in enumerate([*lines, ""]):
        if _TRAILING.match(line):
            first = index if first is None else first
        elif first is not None:
            yield first, index
            first = None


def _align(lines: list[str], first: int, last: int) -> None:
    """Lines first to last - 1, of which each has a comment behind its code."""
    parts = [found.group("code", "comment") for line in lines[first:last] if (found := _TRAILING.match(line))]
    start, lowest, highest = 0, 0, COLUMNS
    columns = []
    for index, (code, comment) in enumerate(parts):
        own_lowest, own_highest = len(code) + 1, COLUMNS - len(comment)
        if own_highest < lowest or own_lowest > highest:
            columns += [lowest] * (index - start)
            start, lowest, highest = index, own_lowest, own_highest
        else:
            lowest, highest = max(lowest, own_lowest), min(highest, own_highest)
    columns += [lowest] * (len(parts) - start)
    for index, ((code, comment), column) in enumerate(zip(parts, columns, strict=True)):
        lines[first + index] = code.ljust(column) + comment


def wrap_comment(text: str, indent: str) -> str:
    """Text of a comment in lines that fit, all but the first behind `indent`, which ends in what the first has."""
    return textwrap.fill(
        text,
        COLUMNS - 3,  # the comment's end
        initial_indent=" " * len(indent),
        subsequent_indent=indent,
        break_on_hyphens=False,
    )[len(indent) :]


def initialiser(value: str, column: int) -> str:
    """A braced list that begins in a column and is followed by a comma: on one line where it fits, else one element a
    line."""
    if column + len(value) < COLUMNS or not value.startswith("{"):
        return value
    indent = column + 1
    elements = [_element(element, indent) for element in _elements(value[1:-1])]
    return "{" + (",\n" + " " * indent).join(elements) + "}"


def _element(element: str, indent: int) -> str:
    name, equals, value = element.partition(" = ") if element.startswith(".") else ("", "", element)
    return name + equals + initialiser(value, indent + len(name + equals))


def _elements(inside: str) -> list[str]:
    """What commas outside of inner braces and parentheses separate."""
    elements, depth = [""], 0
    for character in inside:
        depth += {"{": 1, "(": 1, "}": -1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            elements.append("")
        else:
            elements[-1] += character
    return [element.strip() for element in elements]
