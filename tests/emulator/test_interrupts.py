"""Public functions called in the middle of one another: a status, and what they came into ends as without them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.boards import load_board
from codegen.direct import render_direct
from codegen.ir import Model
from codegen.model_card import ModelCard
from codegen.project import ProjectOptions, generate_project, write_project
from codegen.read_tflite import parse_tflite, read_tflite
from fuzzing.models import hearing_model
from tests.emulator.test_ring_stream import EXAMPLE
from tests.emulator.test_tflm import flat_model
from tests.fuzzing.test_fuzz_programs import UTTERANCE
from tests.generated import SANITIZED
from tests.projects import LABELS
from tinyser.emulator.project_folder import load_project

HERE = Path(__file__).parent
MODELS: dict[str, Callable[[], Model]] = {
    "frames beside the model": lambda: parse_tflite(hearing_model()),
    "frames in the model's input": lambda: read_tflite(EXAMPLE),
    "an utterance": lambda: parse_tflite(hearing_model(ModelCard(name="it", labels=LABELS, features=UTTERANCE))),
}


def run_program(command: list[str], folder: Path) -> None:
    done = subprocess.run([*command, "-o", "program"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    done = subprocess.run([folder / "program"], capture_output=True, text=True)
    assert done.returncode == 0, f"exit status {done.returncode}\n{done.stderr}"


@pytest.mark.parametrize(("name", "arithmetic"), zip(MODELS, ("float", "fixed", "fixed"), strict=True))
def test_sound_features_and_model(
    name: str, arithmetic: str, tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    require_tool("gcc")
    model = MODELS[name]()
    assert model.card is not None
    files = render_direct(model, "/* test */", features=model.card.features, counts_layers=True)
    assert files.reads_ring == (name == "frames in the model's input")
    options = ProjectOptions(board=load_board("host"), arithmetic=arithmetic)
    folder = write_project(model, files, options, tmp_path / "project").folder
    (folder / "app/interrupt.c").write_text((HERE / "interrupt.c").read_text())
    project = load_project(folder)
    sources = [name for name in project.portable_sources if not name.endswith(("ser_mel.c", "main.c"))]
    includes = [f"-I{name}" for name in project.include_dirs]
    run_program(["gcc", *SANITIZED, *includes, "app/interrupt.c", *sources], folder)


def test_the_interpreter(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    """Runtime `tflm` around a library that calls back, and that fails wherever it can: a status of each."""
    require_tool("g++")
    options = ProjectOptions(board=load_board("mps2-an386"), runtime="tflm")
    folder = generate_project(parse_tflite(flat_model()), options, tmp_path / "project", 8192).folder
    definitions = ["-DTF_LITE_STATIC_MEMORY", "-DAS_THE_LIBRARY_WAS_BUILT", "-DADD_STATUS=add_status()"]
    warnings = ["-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsanitize=address,undefined"]
    includes = ["-Imodel", f"-I{HERE / 'tflm_tree'}"]
    sources = ["model/ser_model_tflm.cc", "model/model_data.cc", str(HERE / "tflm_statuses.cc")]
    run_program(["g++", "-O1", "-g", *warnings, *definitions, *includes, *sources], folder)
