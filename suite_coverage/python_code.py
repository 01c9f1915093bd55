"""Lines and branches of `codegen/` that coverage.py saw run, in the tests' processes and in those they start."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from suite_coverage.counts import Share

SETTINGS = """[run]
branch = true
source = codegen
parallel = true
patch = subprocess, _exit
sigterm = true
disable_warnings = no-data-collected, module-not-measured

[report]
exclude_also =
    if TYPE_CHECKING:
    if sys.version_info
    import tomli as tomllib
"""


def start_command(settings: Path) -> list[str]:
    """What comes before the arguments of a Python that is measured."""
    settings.write_text(SETTINGS, encoding="utf-8")
    return [sys.executable, "-m", "coverage", "run", f"--rcfile={settings}"]


def read_python(store: Path) -> tuple[dict[str, Share], dict[str, list[str]]]:
    """By file: the share, and the lines and branches that are missing, as coverage.py writes them."""
    settings, data, report = store / "coverage.ini", store / "python.data", store / "python.json"
    settings.write_text(SETTINGS, encoding="utf-8")
    common = [f"--rcfile={settings}", "-q"]
    coverage = [sys.executable, "-m", "coverage"]
    parts = sorted(map(str, (store / "python").glob("*")))
    subprocess.run([*coverage, "combine", *common, "--keep", f"--data-file={data}", *parts], check=True)
    subprocess.run([*coverage, "json", *common, f"--data-file={data}", "-o", str(report)], check=True)
    shares, missing = {}, {}
    for file, found in json.loads(report.read_text(encoding="utf-8"))["files"].items():
        total = found["summary"]
        shares[file] = Share(
            total["covered_lines"], total["num_statements"], total["covered_branches"], total["num_branches"]
        )
        arcs = [f"{line}->{'exit' if target < 0 else target}" for line, target in found["missing_branches"]]
        missing[file] = [*map(str, found["missing_lines"]), *arcs]
    return shares, missing
