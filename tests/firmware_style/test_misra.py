"""cppcheck and its MISRA addon find nothing but what docs/misra_deviations.toml lists, and all of that."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from codegen.boards import load_board
from tests.conftest import CHECKOUT
from tests.firmware_style.cases import Case
from tests.firmware_style.cppcheck import ARM, ARM_MVE, DESKTOP, Finding, find

DOCS = CHECKOUT / "docs"
MISRA: dict[str, Any] = runpy.run_path(str(DOCS / "refresh_misra.py"))

PLANTED = """
#include <stdint.h>
void planted(int32_t limit);
void planted(int32_t limit) {
    for (int32_t i = 0; i < limit; ++i) {
        if (i == 3) {
            goto out;
        }
    }
out:
    return;
}
"""


@pytest.fixture(scope="module")
def cppcheck(require_tool: Callable[..., None]) -> None:
    require_tool("cppcheck")


def found_in_all(kernels: Path, projects: Mapping[Case, Path]) -> set[Finding]:
    sources = sorted(kernels.glob("*.c"))
    found: set[Finding] = set().union(*(find(kernels, sources, options) for options in (ARM, ARM_MVE, DESKTOP)))
    for case, folder in projects.items():
        # fuzz/ is no firmware: its programs print and allocate.
        own = [path for path in sorted(folder.rglob("*.c")) if path.parent.name not in ("kernels", "fuzz")]
        found |= find(folder, own, DESKTOP if load_board(case.board).is_host else ARM)
    return found


def test_findings_are_those_listed(cppcheck: None, kernels: Path, projects: Mapping[Case, Path]) -> None:
    found = found_in_all(kernels, projects)
    entries = MISRA["entries"]()
    covered = {finding: [e for e in entries if e.covers(finding.rule, finding.file, finding.line)] for finding in found}
    assert sorted(finding for finding, by in covered.items() if not by) == [], "mend these, or give the reason"
    needed = {id(entry) for by in covered.values() for entry in by}
    assert [entry for entry in entries if id(entry) not in needed] == [], "these cover nothing any more"


def test_a_planted_violation_is_found(cppcheck: None, tmp_path: Path) -> None:
    (tmp_path / "planted.c").write_text(PLANTED)
    found = find(tmp_path, [tmp_path / "planted.c"], DESKTOP)
    assert Finding("15.1", "planted.c", "goto out;") in found
    assert not any(e.covers("15.1", "planted.c", "goto out;") for e in MISRA["entries"]())


GOOD = 'rule = "15.1"\nkind = "deviation"\nreason = "a"\ninstead = "b"\n'


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"15.1"', '"17.3"', "entry 1, rule 17.3: the rule is mandatory"),
        ('"deviation"', '"excuse"', "kind: got 'excuse', allowed is deviation or false positive"),
        ('reason = "a"\n', "", r"unknown \[\], missing \['reason'\]"),
        ('reason = "a"', 'reason = ""', "reason: got '', allowed is a str that is not empty"),
        ("instead", "meaning", r"unknown \['meaning'\], missing \['instead'\]"),
    ],
)
def test_a_wrong_entry_is_refused(old: str, new: str, message: str) -> None:
    rules = (DOCS / "misra_rules.toml").read_text("utf-8")
    assert [entry.category for entry in MISRA["read_entries"](f"[[entry]]\n{GOOD}", rules)] == ["advisory"]
    with pytest.raises(ValueError, match=message):
        MISRA["read_entries"](f"[[entry]]\n{GOOD.replace(old, new)}", rules)
