"""A plugin for pytest that keeps what the suite checks of generated C: model, inputs, expected bytes, and where it ran.

Where a test compares with the truth itself, the truth is kept and no C is compiled; elsewhere what the C gave, in a
test that passed. Environment: `TINYSER_RECORD`, the folder to write to.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import pickle
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import tests.generated as generated
import tests.ops.agreement as agreement
from codegen.direct import render_direct
from codegen.ir import Graph
from codegen.read_tflite import parse_tflite
from mutation.case import Case

_FOLDER = Path(os.environ.get("TINYSER_RECORD", "."))
_KEPT_OF_PROGRAMS = 3  # of programs with regions forced on them every third: there are hundreds, all much alike

_waiting: dict[str, bytes] = {}  # what the test that runs has tried, by the file that it goes to

Outputs = Sequence[Sequence[np.ndarray]]


def keep(
    lane: str, files: generated.Files, graph: Graph, rows: Outputs, expected: Outputs, keep_state: bool = False
) -> None:
    """Writes one case, once."""
    own = {name: text if isinstance(text, str) else text.decode() for name, text in files.items() if _is_own(name)}
    inside = {Path(name).name: str(text) for name, text in files.items() if "/kernels/" in name}
    case = Case(
        test=os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0],
        lane=lane,
        own=own,
        needs={name: text for name, text in inside.items() if name.endswith("_needs.h")},
        kernels=tuple(sorted(name for name in inside if name.endswith(".c"))),
        input_bytes=tuple(graph.tensors[i].bytes for i in graph.inputs),
        output_bytes=tuple(graph.tensors[i].bytes for i in graph.outputs),
        rows=tuple(b"".join(tensor.tobytes() for tensor in row) for row in rows),
        expected=tuple(b"".join(tensor.tobytes() for tensor in row) for row in expected),
        keep_state=keep_state,
    )
    content = pickle.dumps(case)
    # The name of the test is no part of what is tried.
    digest = hashlib.sha256(repr((lane, own, case.needs, case.rows, case.expected, keep_state)).encode()).hexdigest()
    _waiting[f"{digest[:16]}.pickle"] = content


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """What a test that failed has compared is no truth."""
    if report.when == "call":
        for name, content in _waiting.items() if report.passed else ():
            (_FOLDER / name).write_bytes(content)
        _waiting.clear()


def _is_own(name: str) -> bool:
    return name.endswith((".c", ".h")) and "/kernels/" not in name


def _keep_model(lane: str, case: agreement.Case, expected: Outputs, optimize: str = "speed") -> None:
    parsed = parse_tflite(case.model)
    runtime = render_direct(parsed, banner="/* test */", optimize=optimize)
    keep(lane, runtime.files, parsed.graph, case.rows, expected, case.keep_state)


def pytest_configure(config: pytest.Config) -> None:
    """Puts itself before any test module is imported."""
    _watch_programs()
    _watch_agreement()
    _watch_boards()


def _watch_programs() -> None:
    run_programs, run_sanitized = generated.run_programs, generated.run_sanitized

    def recorded(programs: Sequence[generated.Program]) -> Any:
        outputs = run_programs(programs)
        for program, got in list(zip(programs, outputs, strict=True))[::_KEPT_OF_PROGRAMS]:
            if program.ring_starts is None:
                keep("host", program.files, program.graph, program.rows, got, program.keep_state)
        return outputs

    def recorded_sanitized(files: generated.Files, graph: Graph, rows: generated.Rows, keep_state: bool = False) -> Any:
        outputs = run_sanitized(files, graph, rows, keep_state)
        keep("sanitized", files, graph, rows, outputs, keep_state)
        return outputs

    generated.run_programs, generated.run_sanitized = recorded, recorded_sanitized


def _watch_agreement() -> None:
    truth = agreement.truth
    last: list[list[np.ndarray]] = []

    def remembered(case: agreement.Case) -> list[list[np.ndarray]]:
        last[:] = truth(case)
        return list(last)

    def run_direct(model: bytes, rows: Any, edit: Any = None, keep_state: bool = False) -> list[list[np.ndarray]]:
        assert edit is None
        _keep_model("host", agreement.Case("", model, rows, None, keep_state), last)
        return list(last)

    agreement.truth = remembered
    agreement.run_direct = run_direct


def _watch_boards() -> None:
    from tests.ops import test_avx2, test_on_cortex_m, test_vector_lengths

    def same_on(
        board: str, case: agreement.Case, folder: Path, compiled_for: object = None, optimize: str = "speed"
    ) -> None:
        if compiled_for is None:
            _keep_model(board, case, agreement.truth(case), optimize)

    def vectors(case: agreement.Case, board: str, folder: Path, edit: Sequence[str] = ()) -> np.ndarray:
        expected = agreement.truth(case)
        _keep_model(board, case, expected)
        return np.stack([test_vector_lengths._joined(row) for row in expected])

    def desktop(case: agreement.Case, folder: Path, breakage: object = None, *, sanitize: bool = False) -> np.ndarray:
        expected = agreement.truth(case)
        for lane in ("avx2 sanitized", "vnni sanitized") if sanitize else ("avx2", "native", "vnni"):
            _keep_model(lane, case, expected)
        return np.stack([test_vector_lengths._joined(row) for row in expected])

    for module, name, recorded in (
        (test_on_cortex_m, "assert_same_on", same_on),
        (test_vector_lengths, "_outputs", vectors),
        (test_avx2, "_outputs", desktop),
    ):
        _replace(module, name, recorded)


def _replace(module: ModuleType, name: str, recorded: Callable[..., object]) -> None:
    """Raises TypeError where a test's function has got other parameters than the one in its place."""
    here, there = (list(inspect.signature(function).parameters) for function in (recorded, getattr(module, name)))
    if here != there:
        raise TypeError(f"{module.__name__}.{name}: has parameters {there}, mutation/recorder.py {here}; mend that")
    setattr(module, name, recorded)


def tests_of(folder: Path) -> Mapping[str, Case]:
    """All that was recorded, by name."""
    return {path.stem: pickle.loads(path.read_bytes()) for path in sorted(folder.glob("*.pickle"))}
