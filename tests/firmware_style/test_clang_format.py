"""Generated C is laid out by the repository's .clang-format, whatever the model's names, values and sizes are."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from codegen.boards import load_board
from codegen.c_layout import COLUMNS, align_trailing_comments, initialiser, wrap_comment
from codegen.direct import render_direct
from codegen.ops import OPERATORS
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import parse_tflite
from tests.codegen.models import dense_model
from tests.conftest import CHECKOUT
from tests.firmware_style.cases import Case, classifier_options
from tests.tflite_builder import ModelBuilder

ENDINGS = (".c", ".h", ".cc")


def is_clean(clang_format: str, folder: Path) -> tuple[int, str]:
    """Exit status and messages of clang-format for all C and C++ of a folder."""
    files = [str(path) for path in sorted(folder.rglob("*")) if path.suffix in ENDINGS]
    assert files
    command = [clang_format, "--dry-run", "-Werror", f"--style=file:{CHECKOUT / '.clang-format'}", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr[:2000]


def test_projects(clang_format: str, projects: Mapping[Case, Path]) -> None:
    assert is_clean(clang_format, next(iter(projects.values())).parent) == (0, "")


@pytest.mark.parametrize(
    ("board", "project"),
    [
        ("arduino-nano-33-ble-sense", "arduino"),
        ("rpi-pico", "pico-sdk"),
        ("nucleo-f446re", "platformio"),
        ("xiao-nrf52840-sense", "zephyr"),
    ],
)
def test_flavours(clang_format: str, board: str, project: str, tmp_path: Path) -> None:
    model, options = classifier_options(load_board(board), project=project)
    generate_project(model, options, tmp_path / "project")
    assert is_clean(clang_format, tmp_path) == (0, "")


def test_runtime_tflm(clang_format: str, tmp_path: Path) -> None:
    model, options = classifier_options(load_board("mps2-an386"), runtime="tflm")
    generate_project(model, options, tmp_path / "project", tflm_arena_bytes=4096)
    assert is_clean(clang_format, tmp_path) == (0, "")


def test_parameters_of_every_operator(clang_format: str, tmp_path: Path) -> None:
    for operator in OPERATORS:
        case = import_module(f"tests.ops.test_{operator.lower()}").fixed_case()
        for name, text in render_direct(parse_tflite(case.model), banner="/* test */").files.items():
            if name.startswith("model/ser_"):
                path = tmp_path / operator / Path(name).name
                path.parent.mkdir(exist_ok=True)
                path.write_text(str(text))
    assert is_clean(clang_format, tmp_path) == (0, "")


def test_long_names(clang_format: str, tmp_path: Path) -> None:
    """Of tensors, of the model's file and of labels."""
    name = "/encoder/layers.0/self_attn/" * 8
    builder = ModelBuilder()
    given = builder.tensor(name, (1, 4), scale=0.05, zero_point=3)
    output = builder.tensor(name.replace("/", ";"), (1, 4), scale=1 / 256, zero_point=-128)
    builder.op("SOFTMAX", [given], [output], beta=1.0)
    labels = tuple(f"{'a long label ' * 9}{number}" for number in range(4))
    options = ProjectOptions(board=load_board("mps2-an386"), labels=labels)
    model = replace(parse_tflite(builder.build([given], [output])), name="a model with, a name, é" * 9)
    generate_project(model, options, tmp_path / "project")
    assert is_clean(clang_format, tmp_path) == (0, "")


def test_what_is_not_clean_is_seen(clang_format: str, tmp_path: Path) -> None:
    files = render_direct(parse_tflite(dense_model()), banner="/* test */").files
    (tmp_path / "ser_model.c").write_text(str(files["model/ser_model.c"]).replace("    return", "  return"))
    assert is_clean(clang_format, tmp_path)[0] != 0


def test_comments_are_aligned_as_far_as_they_fit() -> None:
    long = "/* " + "x" * (COLUMNS - 13) + " */"
    lines = ["int a; /* one */", "long bcd;  /* two */", f"int e; {long}", "int fg; /* three */"]
    aligned = ["int a;    /* one */", "long bcd; /* two */", f"int e; {long}", "int fg; /* three */"]
    assert align_trailing_comments("\n".join(lines)).split("\n") == aligned


def test_lists_are_broken_into_elements() -> None:
    assert initialiser("{.a = 1, .b = {2, 3}}", 8) == "{.a = 1, .b = {2, 3}}"
    wide = "{" + ", ".join(f".n{n} = {n}" for n in range(20)) + "}"
    assert initialiser(f"{{.a = 1, .b = {wide}}}", 4).splitlines()[:3] == [
        "{.a = 1,",
        "     .b = {.n0 = 0,",
        "           .n1 = 1,",
    ]


def test_comments_are_wrapped() -> None:
    lines = ("/* " + wrap_comment("word " * 40, " *   ") + " */").split("\n")
    assert len(lines) == 2 and lines[1].startswith(" *   word") and max(map(len, lines)) <= COLUMNS
