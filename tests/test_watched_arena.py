"""Nothing in the arena changes but what an operator writes, and guards around it stay whole; faults are seen."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from codegen.boards import load_board
from codegen.errors import ToolError
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import parse_tflite
from tests.codegen.forced_regions import assert_same_bytes, describe, lowered, some_ways
from tests.codegen.models import dense_model, wide_inside
from tests.codegen.random_networks import networks
from tests.generated import Files, Program, run_programs
from tests.ops.agreement import Case, examples
from tests.ops.strategies import rows_for
from tests.reference_runtimes import run_tflm
from tests.watched_arena import watched, watched_model
from tinyser.emulator import qemu


@pytest.fixture(scope="module", autouse=True)
def compiler_and_reference_runtime(require_tool: Callable[..., None], require_module: Callable[..., None]) -> None:
    require_tool("gcc")
    require_module("tflite_micro")


@settings(examples, max_examples=max(1, examples.max_examples // 2))
@given(case=networks())
def test_random_networks(case: Case) -> None:
    graph = lowered(case)
    ways = [(), *some_ways(graph, random.Random(1), 4)]
    programs = [Program(watched(graph, way, guards=True), graph, case.rows) for way in ways]
    expected = run_tflm(case.model, case.rows)
    for way, got in zip(ways, run_programs(programs), strict=True):
        assert_same_bytes(got, expected, f"{case} with {describe(graph, way)}")


def inside() -> Case:
    return Case("wide inside", wide_inside(), rows_for([(1, 96, 4, 2)], 0)[:3])


@pytest.mark.parametrize("board", ["mps2-an386", "mps3-an547"])
def test_on_a_cortex_m(board: str, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    np.testing.assert_array_equal(on_board(board, inside(), tmp_path), expected(inside()))


def test_a_write_beside_the_arena_is_seen_on_a_cortex_m(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    with pytest.raises(ToolError, match="model does not run"):
        on_board("mps2-an386", inside(), tmp_path, "*((volatile int8_t *)arena.bytes + SER_MODEL_ARENA_BYTES + 3) = 1;")


def expected(case: Case) -> np.ndarray:
    return np.stack([output.ravel() for (output,) in run_tflm(case.model, case.rows)])


def on_board(board: str, case: Case, folder: Path, fault: str = "") -> np.ndarray:
    project = generate_project(parse_tflite(case.model), ProjectOptions(board=load_board(board)), folder / "project")
    files, _ = watched_model(case.model, guards=True)
    source = str(with_fault(files, fault)["model/ser_model.c"])
    (project.folder / "model/ser_model.c").write_text(source)
    return qemu.run(project.folder, np.stack([row.ravel() for (row,) in case.rows])).outputs


def with_fault(files: Files, fault: str) -> Files:
    """A statement behind the first kernel call."""
    call = re.compile(r"^( +ts_\w+\(&.*?\);\n)", re.MULTILINE | re.DOTALL)
    text, count = call.subn(rf"\1{fault}\n", str(files["model/ser_model.c"]), count=1)
    assert count == 1
    return {**files, "model/ser_model.c": text}


# Behind the FULLY_CONNECTED (arena.bytes to arena.bytes + 1024) of a model whose SOFTMAX has its scratch at the start.
FAULTS = {
    "a byte of the input": "arena.bytes[1] ^= 1;",
    "a byte behind the output": "arena.bytes[1027] = 1;",
    "a byte in front of the arena": "((volatile int8_t *)arena.bytes)[-1] = 1;",
    "a byte behind the arena": "((volatile int8_t *)arena.bytes)[SER_MODEL_ARENA_BYTES] = 1;",
    "an output out of what is dead": "arena.bytes[1024] = arena.bytes[500];",
}


@pytest.mark.parametrize("fault", ["", *FAULTS])
def test_faults_are_seen(fault: str) -> None:
    case = Case("dense", dense_model(), rows_for([(1, 4)], 0)[:3])
    files, graph = watched_model(case.model, guards=True)
    program = Program(with_fault(files, FAULTS.get(fault, "")), graph, case.rows)
    try:
        (got,) = run_programs([program])
        assert_same_bytes(got, run_tflm(case.model, case.rows), "")
        is_seen = False
    except AssertionError:  # other bytes, or a status of ser_model_invoke
        is_seen = True
    assert is_seen == bool(fault)
