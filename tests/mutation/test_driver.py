"""The test of the test of the tests: a battery that checks nothing must report survivors, a real one must not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from codegen.direct import render_direct
from codegen.errors import ToolError
from codegen.read_tflite import parse_tflite
from mutation.case import Case
from mutation.mutant import Mutant, Verdict
from mutation.results import Count, Journal, first_counted
from tests.ops import test_squared_difference
from tests.ops.agreement import truth

FILE = "ts_common_scale_square.c"


@pytest.fixture(scope="module")
def case(require_tool: Callable[..., None], require_module: Callable[..., None]) -> Case:
    require_tool("gcc")
    require_module("tflite_micro")
    tested = test_squared_difference.EDGES["rounding ties"].case()
    parsed = parse_tflite(tested.model)
    files = {name: str(text) for name, text in render_direct(parsed, banner="/* test */").files.items()}
    inside = {Path(name).name: text for name, text in files.items() if "/kernels/" in name}
    assert FILE in inside
    return Case(
        test="planted",
        lane="host",
        own={name: text for name, text in files.items() if name.endswith((".c", ".h")) and "/kernels/" not in name},
        needs={name: text for name, text in inside.items() if name.endswith("_needs.h")},
        kernels=tuple(sorted(name for name in inside if name.endswith(".c"))),
        input_bytes=tuple(parsed.graph.tensors[i].bytes for i in parsed.graph.inputs),
        output_bytes=tuple(parsed.graph.tensors[i].bytes for i in parsed.graph.outputs),
        rows=tuple(b"".join(tensor.tobytes() for tensor in row) for row in tested.rows),
        expected=tuple(b"".join(tensor.tobytes() for tensor in row) for row in truth(tested)),
        keep_state=False,
    )


def mutants() -> dict[str, Mutant]:
    """One of each verdict."""
    from mutation.kernel_tree import KERNELS
    from mutation.mutant import Source
    from mutation.mutate_c import c_mutants

    content = (KERNELS / FILE).read_bytes()
    found = c_mutants(FILE, content)
    source = Source(FILE, content)
    end = len(content)
    return {
        "dropped": next(m for m in found if m.operator == "dropped term"),
        "hang": source.mutant(
            "planted", content.rindex(b"}"), content.rindex(b"}"), "for (volatile int i = 0;; ++i) {} "
        ),
        "comment": source.mutant("planted", end, end, "/* nothing */"),
        "no C": source.mutant("planted", end, end, "int ;;; ]"),
    }


def verdicts(case: Case, folder: Path) -> dict[str, Verdict]:
    from mutation.kernel_trial import Battery, try_kernel_mutant

    battery = Battery([case], folder)
    return {name: try_kernel_mutant(battery, mutant).verdict for name, mutant in mutants().items()}


def test_what_the_bytes_tell(case: Case, tmp_path: Path, require_module: Callable[..., None]) -> None:
    require_module("tree_sitter_c")
    assert verdicts(case, tmp_path) == {
        "dropped": Verdict.KILLED,
        "hang": Verdict.KILLED,
        "comment": Verdict.EQUIVALENT,
        "no C": Verdict.INVALID,
    }


def test_a_useless_battery_kills_nothing(case: Case, tmp_path: Path, require_module: Callable[..., None]) -> None:
    require_module("tree_sitter_c")
    found = verdicts(replace(case, rows=(), expected=()), tmp_path)
    assert found["dropped"] is found["hang"] is Verdict.SURVIVED


def test_a_wrong_battery_is_refused(case: Case, tmp_path: Path, require_module: Callable[..., None]) -> None:
    """Or everything would be killed."""
    require_module("tree_sitter_c")
    wrong = bytes(byte ^ 1 for byte in case.expected[0])
    with pytest.raises(ToolError, match="without any mutant: planted; record again"):
        verdicts(replace(case, expected=(wrong, *case.expected[1:])), tmp_path)


PLANNER_TEST = "tests/codegen/test_plan_memory.py::test_a_broken_plan_is_noticed"


def test_the_planner(tmp_path: Path, require_module: Callable[..., None]) -> None:
    """Of two mutants the only test that runs sees one; the other one changes what it never asks for."""
    require_module("tree_sitter_c")
    from mutation.driver import CHECKOUT, try_planner
    from mutation.mutate_python import python_mutants

    file = "codegen/plan_memory.py"
    found = python_mutants(file, (CHECKOUT / file).read_bytes())
    seen = next(m for m in found if m.context.startswith("insort") and m.instead == "(offset)")
    unseen = next(m for m in found if m.context.startswith("TRIES") and m.instead == "41")
    shown: list[object] = []
    journal = Journal(tmp_path / "planner.jsonl", "planted")
    results = try_planner([seen, unseen], 2, journal, tmp_path, 1, shown.append, lambda file: [PLANNER_TEST])
    assert [result.verdict for result in results] == [Verdict.KILLED, Verdict.SURVIVED]
    assert results[0].by == PLANNER_TEST
    again = try_planner(
        [seen, unseen], 2, Journal(tmp_path / "planner.jsonl", "planted"), tmp_path, 1, shown.append, ["-x"]
    )
    assert again == results, "an earlier run's results are not gone on from"


def test_counts() -> None:
    count = Count.of([Verdict.KILLED, Verdict.KILLED, Verdict.SURVIVED, Verdict.EQUIVALENT, Verdict.INVALID])
    assert (count.counted, count.killed, count.survived) == (3, 2, 1)
    assert first_counted([], 3) == []
