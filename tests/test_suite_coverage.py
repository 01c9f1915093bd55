"""What `./run coverage` counts: lines of templates found in what was made from them, merged over compilations."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.direct import render_direct
from codegen.read_tflite import parse_tflite
from suite_coverage import tool
from suite_coverage.counts import LineCount, Share, share
from suite_coverage.host_c import read_counts
from suite_coverage.page import by_file, page, table
from suite_coverage.templates import FOLDER, find_places, lines_never_made
from tests.codegen.models import dense_model

MODEL = "model/ser_model.c.j2"


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    made = render_direct(parse_tflite(dense_model()), "/* test */").files
    return {name: text if isinstance(text, bytes) else text.encode() for name, text in made.items()}


def test_a_copy_is_its_template(files: dict[str, bytes]) -> None:
    copied = files["model/kernels/ts_softmax.c"]
    assert find_places("ts_softmax.c", copied)[5] == ("kernels/ts_softmax.c", 5)
    assert find_places("ts_softmax.c", copied + b"\n") is None, "changed by a test"
    assert find_places("elsewhere.c", b"int x;\n") is None


def test_lines_are_found_in_what_was_rendered(files: dict[str, bytes]) -> None:
    text = files["model/ser_model.c"].decode()
    template = (FOLDER / MODEL).read_text().splitlines()
    for numbered in (text, text.replace("ser_model_init", "ser_model_init_3")):
        places = find_places("ser_model_3.c", numbered.encode())
        for number, line in enumerate(numbered.splitlines(), start=1):
            if line.startswith(("    phase", "    if (phase", "TS_SELDOM", "size_t")):
                name, found = places[number]
                assert name == MODEL
                assert template[found - 1] == line.replace("init_3", "init")
    calls = [number for number, line in enumerate(text.splitlines(), start=1) if line.startswith("    ts_")]
    places = find_places("ser_model.c", text.encode())
    assert {template[places[number][1] - 1].split("(")[0] for number in calls} == {"ts_{{ call.kernel }}"}


def test_compilations_are_merged() -> None:
    line = LineCount()
    line.add(False, [])
    line.add(True, [True, False])
    line.add(False, [False, False, True, False])  # more branches: another macro
    line.add(True, [False, True, False, False])
    line.add(True, [True, True])  # fewer: not the same ones
    assert line.ran and line.branches == [False, True, True, False]
    assert share([line, LineCount()]) == Share(1, 2, 2, 4)


def test_a_compiler_that_counts(files: dict[str, bytes], tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("gcc", "gcov")
    gcc = shutil.which("gcc", path=os.defpath)  # not the one that counts for a run of this suite
    project, store = tmp_path / "project", tmp_path / "store"
    for name, content in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_bytes(content)
    main = "int main(void) {\n    return ser_model_init() == SER_OK && ser_model_invoke() == SER_OK ? 0 : 1;\n}\n"
    (project / "main.c").write_text(f'#include "ser_model.h"\n{main}')
    sources = [str(path.relative_to(project)) for path in project.rglob("*.c")]
    store.mkdir()
    command = [sys.executable, "-IS", tool.__file__, str(store), str(gcc), "-O2", "-fsanitize=undefined"]
    subprocess.run([*command, "-Imodel", *sources, "-o", "program"], cwd=project, check=True)
    subprocess.run([project / "program"], check=True)
    lines = read_counts(store, jobs=1)
    found = by_file(lines)
    assert found["kernels/ts_softmax.c"].lines_run == found["kernels/ts_softmax.c"].lines > 5
    used = next(
        place
        for place in lines
        if place[0] == MODEL and (FOLDER / MODEL).read_text().splitlines()[place[1] - 1].endswith("sizeof arena.bytes;")
    )
    assert not lines[used].ran, "nobody asked for the arena"
    assert 0 < found[MODEL].branches_taken < found[MODEL].branches
    assert "| ser_model.c.j2 |" in page({"codegen/a.py": Share(1, 1)}, lines, {}, {})
    note = next((store / "host").rglob("*.gcda")).with_suffix(".gcno")
    begun = note.read_bytes()[:20]  # more of it, gcov may take for a whole one
    note.with_name("killed.gcno").write_bytes(begun)
    assert read_counts(store, jobs=1) == lines
    note.write_bytes(begun)  # of what has run: no compiler that was killed
    with pytest.raises(subprocess.CalledProcessError, match="gcov"):
        read_counts(store, jobs=1)


def test_the_table_names_what_is_not_whole() -> None:
    shown = table({"codegen/ops/a.py": Share(3, 4, 1, 2), "codegen/ops/b.py": Share(6, 6)})
    assert "| **codegen/ops/** | 9 of 10 | 90.0 % | 1 of 2 | 50.0 % |" in shown
    assert "| a.py | 3 of 4 | 75.0 % |" in shown and "b.py" not in shown and "| **all** | 9 of 10 |" in shown


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("gcc", ["--version"], ["--version"]),
        ("gcc", ["-E", "a.c", "-o", "a.i"], ["-E", "a.c", "-o", "a.i"]),
        ("qemu-system-arm", ["--version"], ["--version"]),
        ("arm-none-eabi-gcc", ["a.o", "-o", "a.elf"], ["a.o", "-o", "a.elf"]),
    ],
)
def test_other_commands_are_left_as_they_are(
    name: str, arguments: list[str], expected: list[str], tmp_path: Path
) -> None:
    if name.startswith("qemu"):
        assert tool.for_qemu(tmp_path, arguments) == expected
    else:
        assert tool.for_compiler(tmp_path, arguments, cross=name.startswith("arm")) == expected


def test_statements_that_no_project_has() -> None:
    made = render_direct(parse_tflite(dense_model()), "/* test */").files["model/ser_model.c"]
    template = (FOLDER / MODEL).read_text().splitlines()
    missing = [template[number - 1].strip() for number in lines_never_made([MODEL], [str(made)])[MODEL]]
    assert "return ser_model_invoke_ring(0u);" in missing and "phase = RUNNING;" not in missing
    assert lines_never_made(["kernels/ts_add.c"], []) == {}, "a copy"
