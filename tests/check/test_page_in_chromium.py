"""The page in a real browser: no errors, tables filled, nothing wider than a phone, dark where the system is dark."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.check.test_compare import MATERIAL, TRUTH, Known, candidates
from tinyser.check.compare import compare
from tinyser.check.firmware import Firmware, LayerFlash
from tinyser.check.layers import Layer, LayerReport
from tinyser.check.page import write_page
from tinyser.check.remedies import Remedies, RoundingCost, Trial
from tinyser.check.report import Report
from tinyser.emulator.layer_instructions import InstructionsByLayer, LayerInstructions

# As root in a container there is no sandbox; without the others it looks for its maker's hosts.
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync", "--disable-component-update"),
    *("--disable-background-networking", "--enable-logging=stderr", "--virtual-time-budget=4000", "--dump-dom"),
)
# The page in a frame of a phone's width, and what a reader would see of it, as the title of the page around it.
LOOK = """<!DOCTYPE html><title>not run</title><iframe width="390" height="800" srcdoc="%s"></iframe><script>
addEventListener("load", () => {
  const page = document.querySelector("iframe").contentDocument;
  const all = (what) => [...page.querySelectorAll(what)];
  document.title = JSON.stringify({
    width: page.documentElement.scrollWidth,
    background: getComputedStyle(page.body).backgroundColor,
    ink: getComputedStyle(page.querySelector("svg text")).fill,
    rows: all("table").map((table) => table.querySelectorAll("tbody tr").length),
    empty: all("tbody td:first-child").filter((cell) => !cell.textContent.trim()).length,
    headings: all("h2").map((heading) => heading.textContent),
    plan: all("img").map((image) => image.naturalWidth),
  });
});</script>"""


def report() -> Report:
    """Every part that a page can have."""
    stages = (Known("p", [0, 0, 1, 1, 2, 1]), Known("a", TRUTH, True), Known("b", TRUTH, True, offset=1))
    layers = tuple(
        Layer(i, "ADD", f"t{i}", (1, 8), 0.1, 0, 30 - i / 4, 40 - i / 9, 0.99, 0.03, 0.0, 0.8) for i in range(90)
    )
    board = {
        "id": "mps2-an386",
        "fits": True,
        "why": "fits",
        "milliseconds": 12.0,
        "duty_cycle": 0.1,
        **{name: {"needed": 1000, "free": 2000} for name in ("flash_bytes", "ram_bytes")},
    }
    counted = InstructionsByLayer("mps2-an386", (LayerInstructions(0, "ADD", 900),), 99, 1000)
    return replace(
        compare(candidates(*stages), MATERIAL),
        layers=LayerReport("its twin", 2, layers),
        remedies=remedies(),
        firmware=Firmware("mps2-an386", 100, 200, 300, (LayerFlash(0, "ADD", 0, 24),), (board,), counted),
        environment={"python": "3.11"},
    )


def remedies() -> Remedies:
    int8, simulated, free, better = (Trial(f"trial {i}", 1e-4 / (i + 1), 0.1, 0.9) for i in range(4))
    cost = RoundingCost(3, "SOFTMAX", "model/a rather long name/Softmax", 2e-5, 0.7)
    return Remedies("its twin", 20, (cost,), int8, simulated, free, (better,))


def look(page: Path, *flags: str) -> tuple[dict[str, object], str]:
    """What LOOK finds, and the browser's log."""
    content = page.read_text(encoding="utf-8").replace("&", "&amp;").replace('"', "&quot;")
    outer = page.with_name("look.html")
    outer.write_text(LOOK % content, encoding="utf-8")
    profile = f"--user-data-dir={page.parent / 'profile'}"
    command = ["chromium", *FLAGS, profile, *flags, outer.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found = re.search("<title>(.*?)</title>", done.stdout)
    assert found is not None
    return json.loads(found[1].replace("&quot;", '"').replace("&amp;", "&").replace("&lt;", "<")), done.stderr


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = '<svg xmlns="http://www.w3.org/2000/svg" width="1500" height="300"><rect width="9" height="9"/></svg>'
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_page(report(), path, plan, {5: b"fLaC"})
    return path


def test_page_as_a_reader_sees_it(page: Path, require_tool: Callable[..., None]) -> None:
    require_tool("chromium")
    seen, log = look(page)
    assert "CONSOLE" not in log, log
    # Wider tables and pictures scroll on their own.
    assert isinstance(seen["width"], int) and seen["width"] <= 390
    assert seen["headings"] == [
        *("Stages", "Share of equal decisions", "Where decisions flip", "Confusion matrices", "Layer by layer"),
        *("What would help", "Firmware", "Stage against stage"),
    ]
    # Stages, recalls, flips, two different confusions, layers, costs, trials, flash and instructions, boards, pairs.
    assert seen["rows"] == [3, 3, 1, 3, 3, 90, 1, 4, 2, 1, 3] and seen["empty"] == 0
    assert seen["plan"] == [1500]
    assert np.mean(colour(seen["background"])) > 240 and np.mean(colour(seen["ink"])) < 60


def test_dark_where_the_system_is(page: Path, require_tool: Callable[..., None]) -> None:
    require_tool("chromium")
    seen, _ = look(page, "--blink-settings=preferredColorScheme=0")
    assert np.mean(colour(seen["background"])) < 40 and np.mean(colour(seen["ink"])) > 200


def test_a_page_that_is_too_wide_is_seen(page: Path, require_tool: Callable[..., None]) -> None:
    require_tool("chromium")
    spoiled = page.with_name("wide.html")
    spoiled.write_text(page.read_text().replace('class="scroll"', 'class="flat"') + "<script>nothing()</script>")
    seen, log = look(spoiled)
    assert isinstance(seen["width"], int) and seen["width"] > 390 and "nothing is not defined" in log


def colour(text: object) -> list[int]:
    """[20, 23, 26] of `rgb(20, 23, 26)`."""
    return [int(value) for value in re.findall(r"\d+", str(text))[:3]]
