"""The self-test from sound to decision: it passes where all is well, and names the first difference where not."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import load_board
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import read_tflite
from codegen.selftest_sound import selftest_pcm, selftest_sound
from tests.features.front_ends import SCALE, SPECS, ZERO_POINT, write_front_end
from tests.projects import INPUT, SPEC, write_sums_project
from tinyser.emulator import host
from tinyser.emulator.build import find_tool
from tinyser.emulator.project_folder import load_project

RING_MODEL = Path(__file__).parents[2] / "examples" / "emodb-conformer" / "model.tflite"
NUMBER = r"-?\d+"


@pytest.fixture(autouse=True)
def compiler(require_tool: Callable[..., None]) -> None:
    require_tool("gcc")


def console(folder: Path, path: str = "app/main.c", pattern: str = "", changed: str = "") -> str:
    """What a project for the desktop prints, with one place of one file changed."""
    text, count = re.subn(pattern, changed, (folder / path).read_text(), count=1) if pattern else ("", 0)
    if pattern:
        assert count == 1, f"{path} has no {pattern}"
        (folder / path).write_text(text)
    project = load_project(folder)
    sources = [str(folder / name) for name in (*project.portable_sources, *project.board_sources)]
    flags = ["-O1", "-std=c99", "-ffp-contract=off", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    includes = [f"-I{folder / name}" for name in project.include_dirs]
    program = folder / "firmware"
    subprocess.run([find_tool("gcc"), *flags, *includes, *sources, "-o", str(program)], check=True)
    return subprocess.run([program], capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("arithmetic", ["float", "fixed"])
def test_passes(arithmetic: str, tmp_path: Path) -> None:
    folder = write_sums_project(tmp_path / "project", "host", selftest=True, arithmetic=arithmetic)
    lines = console(folder).splitlines()
    assert lines[2] == "self-test: PASS (1 vectors)"
    assert re.fullmatch(r"self-test of sound: PASS \(64 features, (anger|joy|calm)\)", lines[3])


@pytest.mark.parametrize(
    ("path", "pattern", "changed", "difference"),
    [
        ("app/ser_selftest_sound.c", r"(highest\[FEATURES\] = \{\n +)-?\d+", r"\g<1>-128", r"feature 0, expected -128"),
        ("features/ser_features_tables.c", r"0\.001\d+f", "0.9f", rf"feature \d+, expected {NUMBER}"),
        ("app/ser_classifier.c", r"(_window\(&features, input\);)", r"\1 ++input[7];", r"posterior byte \d, expected"),
        ("app/ser_classifier.c", r"(\[other\]) > ", r"\1 < ", r"label 0, expected \d"),
        ("app/ser_classifier.c", r"due \? run_clip_window\(\) : SER_OK", r"due ? SER_OK : SER_OK", "status 2"),
    ],
)  # fmt: skip
def test_names_the_first_difference(path: str, pattern: str, changed: str, difference: str, tmp_path: Path) -> None:
    printed = console(write_sums_project(tmp_path / "project", "host"), path, pattern, changed)
    assert "self-test: PASS (0 vectors)" in printed
    assert re.search(rf"self-test of sound: FAIL \({difference}.*\)", printed), printed


def test_a_ring_read_from_another_row(tmp_path: Path) -> None:
    options = ProjectOptions(board=load_board("host"))
    folder = Path(generate_project(read_tflite(RING_MODEL), options, tmp_path / "project").folder)
    assert "self-test of sound: PASS (160 features" in console(folder)
    broken = r"ser_features_oldest_row\(&features\)"
    printed = console(folder, "app/ser_classifier.c", broken, "(ser_features_oldest_row(&features) - 1u)")
    assert re.search(r"self-test of sound: FAIL \(posterior byte \d, expected", printed), printed


@pytest.mark.parametrize("arithmetic", ["float", "fixed"])
@pytest.mark.parametrize("name", ["default", "odd sizes", "utterance, mfcc, deltas", "everything"])
def test_the_reference_allows_what_the_code_gives(name: str, arithmetic: str, tmp_path: Path) -> None:
    spec = SPECS[name]
    sound = selftest_sound(spec, SCALE, ZERO_POINT, arithmetic)
    project, pcm = write_front_end(tmp_path, spec, arithmetic), selftest_pcm(sound.samples)
    if spec.normalisation == "utterance":
        frames = host.feature_windows(project, pcm).reshape(-1, spec.features)[-sound.frames :]
    else:
        frames = host.feature_frames(project, pcm)
    assert np.all((frames >= sound.lowest) & (frames <= sound.highest))
    assert frames.shape == (4, spec.features) and len(np.unique(frames)) > 20


def test_most_features_have_one_value_in_float() -> None:
    sound = selftest_sound(SPEC, INPUT.scale, INPUT.zero_point, "float")
    difference = sound.highest.astype(int) - sound.lowest
    assert difference.max() <= 1 and difference.mean() < 0.1
    assert sound.flash_bytes == 2 * 64
