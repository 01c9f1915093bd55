"""The tables of `./run coverage`, and docs/coverage.md."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from suite_coverage.counts import Share, share
from suite_coverage.host_c import Lines
from suite_coverage.templates import ROOT, all_templates, has_code

PAGE = ROOT / "docs" / "coverage.md"
HEAD = """# Coverage

How much of `codegen/` and of the generated C the test suite runs. Written by `./run coverage`, which takes longer than
the suite and is no part of CI; `./run coverage tests/ops` measures a part.

"""
ABOUT_PYTHON = """## codegen/
Statements and branches by coverage.py, in the tests and in all Python processes that they start but those of a virtual
environment of their own (`tests/test_wheel.py`). Not counted: `if TYPE_CHECKING`, which no program runs, and the choice
between `tomllib` and `tomli`, of which each Python has one.

"""
ABOUT_C = """## C on the desktop
Lines and branches by gcov, of everything that the tests compile with gcc for this machine, merged over all
compilations by the file of `firmware_templates/` that it was made from. Compiled without optimization, so that a branch
is one in the source, and without UndefinedBehaviorSanitizer, which would add some of its own. A line of a template is
counted where a compiler made code of it in any project of the suite, and besides those, as one that did not run, where
it is a statement that no compiled project has. Where compilations see other branches on a line, by other macros, those
with the most count. Each `&&`, `||` and `?:` has branches of its own. Kernels that a test has changed are left out, and
`fuzz/`, which is a test itself: what does not run there are its failures.

"""
ABOUT_BOARDS = """## C on emulated boards
Lines that the table above cannot have: for instructions, registers and linkers of microcontrollers. Counted by the
instructions that QEMU translates, which it does where one runs; branches are not. The lines are those of which the
cross compiler, at the board's own optimization, made instructions in any image that the suite starts.

"""

ABOUT_REST = """## What is in neither table
Code that runs only on a board, of which QEMU has no model, or that belongs to another ecosystem: compiled by the tests,
and where there is a test of it, run against stand-ins for registers or headers that neither gcov nor QEMU sees.
"""


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def by_file(lines: Lines) -> dict[str, Share]:
    """Of each template that has code."""
    counts = defaultdict(list)
    for (file, _), count in lines.items():
        counts[file].append(count)
    return {file: share(found) for file, found in sorted(counts.items())}


def table(files: Mapping[str, Share], *, branches: bool = True) -> str:
    """A row for each folder and each file that is not wholly covered, then the total."""
    head = "| | lines | | branches | |\n|---|---:|---:|---:|---:|\n" if branches else "| | lines | |\n|---|---:|---:|\n"
    folders: dict[str, list[str]] = defaultdict(list)
    for file in files:
        folders[file.rpartition("/")[0]].append(file)
    rows = []
    for folder, names in sorted(folders.items()):
        rows.append(_row(f"**{folder}/**", _sum(files[name] for name in names), branches))
        partly = sorted(name for name in names if not _is_whole(files[name]))
        rows += [_row(name.rpartition("/")[2], files[name], branches) for name in partly]
    return head + "".join(rows) + _row("**all**", _sum(files.values()), branches)


def _is_whole(found: Share) -> bool:
    return found.lines_run == found.lines and found.branches_taken == found.branches


def _sum(shares: Iterable[Share]) -> Share:
    total = Share()
    for found in shares:
        total += found
    return total


def _row(name: str, found: Share, branches: bool) -> str:
    cells = [name, f"{found.lines_run} of {found.lines}", percent(found.lines_run, found.lines)]
    if branches:
        cells += [f"{found.branches_taken} of {found.branches}", percent(found.branches_taken, found.branches)]
    return f"| {' | '.join(cells)} |\n"


def unmeasured(*measured: Iterable[str]) -> list[str]:
    """Templates of C of which neither a desktop nor an emulated board has run a line."""
    seen = {file for files in measured for file in files}
    return [name for name in all_templates() if name not in seen and not _is_test(name) and has_code(name)]


def _is_test(name: str) -> bool:
    return name.startswith("fuzz/")


def page(python: Mapping[str, Share], host: Lines, boards: Lines, never_made: Mapping[str, Sequence[int]]) -> str:
    """docs/coverage.md; `never_made`: statements by template that no project of the suite has."""
    host_files = {
        file: found + Share(lines=len(never_made.get(file, ())))
        for file, found in by_file(host).items()
        if not _is_test(file)
    }
    board_files = by_file({place: count for place, count in boards.items() if place not in host})
    return (
        HEAD
        + ABOUT_PYTHON
        + table(python)
        + "\n"
        + ABOUT_C
        + table(host_files)
        + "\n"
        + ABOUT_BOARDS
        + table(board_files, branches=False)
        + _rest(unmeasured(host_files, board_files))
    )


def _rest(names: Sequence[str]) -> str:
    listed = "".join(f"- `{name}`\n" for name in names)
    return f"\n{ABOUT_REST}{listed}" if names else ""
