"""Writes docs/misra.md from misra_deviations.toml: `./run python docs/refresh_misra.py`. A test compares."""

from __future__ import annotations

import fnmatch
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DOCS = Path(__file__).parent
PAGE = DOCS / "misra.md"
KINDS = ("deviation", "false positive")
KEYS = {"rule": str, "kind": str, "files": list, "lines": str, "reason": str, "instead": str}
OPTIONAL = {"files", "lines"}
CATEGORIES = ("mandatory", "required", "advisory")
HEAD = """# MISRA C and cppcheck

cppcheck reads the C that `tinyser generate` writes, with all of its checks but those for information, and so does its
addon for MISRA C:2012 (`tests/firmware_style/`): projects that together have every front end, driver and kernel, for a
32-bit Arm core and for the desktop, kernels for a core with MVE as well. The addon checks most rules, not all, and no
directives. No file has a comment that switches a check off.

This is no claim of compliance. It says how the code stands to the rules: mandatory ones are kept,
{counts}.
The page is made from `docs/misra_deviations.toml` by `docs/refresh_misra.py`; a test fails on a finding that no entry
covers, and on an entry that covers nothing any more.

"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What may be found where; `category` is "cppcheck" for a check that is no rule of MISRA's."""

    rule: str
    category: str
    kind: str
    files: tuple[str, ...]
    lines: str | None
    reason: str
    instead: str

    def covers(self, rule: str, file: str, line: str) -> bool:
        """A finding: its rule, the file's name, the line's text."""
        in_files = not self.files or any(fnmatch.fnmatchcase(file, pattern) for pattern in self.files)
        return rule == self.rule and in_files and (self.lines is None or bool(re.search(self.lines, line)))


def read_entries(text: str, rules: str) -> tuple[Entry, ...]:
    """The entries of a misra_deviations.toml. Raises ValueError that says where, what was got and what is allowed."""
    data, categories = tomllib.loads(text), tomllib.loads(rules)
    return tuple(_entry(f"entry {number}", entry, categories) for number, entry in enumerate(data["entry"], 1))


def _entry(where: str, data: Mapping[str, object], categories: Mapping[str, Sequence[str]]) -> Entry:
    where = f"{where}, rule {data.get('rule', '?')}"
    unknown, missing = data.keys() - KEYS, KEYS.keys() - OPTIONAL - data.keys()
    if unknown or missing:
        raise ValueError(f"{where}: unknown {sorted(unknown)}, missing {sorted(missing)}, allowed {', '.join(KEYS)}")
    for key, kind in KEYS.items():
        if key in data and (not isinstance(data[key], kind) or not data[key]):
            raise ValueError(f"{where}: {key}: got {data[key]!r}, allowed is a {kind.__name__} that is not empty")
    rule, kind, lines = str(data["rule"]), str(data["kind"]), data.get("lines")
    if kind not in KINDS:
        raise ValueError(f"{where}: kind: got {kind!r}, allowed is {' or '.join(KINDS)}")
    category = "cppcheck"
    if re.fullmatch(r"\d+\.\d+", rule):
        category = next((name for name in ("mandatory", "advisory") if rule in categories[name]), "required")
    if category == "mandatory" and kind == "deviation":
        raise ValueError(f"{where}: the rule is mandatory, allowed is no deviation; mend the code")
    if lines is not None:
        re.compile(str(lines))
    files = tuple(map(str, data.get("files", ())))  # type: ignore[call-overload]
    return Entry(rule, category, kind, files, lines and str(lines), str(data["reason"]), str(data["instead"]))


def entries() -> tuple[Entry, ...]:
    """Those of this project."""
    return read_entries(*((DOCS / name).read_text("utf-8") for name in ("misra_deviations.toml", "misra_rules.toml")))


def page() -> str:
    """The whole page."""
    found = entries()
    deviated = {name: {e.rule for e in found if (e.category, e.kind) == (name, "deviation")} for name in CATEGORIES}
    counts = f"{len(deviated['required'])} required and {len(deviated['advisory'])} advisory rules have deviations"
    parts = [HEAD.format(counts=counts)]
    for category in (*CATEGORIES, "cppcheck"):
        chosen = [entry for entry in found if entry.category == category]
        if chosen:
            title = "cppcheck's own checks" if category == "cppcheck" else f"{category.capitalize()} rules"
            parts.append(f"## {title}\n| rule | kind | where | why | instead |\n|---|---|---|---|---|\n")
            parts += [_row(entry) for entry in chosen] + ["\n"]
    return "".join(parts).rstrip("\n") + "\n"


def _row(entry: Entry) -> str:
    where = ", ".join(f"`{name}`" for name in entry.files) or "all files"
    if entry.lines:
        where += f", lines with `{entry.lines}`".replace("|", "\\|")
    return f"| {entry.rule} | {entry.kind} | {where} | {entry.reason} | {entry.instead} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
