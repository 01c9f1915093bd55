"""Names of anything in any place: they reach C, build files, Markdown and HTML as data, and say there what they are."""

from __future__ import annotations

import functools
import json
import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from codegen.boards import load_board, parse_board
from codegen.errors import BoardError
from codegen.model_card import ModelCard
from codegen.project import ProjectOptions, generate_project
from codegen.project_names import printable, target_name
from codegen.read_tflite import parse_tflite
from fuzzing.models import hearing_model
from fuzzing.values import NAMES
from tests.check.test_compare import MATERIAL, TRUTH, Known, candidates
from tests.check.test_page_in_chromium import look, report
from tests.codegen.test_boards import GOOD
from tests.generated import WARNINGS
from tests.projects import SPEC
from tests.tflite_builder import edited
from tinyser.check.compare import compare
from tinyser.check.page import write_page
from tinyser.emulator.project_folder import load_project

# Where a name gets out, one of these leaves a file behind, or a line that no compiler takes.
INJECTIONS = (
    *(f'x")\nfile(WRITE {way}/evil "")\n#' for way in (".", "..")),
    "$(shell touch evil)`touch evil`;touch evil",
    "]]\n#[[",
    "\nCONFIG_EVIL=y\n",
    "\ndepends=evil\n",
    '", "evil": "',
    "\n[env:evil]\n",
    "| evil | ](evil) ![evil](x) <b>evil</b>",
    '_Pragma("GCC error") \\',
    "\u2028#error evil\u2029",
    "\v#error evil\f",
)
HOSTILE = tuple(name for name in (*NAMES, *INJECTIONS) if name.strip() and len(name) <= 255 and "\ud800" not in name)
THREES = [HOSTILE[i : i + 3] for i in range(0, len(HOSTILE) - 2, 3)]
FLAVOURS = {
    "cmake": "host",
    "arduino": "arduino-nano-33-ble-sense",
    "platformio": "nucleo-f446re",
    "zephyr": "nucleo-f446re",
    "pico-sdk": "rpi-pico",
}


def generated(folder: Path, names: Sequence[str], flavour: str, model_name: str) -> Path:
    """A project of a model all of whose names are among these."""
    card = ModelCard(name=names[0], labels=tuple(names), features=SPEC)

    def rename(model: object) -> None:
        for number, tensor in enumerate(model.subgraphs[0].tensors):  # type: ignore[attr-defined]
            tensor.name = names[number % len(names)].encode()
        model.description = names[0].encode()  # type: ignore[attr-defined]

    content = edited(hearing_model(card), rename)
    model = replace(parse_tflite(content), name=model_name)
    options = ProjectOptions(board=load_board(FLAVOURS[flavour]), project=flavour)
    return generate_project(model, options, folder).folder


