"""The bill of materials: valid by CycloneDX's own schema, complete, and true to the files that lie beside it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from codegen.boards import load_board
from codegen.project import ProjectOptions, write_project
from codegen.sbom import FILE_NAME
from tests.projects import LABELS, sums_model, sums_runtime, write_sums_project

HOSTILE = 'x */ #error "no" \\\n${HOME} ??/ "; é'


def bill(folder: Path) -> dict:  # type: ignore[type-arg]
    text = (folder / FILE_NAME).read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    found: dict = json.loads(text)  # type: ignore[type-arg]
    return found


@pytest.mark.parametrize(
    ("board", "project", "brought"),
    [
        ("mps2-an386", "cmake", set()),
        ("arduino-nano-33-ble-sense", "arduino", {"Arduino core"}),
        ("mps2-an385", "zephyr", {"Zephyr"}),
        ("rpi-pico", "pico-sdk", {"Raspberry Pi Pico SDK"}),
        ("nucleo-f446re", "platformio", {"PlatformIO framework"}),
    ],
)
def test_lists_every_file_the_model_and_what_the_user_brings(
    board: str, project: str, brought: set[str], tmp_path: Path
) -> None:
    folder = write_sums_project(tmp_path / "project", board, selftest=True, project=project)
    components = bill(folder)["components"]
    hashes = {c["name"]: c["hashes"][0]["content"] for c in components if c["type"] == "file"}
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    del files[FILE_NAME]
    assert hashes == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    (model,) = (c for c in components if c["type"] == "machine-learning-model")
    assert model["hashes"] == [{"alg": "SHA-256", "content": sums_model().sha256}]
    assert {c["name"] for c in components if c["type"] == "library"} == brought


def test_a_library_for_the_fft_is_named(tmp_path: Path) -> None:
    model = sums_model()
    options = ProjectOptions(board=load_board("mps2-an386"), labels=LABELS, fft="cmsis-dsp")
    write_project(model, sums_runtime(model), options, tmp_path / "project")
    names = {c["name"] for c in bill(tmp_path / "project")["components"] if c["type"] == "library"}
    assert names == {"CMSIS-DSP"}


def test_names_out_of_a_model_are_data(tmp_path: Path) -> None:
    model = sums_model(name=HOSTILE)
    write_project(model, sums_runtime(model), ProjectOptions(board=load_board("host")), tmp_path / "project")
    (found,) = (c for c in bill(tmp_path / "project")["components"] if c["type"] == "machine-learning-model")
    assert found["name"] == HOSTILE


def test_another_model_gives_another_serial_number(tmp_path: Path) -> None:
    serials = set()
    for name in ("one", "two"):
        model = sums_model(name=name)
        write_project(model, sums_runtime(model), ProjectOptions(board=load_board("host")), tmp_path / name)
        serials.add(bill(tmp_path / name)["serialNumber"])
    assert len(serials) == 2
