"""From a line of a generated C file to the line of the template that it was made from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "firmware_templates"
CODE = (".c", ".h", ".S", ".c.j2", ".h.j2", ".cc.j2", ".ino.j2")
_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}")
_LINE_OF_TAGS = re.compile(r"(?:\s|\{%.*?%\}|\{#.*?#\})*")
# Tests that link several models into one library number what each defines.
_NUMBERED = re.compile(r"\b(ser_(?:model|weights)\w*?)_\d+\b")
_LEAST_LITERAL = 3  # characters: an expression alone would match every line
_LEAST_START = 10  # of a line that was broken into several

Place = tuple[str, int]  # template's path in firmware_templates, line


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    pattern: re.Pattern[str]
    start: str  # what it begins with, whatever the expressions in it give
    literal: int  # characters that are not from an expression


@dataclass(frozen=True, slots=True)
class Template:
    """A file of `firmware_templates/` that holds C."""

    name: str
    lines: tuple[_Line, ...]

    def places(self, text: str) -> dict[int, Place]:
        """The template's line by line number of a file that was made from it, where one is found."""
        found: dict[int, Place] = {}
        last = 0
        for number, content in enumerate(text.splitlines(), start=1):
            line = self._match(_NUMBERED.sub(r"\1", content.strip()), last)
            if line is not None:
                last = line.number
                found[number] = self.name, last
        return found

    def _match(self, content: str, last: int) -> _Line | None:
        """The line with the most in common; of several such, the next one behind the one before."""
        if len(content) < _LEAST_LITERAL:
            return None
        fitting = [line for line in self.lines if line.pattern.fullmatch(content)]
        fitting = fitting or [
            line for line in self.lines if len(line.start) >= _LEAST_START and content.startswith(line.start)
        ]
        order = lambda line: (-line.literal, line.number <= last, abs(line.number - last))  # noqa: E731
        return min(fitting, key=order, default=None)


@cache
def all_templates() -> dict[str, Template]:
    """By path in `firmware_templates/`."""
    files = sorted(file for file in FOLDER.rglob("*") if file.name.endswith(CODE))
    return {str(file.relative_to(FOLDER)): _read(file) for file in files}


@cache
def by_digest() -> dict[str, str]:
    """Templates that are copied as they are."""
    return {hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:16]: name for name in all_templates()}


def find_places(file: str, content: bytes) -> dict[int, Place] | None:
    """Places by line; None for a file that was made from no template, or that a test has changed."""
    copied = by_digest().get(hashlib.sha256(content).hexdigest()[:16])
    if copied:
        return {number: (copied, number) for number in range(1, content.count(b"\n") + 2)}
    text = content.decode(errors="replace")
    name = "example.ino" if file.endswith(".ino") else _NUMBERED.sub(r"\1", Path(file).name)
    named = [template for path, template in all_templates().items() if Path(path).name == f"{name}.j2"]
    if not named:
        return None
    return max((template.places(text) for template in named), key=len)


def _read(file: Path) -> Template:
    lines = []
    for number, text in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        stripped = text.strip()
        if _LINE_OF_TAGS.fullmatch(stripped):
            continue
        pieces = _TAG.split(stripped)
        literal = sum(map(len, pieces))
        if literal >= _LEAST_LITERAL:
            pattern = re.compile(".*".join(map(re.escape, pieces)))
            lines.append(_Line(number, pattern, pieces[0], literal))
    return Template(str(file.relative_to(FOLDER)), tuple(lines))


def lines_never_made(names: Iterable[str], texts: Iterable[str]) -> dict[str, list[int]]:
    """Statements of the named templates that are in none of the texts, by template."""
    made = {_NUMBERED.sub(r"\1", line.strip()) for text in texts for line in text.splitlines() if line.endswith(";")}
    missing: dict[str, list[int]] = {}
    for name in names:
        statements = [line for line in all_templates()[name].lines if line.pattern.pattern.endswith(";")]
        for line in statements if name.endswith(".j2") else ():
            if not any(line.pattern.fullmatch(content) for content in made):
                missing.setdefault(name, []).append(line.number)
    return missing


def has_code(name: str) -> bool:
    """Is there a function in it?"""
    return re.search(r"^\S.*\)\s*\{$", (FOLDER / name).read_text(encoding="utf-8"), re.MULTILINE) is not None