@pytest.mark.parametrize("number", range(len(THREES)))
def test_c_compiles_and_labels_are_what_was_given(
    number: int, tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    """With all warnings, those of trigraphs and of directions of writing included."""
    require_tool("gcc", "clang")
    names = THREES[number]
    folder = generated(tmp_path / "project", names, "cmake", names[1])
    project = load_project(folder)
    sources = [*project.portable_sources, *project.board_sources]
    includes = [f"-I{name}" for name in project.include_dirs]
    for compiler in ("gcc", "clang"):
        command = [compiler, *WARNINGS, "-Wtrigraphs", "-Wcomment", *includes, "-fsyntax-only", *sources]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
    (folder / "labels.c").write_text(
        '#include "ser_classifier.h"\n#include <stdio.h>\n'
        "int main(void) {\n    for (size_t i = 0; i < SER_CLASSIFIER_LABEL_COUNT; ++i) {\n"
        "        fputs(ser_classifier_label(i), stdout);\n        putchar(0);\n    }\n    return 0;\n}\n"
    )
    subprocess.run(
        ["gcc", "-std=c99", *includes, "labels.c", *project.portable_sources, "-o", "labels"], cwd=folder, check=True
    )
    printed = subprocess.run([folder / "labels"], capture_output=True, check=True).stdout
    assert printed.split(b"\0")[:-1] == [name.encode().partition(b"\0")[0] for name in names]
    assert json.loads((folder / "manifest.json").read_text())["labels"] == list(names)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_build_files_are_those_of_a_plain_name(flavour: str, tmp_path: Path) -> None:
    """But for a name that is made of letters, digits and underscores. What they are with a plain name, `tests/flavours`
    has the ecosystems' own tools look at."""
    plain = _build_files(tmp_path / "plain", ("anger", "joy", "calm"), flavour)
    assert plain
    for number, names in enumerate(THREES):
        folder = tmp_path / str(number)
        assert _build_files(folder, names, flavour) == plain, names
        paths = [path.relative_to(folder).as_posix() for path in folder.rglob("*")]
        assert all(re.fullmatch(r"[A-Za-z0-9_./-]+", path) and ".." not in path for path in paths)


def _build_files(folder: Path, names: Sequence[str], flavour: str) -> dict[str, str]:
    """What is neither C nor a picture of a project, with `TARGET` for the model's name in its forms."""
    name = f"zq {names[1]}"  # of a kind that is nowhere else in the files
    generated(folder, names, flavour, name)
    target = target_name(replace(parse_tflite(hearing_model()), name=name))
    forms = [printable(name), target, target.replace("_", "-")]

    def anonymous(text: str) -> str:
        return functools.reduce(lambda text, form: text.replace(form, "TARGET"), forms, text)

    endings = (".txt", ".cmake", ".yml", ".yaml", ".conf", ".properties", ".ini", ".json", ".py", ".ld", "Kconfig")
    files = [path for path in folder.rglob("*") if path.name.endswith((*endings, "Doxyfile"))]
    kept = [path for path in files if path.name not in ("manifest.json", "sbom.cdx.json", "memory_plan.txt")]
    return {anonymous(path.relative_to(folder).as_posix()): anonymous(path.read_text()) for path in kept}


def test_cmake_runs_nothing_of_a_name(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    """The whole way: configured, built, and run."""
    require_tool("cmake", "gcc")
    names = INJECTIONS[:3]
    folder = generated(tmp_path / "project", names, "cmake", names[0])
    for command in (["-S", ".", "-B", "build"], ["--build", "build"]):
        done = subprocess.run(["cmake", *command], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    printed = subprocess.run([folder / "build/firmware"], capture_output=True, text=True).stdout
    assert "PASS" in printed or "self-test" in printed
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize("names", THREES, ids=range(len(THREES)))
def test_the_readme_shows_names_and_does_nothing_with_them(names: Sequence[str], tmp_path: Path) -> None:
    readme = (generated(tmp_path / "project", names, "cmake", names[1]) / "README.md").read_text()
    assert "<script" not in readme and "onerror=alert" not in readme and "](evil)" not in readme
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u2028\u2029\u202e]", readme)
    assert readme.splitlines()[0].startswith("# Firmware for model ")


@pytest.mark.parametrize("text", ["*/ int evil; /*", "two\nlines", "trigraph ??/", "\x1b[2J", "\u202e"])
@pytest.mark.parametrize("key", ["title", "source"])
def test_texts_of_a_board_are_one_line_of_a_comment(key: str, text: str) -> None:
    changed = re.sub(rf"^{key} = .*$", lambda found: f"{key} = {json.dumps(text)}", GOOD, count=1, flags=re.MULTILINE)
    with pytest.raises(BoardError, match=f"{key}: got .*, allowed is one line without comment marks"):
        parse_board(changed, "board.toml")


@pytest.mark.parametrize("key", ["id", "prefix", "machine", "program"])
@pytest.mark.parametrize("word", ["a b", 'a"', "$(evil)", "a;b", "a\nb", "", "ä"])
def test_words_of_a_board_go_into_commands(key: str, word: str) -> None:
    if key == "prefix" and word == "":
        return  # the desktop's
    changed = re.sub(rf"^{key} = .*$", lambda found: f"{key} = {json.dumps(word)}", GOOD, count=1, flags=re.MULTILINE)
    with pytest.raises(BoardError, match=f"{key}: got .*, allowed is a word of letters"):
        parse_board(changed, "board.toml")


@pytest.mark.parametrize("names", THREES, ids=range(len(THREES)))
def test_the_report_in_a_browser(names: Sequence[str], tmp_path: Path, require_tool: Callable[..., None]) -> None:
    """No script of a name runs, and the names can be read."""
    require_tool("chromium")
    labelled = compare(candidates(Known("p", TRUTH), Known("a", TRUTH, True)), replace(MATERIAL, labels=tuple(names)))
    everything = report()
    assert everything.layers is not None
    layers = [replace(layer, tensor=names[number % 3]) for number, layer in enumerate(everything.layers.layers)]
    stages = tuple(replace(stage, title=name) for stage, name in zip(labelled.stages, names, strict=False))
    page = tmp_path / "report.html"
    write_page(
        replace(labelled, source=names[0], stages=stages, layers=replace(everything.layers, layers=tuple(layers))),
        page,
        plan="<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'></svg>",
    )
    seen, log = look(page)
    assert seen["headings"] and "evil" not in str(seen["headings"])
    errors = [line for line in log.splitlines() if "CONSOLE" in line]
    assert errors == [], errors
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text and "<img src=x" not in text and "<b>evil" not in text
