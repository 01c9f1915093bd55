"""Sizes that are stated when a project is generated are those of the compiled firmware."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from codegen.boards import load_board
from codegen.kernel_costs import PATH, kernel_costs
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import parse_tflite, read_tflite
from codegen.render import template_names
from tests.codegen.models import dense_model
from tinyser.emulator import qemu
from tinyser.emulator.project_folder import load_project

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
BOARDS = ("mps2-an385", "mps2-an386", "mps2-an500")
# Paints the stack below itself, runs the model once and prints how far it went.
GAUGE = """
#include "board.h"
#include "board_job.h"
#include "ser_model.h"

extern uint32_t board_stack_top[];

int main(void) {
    char text[] = "stack 000000\\n";
    board_init();
    if (ser_model_init() != SER_OK) {
        return 1;
    }
    board_stack_paint();
    const uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    if (ser_model_invoke() != SER_OK) {
        return 1;
    }
    size_t used = board_stack_used() - (size_t)((uintptr_t)board_stack_top - here);
    for (size_t digit = 11u; digit > 5u; --digit, used /= 10u) {
        text[digit] = (char)('0' + used % 10u);
    }
    board_print(text);
    return 0;
}
"""


@pytest.fixture(autouse=True)
def cross_compiler(require_tool: Callable[..., None]) -> None:
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")


@pytest.fixture
def refresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(DOCS))
    import refresh_kernel_costs

    yield refresh_kernel_costs
    sys.modules.pop("refresh_kernel_costs")


def generated(model: Path | None, folder: Path, board: str = "mps2-an386", optimize: str = "speed") -> dict[str, Any]:
    parsed = parse_tflite(dense_model()) if model is None else read_tflite(model)
    options = ProjectOptions(board=load_board(board), optimize=optimize)
    return dict(generate_project(parsed, options, folder).manifest)


def run(folder: Path, *command: str) -> str:
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("name", ["conformer", "micro_speech", None])
@pytest.mark.parametrize("optimize", ["speed", "size"])
def test_flash_of_layers_and_static_ram(
    request: pytest.FixtureRequest, name: str | None, optimize: str, tmp_path: Path
) -> None:
    model = None if name is None else request.getfixturevalue("bench_dir") / f"{name}.tflite"
    manifest = generated(model, tmp_path / "project", optimize=optimize)
    folder = tmp_path / "project"
    for source in ("ser_model", "ser_weights"):
        run(folder, "arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-std=c99", "-O1", "-Imodel", "-c",
            f"model/{source}.c", "-o", f"{source}.o")  # fmt: skip
    layers = manifest["layers"]
    assert sum(layer["constants"] for layer in layers) == manifest["weights_bytes"]
    sizes = run(folder, "arm-none-eabi-nm", "-S", "ser_model.o")
    parameters = [int(size, 16) for size in re.findall(r"^\w+ (\w+) r (?:layer|shared)_\w+$", sizes, re.MULTILINE)]
    assert sum(layer["parameters"] for layer in layers) == sum(parameters) > 0
    static = re.findall(r"^\w+ (\w+) [bBdD] ", sizes, re.MULTILINE)
    phase = 1  # byte that tells whether the model is ready, or runs
    assert sum(int(size, 16) for size in static) == manifest["arena_bytes"] + phase
    assert 0 <= manifest["scratch_bytes"] < manifest["arena_bytes"]


def test_a_header_of_another_plan_does_not_compile(tmp_path: Path) -> None:
    arena = generated(None, tmp_path / "project")["arena_bytes"]
    header = tmp_path / "project/model/ser_model.h"
    text = header.read_text()
    header.write_text(text.replace(f"SER_MODEL_ARENA_BYTES {arena}", f"SER_MODEL_ARENA_BYTES {arena + 8}"))
    command = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-std=c99", "-c", "ser_model.c"]
    done = subprocess.run(command, cwd=header.parent, capture_output=True, text=True)
    assert done.returncode != 0 and "of another memory plan" in done.stderr


def test_every_kernel_is_in_the_table() -> None:
    kernels = {name[3:-2] for name in template_names("kernels") if name.endswith(".c")}
    assert set(kernel_costs().stack_bytes) == kernels, "run docs/refresh_kernel_costs.py"


def test_the_table_is_current(refresh: Any) -> None:
    table = json.loads(PATH.read_text(encoding="utf-8"))
    if refresh.gcc_version() not in table["source"]:
        pytest.skip(f"the table was made with {table['source']}, here is {refresh.gcc_version()}")
    measured = refresh.measured(("cortex-m4",))
    for kernel, costs in table["kernels"].items():
        here = measured[kernel]
        stated = (costs["params_bytes"], costs["stack_bytes"]["cortex-m4"])
        assert stated == (here["params_bytes"], here["stack_bytes"]["cortex-m4"]), "run docs/refresh_kernel_costs.py"
    assert set(measured) == set(table["kernels"])


@pytest.mark.parametrize("name", ["conformer", "convtransformer", "person_detect"])
@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m4"])
def test_invoke_stays_within_its_frame(bench_dir: Path, refresh: Any, name: str, core: str, tmp_path: Path) -> None:
    for optimize in ("speed", "size"):
        folder = tmp_path / optimize
        generated(bench_dir / f"{name}.tflite", folder, optimize=optimize)
        for flag in ("-O2", "-Os"):
            run(folder, "arm-none-eabi-gcc", f"-mcpu={core}", "-mthumb", "-std=c99", flag, "-fstack-usage", "-Imodel",
                "-c", "model/ser_model.c", "-o", "m.o")  # fmt: skip
            usage = (folder / "m.su").read_text()
            (frame,) = re.findall(r"ser_model_invoke\t(\d+)\tstatic$", usage, re.MULTILINE)
            assert int(frame) <= kernel_costs().invoke_bytes


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("name", ["conformer", "micro_speech", "windowed", None])
def test_stack_in_qemu(request: pytest.FixtureRequest, board: str, name: str | None, tmp_path: Path) -> None:
    model = None if name is None else request.getfixturevalue("bench_dir") / f"{name}.tflite"
    manifest = generated(model, tmp_path / "project", board)
    (tmp_path / "project/app/main.c").write_text(GAUGE)
    project = load_project(tmp_path / "project")
    image = qemu.build_image(project, load_board(board), tmp_path)
    console = qemu.boot(qemu.qemu_command(load_board(board), image), tmp_path, 120)
    (used,) = re.findall(r"stack (\d{6})", console)
    assert 16 < int(used) <= manifest["stack_bytes"] < int(used) + 400
