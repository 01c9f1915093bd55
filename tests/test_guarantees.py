"""Every promise of docs/guarantees.md is held by tests that exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROMISES = re.split(
    r"^(?=\d+\. \*\*)", (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8"), flags=re.MULTILINE
)
TEST = re.compile(r"`(tests/\w[\w/]*\.py::\w+)`")


def collected(*tests: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *tests]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_promises_are_numbered_and_each_names_a_test() -> None:
    assert [int(promise.partition(".")[0]) for promise in PROMISES[1:]] == list(range(1, len(PROMISES)))
    assert [promise[:40] for promise in PROMISES[1:] if not TEST.search(promise)] == []


def test_the_tests_exist() -> None:
    named = sorted({test for promise in PROMISES for test in TEST.findall(promise)})
    done = collected(*named)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    found = {re.sub(r"\[.*", "", line) for line in done.stdout.splitlines() if "::" in line}
    assert found == set(named)


def test_one_that_does_not_exist_is_seen() -> None:
    assert collected("tests/test_guarantees.py::test_of_nothing").returncode != 0
