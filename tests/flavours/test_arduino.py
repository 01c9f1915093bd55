"""The Arduino flavour: to the library specification, compiled as the core compiles, its sketch run with a microphone.

Rules: Arduino library specification 1.5 rev. 2.2. Flags: `cflags.txt` and `cxxflags.txt` of the Mbed OS core.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import list_boards, load_board
from codegen.errors import DataError, UnsupportedOperatorError
from codegen.model_card import ModelCard
from codegen.project import ProjectOptions, write_project
from codegen.tflm_runtime import render_tflm
from tests.flavours.arduino_sketch import CORE, build_sketch, run
from tests.projects import LABELS, SPEC, sums_model, sums_runtime, write_sums_project
from tinyser.emulator import host

BOARDS = [board.id for board in list_boards() if "arduino" in board.projects]
REQUIRED = {"name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url", "architectures"}
OPTIONAL = {"depends", "dot_a_linkage", "includes", "precompiled", "ldflags"}
CATEGORIES = {
    "Display", "Communication", "Signal Input/Output", "Sensors", "Device Control", "Timing", "Data Storage",
    "Data Processing", "Other",
}  # fmt: skip
TOKENS = {"KEYWORD1", "KEYWORD2", "KEYWORD3", "LITERAL1", "LITERAL2"}
FLAGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wvla", "-Werror", "-Os", "-funsigned-char", "-fno-exceptions"]


def plain(folder: Path, name: str = "sums") -> Path:
    """A library without features."""
    model = sums_model(name=name, card=ModelCard(name=name))
    options = ProjectOptions(board=load_board("arduino-nano-33-ble-sense"), project="arduino")
    write_project(model, sums_runtime(model), options, folder)
    return folder


@pytest.fixture(params=["features", "plain"])
def library(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "plain":
        return plain(tmp_path / "library")
    return write_sums_project(tmp_path / "library", "arduino-nano-33-ble-sense", selftest=True, project="arduino")


def test_metadata_is_as_specified(library: Path) -> None:
    lines = (library / "library.properties").read_text().splitlines()
    fields = dict(line.split("=", 1) for line in lines)
    assert len(fields) == len(lines) and set(fields) >= REQUIRED and set(fields) <= REQUIRED | OPTIONAL
    assert all(fields.values())
    assert re.fullmatch(r"(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9 _.-]{,62}", fields["name"])
    assert not fields["name"].startswith("Arduino") and not fields["maintainer"].startswith("Arduino")
    assert re.fullmatch(r"\d+\.\d+\.\d+", fields["version"])
    assert fields["category"] in CATEGORIES
    for line in (library / "keywords.txt").read_text().splitlines():
        assert line.startswith("#") or (line.count("\t") == 1 and line.split("\t")[1] in TOKENS), line
    assert [path.name for path in (library / "src").glob("*.*")] == [fields["includes"]], "one public header"


@pytest.mark.parametrize("board", BOARDS)
def test_the_readme_says_what_was_seen(board: str, tmp_path: Path) -> None:
    described = load_board(board)
    linked = described.project_evidence["arduino"] == "build"
    assert described.project_evidence["arduino"] in ("build", "schema")
    assert linked == bool(re.search(r"; built with \S+ \d", described.ecosystems["arduino"]["source"]))
    readme = (write_sums_project(tmp_path / board, board, project="arduino") / "README.md").read_text()
    assert ("compiled and linked with this core" in readme) == linked
    assert ("neither linked with it" in readme) == (not linked)


def test_keywords_exist(library: Path) -> None:
    headers = "".join(path.read_text() for path in (library / "src" / "tinyser").glob("*.h"))
    words = {line.split("\t")[0] for line in (library / "keywords.txt").read_text().splitlines() if line[0] != "#"}
    assert words and all(re.search(rf"\b{word}\b", headers) for word in words)


def test_layout_is_as_specified(library: Path) -> None:
    sources = {
        path.relative_to(library).as_posix() for path in library.rglob("*") if path.suffix in {".c", ".h", ".cpp"}
    }
    assert sources and all(name.startswith("src/") for name in sources), "only src is compiled, with all its folders"
    assert {path.name for path in library.iterdir()} == {
        "README.md", "manifest.json", "sbom.cdx.json", "library.properties", "keywords.txt", "src", "examples", "extras"
    }  # fmt: skip
    (sketch,) = (library / "examples").rglob("*.ino")
    assert sketch.stem == sketch.parent.name and sketch.parent.parent.name == "examples"


@pytest.mark.parametrize("board", BOARDS)
def test_compiles_with_src_alone_on_the_include_path(
    board: str, tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    require_tool("arm-none-eabi-gcc", "arm-none-eabi-g++")
    library = write_sums_project(tmp_path / "library", board, selftest=True, project="arduino")
    flags = [*load_board(board).cpu_flags, *FLAGS, "-c", "-I", "src"]
    for source in sorted((library / "src").rglob("*.c")):
        run("arm-none-eabi-gcc", "-std=gnu11", *flags, source, "-o", "source.o", cwd=library)
    (sketch,) = (library / "examples").rglob("*.ino")
    for standard in ("gnu++14", "c++17"):
        command = (
            f"-std={standard}",
            *flags,
            "-I",
            CORE,
            "-include",
            "Arduino.h",
            "-x",
            "c++",
            sketch,
            "-o",
            "sketch.o",
        )
        run("arm-none-eabi-g++", *command, cwd=library)


@pytest.mark.parametrize("name", ["model", 'a"b\nc=d', "x" * 200, "9"])
def test_any_name_of_a_model_makes_a_library(name: str, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("gcc")
    test_metadata_is_as_specified(library := plain(tmp_path / "library", name))
    (header,) = (library / "src").glob("*.h")
    (library / "user.c").write_text(f"#include <{header.name}>\nint user(void) {{ return (int)ser_model_init(); }}\n")
    run("gcc", *FLAGS, "-c", "-I", "src", "user.c", "-o", "user.o", cwd=library)


def test_the_sketch_hears_what_the_emulator_hears(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("gcc", "g++")
    library = write_sums_project(tmp_path / "library", "arduino-nano-33-ble-sense", selftest=True, project="arduino")
    random = np.random.default_rng(5)
    loudness = np.repeat([3000.0, 0.0, 9000.0, 500.0], 12_288)
    pcm = (loudness * random.standard_normal(loudness.size)).clip(-32768, 32767).astype(np.int16)
    states = host.stream(library, pcm).states
    names = (*LABELS, "silence")
    expected = [
        "undecided" if state.decision is None else names[state.decision]
        for before, state in zip((None, *states), states, strict=False)
        if before is None or (before.windows, before.silent) != (state.windows, state.silent)
    ]
    sketch = build_sketch(library)
    first, *lines = run(sketch, "1", cwd=library, stdin=pcm.tobytes()).splitlines()
    assert first == "arena: 480 bytes" and lines[0] == "self-test: PASS, vectors: 1"
    assert lines[1].startswith("self-test of sound: PASS, ")
    heard = [re.fullmatch(r"(\d+) ms: (\w+)(?: \((.*)\))?", line) for line in lines[2:]]
    assert all(heard), lines
    assert [match[2] for match in heard if match] == expected
    assert {match[2] for match in heard if match} > {"silence"}


def test_the_led_has_the_colour_of_the_decision(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    """Red for anger, yellow for joy, cyan for calm; dark in silence, and before the first decision."""
    require_tool("gcc", "g++")
    library = write_sums_project(tmp_path / "library", "arduino-nano-33-ble-sense", project="arduino")
    pcm = np.repeat([9000.0, 0.0], 12_288) * np.random.default_rng(5).standard_normal(24_576)
    pcm = pcm.clip(-32768, 32767).astype(np.int16)
    colours = [0]
    for state in host.stream(library, pcm).states:
        colour = 0 if state.decision is None else [1, 3, 6, 0][state.decision]
        colours += [colour] * (colour != colours[-1])
    command = [build_sketch(library), "1"]
    done = subprocess.run(command, input=pcm.tobytes(), capture_output=True, check=True)
    assert [int(line) for line in done.stderr.split()] == colours and len(colours) > 2


@pytest.mark.parametrize("late_chunks", [0, 2])
def test_sound_that_comes_too_fast_is_counted(
    late_chunks: int, tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    """A half has room for a period in whole chunks; what comes in beyond that between two turns is lost."""
    require_tool("gcc", "g++")
    library = write_sums_project(tmp_path / "library", "arduino-nano-33-ble-sense", selftest=True, project="arduino")
    chunks = SPEC.stride_frames * SPEC.hop_length // 256 + 1 + late_chunks
    pcm = np.zeros(256 * chunks * 3, dtype=np.int16)
    printed = run(build_sketch(library), str(chunks), cwd=library, stdin=pcm.tobytes())
    assert re.findall(r"samples lost so far: (\d+)", printed) == [
        str(256 * late_chunks * turn) for turn in (1, 2, 3) if late_chunks
    ]
    assert "self-test: PASS" in printed and "the microphone stops" not in printed


def test_a_failing_selftest_stops(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("gcc", "g++")
    library = write_sums_project(tmp_path / "library", "arduino-nano-33-ble-sense", selftest=True, project="arduino")
    selftest = library / "src/tinyser/ser_selftest.c"
    text, count = re.subn(r"(expected_outputs\[.*\n +\{\n +)-?\d+", r"\g<1>99", selftest.read_text())
    assert count == 1
    selftest.write_text(text)
    done = subprocess.run([build_sketch(library), "1"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 3
    assert re.search(
        r"self-test: FAIL, status 3\n  vector 0, output byte 0: expected 99, got -?\d+\n"
        r"self-test of sound: PASS, \w+\nstopped",
        done.stdout,
    )


def test_an_operator_that_the_interpreters_library_lacks_is_refused(tmp_path: Path) -> None:
    model = replace(sums_model(), operators={"ADD": 1, "BATCH_MATMUL": 2})
    options = ProjectOptions(board=load_board("arduino-nano-33-ble-sense"), project="arduino", runtime="tflm")
    with pytest.raises(UnsupportedOperatorError, match="operator BATCH_MATMUL is not in Arduino_TensorFlowLite"):
        write_project(model, sums_runtime(model), options, tmp_path / "library")
    assert not list(tmp_path.iterdir())


def test_the_interpreter_is_a_library_that_the_sketch_names(tmp_path: Path) -> None:
    """The tools find a library by what the sketch includes; not all their versions compile what ends in .cc."""
    model = replace(sums_model(), operators={"ADD": 1})
    options = ProjectOptions(board=load_board("arduino-nano-33-ble-sense"), project="arduino", runtime="tflm")
    write_project(model, render_tflm(model, 1600, "/* test */", SPEC), options, library := tmp_path / "library")
    (sketch,) = (library / "examples").rglob("*.ino")
    assert "#include <TensorFlowLite.h>\n" in sketch.read_text()
    assert "depends=Arduino_TensorFlowLite\n" in (library / "library.properties").read_text()
    assert (library / "src/tinyser/ser_model_tflm.cpp").is_file() and not list(library.rglob("*.cc"))


def test_features_alone_run_on_the_desktop(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    """As they do in a project for CMake, whose folders are others."""
    require_tool("gcc")
    pcm = (3000 * np.random.default_rng(2).standard_normal(8000)).astype(np.int16)
    board = "arduino-nano-33-ble-sense"
    library = write_sums_project(tmp_path / "library", board, project="arduino")
    folders = write_sums_project(tmp_path / "folders", "mps2-an386")
    np.testing.assert_array_equal(host.feature_frames(library, pcm), host.feature_frames(folders, pcm))


def test_somebody_elses_fft_is_refused(tmp_path: Path) -> None:
    model = sums_model()
    options = ProjectOptions(board=load_board("arduino-nano-33-ble-sense"), project="arduino", fft="cmsis-dsp")
    with pytest.raises(DataError, match="--fft: got cmsis-dsp, .* allowed is own"):
        write_project(model, sums_runtime(model), options, tmp_path / "library")
    assert not list(tmp_path.iterdir())
