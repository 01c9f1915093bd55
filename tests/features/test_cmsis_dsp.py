"""`--fft cmsis-dsp` with CMSIS-DSP's own sources: on the desktop, on an emulated Cortex-M4F, and by CMake."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import load_board
from codegen.cmsis_dsp import ROOT_VARIABLE
from codegen.errors import ToolError
from codegen.project import ProjectOptions, write_project
from tests.conftest import CHECKOUT
from tests.features.front_ends import SPECS, reference_frames, signals, write_front_end
from tests.projects import SUMS_C, sums_model, sums_runtime
from tinyser.emulator import host, qemu
from tinyser.emulator.project_folder import load_project


def write_whole_project(folder: Path, board: str) -> Path:
    model = sums_model()
    options = ProjectOptions(board=load_board(board), arithmetic="float", fft="cmsis-dsp")
    write_project(model, sums_runtime(model, SUMS_C), options, folder)
    return folder


@pytest.mark.parametrize("name", ["default", "kaldi", "hamming, slaney, 1024 points", "64 points"])
def test_frames_equal_the_numpy_reference(
    name: str, tmp_path: Path, cmsis_dsp: Path, monkeypatch: pytest.MonkeyPatch, require_tool: Callable[..., None]
) -> None:
    require_tool("gcc")
    monkeypatch.setenv(ROOT_VARIABLE, str(cmsis_dsp))
    pcm = np.concatenate(list(signals().values()))
    frames = host.feature_frames(write_front_end(tmp_path, SPECS[name], fft="cmsis-dsp"), pcm)
    difference = np.abs(frames.astype(int) - reference_frames(pcm, SPECS[name]))
    assert difference.max() <= 1
    assert np.mean(difference == 0) > 0.999


def test_a_clip_on_a_cortex_m(
    tmp_path: Path, cmsis_dsp: Path, monkeypatch: pytest.MonkeyPatch, require_tool: Callable[..., None]
) -> None:
    require_tool("gcc", "arm-none-eabi-gcc", "qemu-system-arm")
    monkeypatch.setenv(ROOT_VARIABLE, str(cmsis_dsp))
    project = load_project(write_whole_project(tmp_path / "project", "mps2-an386"))
    emulated, expected = (runner.classify(project, signals()["chirp"]) for runner in (qemu, host))
    np.testing.assert_array_equal(emulated.emulation.outputs, expected.emulation.outputs)


def test_own_front_end_takes_fewer_instructions(cmsis_dsp: Path, require_tool: Callable[..., None]) -> None:
    """512 points, 40 mel bins, on a Cortex-M4F: below CMSIS-DSP's chain, however that is compiled."""
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    command = [sys.executable, str(CHECKOUT / "benchmarks/features/instructions.py"), str(cmsis_dsp)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8")
    rows = [line.strip("│").split("│") for line in done.stdout.splitlines() if line.startswith("│")]
    assert len(rows) == 3
    for _, *cells in rows:
        own, *peers = (int(cell.replace(",", "")) for cell in cells)
        assert 0 < own < 0.7 * min(peers)


def configure(project: Path, build: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = ["cmake", "-S", str(project), "-B", str(build), "-G", "Ninja", *options]
    return subprocess.run(command, capture_output=True, text=True)


def test_cmake_builds_it(
    tmp_path: Path, cmsis_dsp: Path, monkeypatch: pytest.MonkeyPatch, require_tool: Callable[..., None]
) -> None:
    require_tool("cmake", "ninja", "arm-none-eabi-gcc")
    monkeypatch.delenv(ROOT_VARIABLE, raising=False)
    project = write_whole_project(tmp_path / "project", "mps2-an386")
    toolchain = f"-DCMAKE_TOOLCHAIN_FILE={project / 'cmake/toolchain.cmake'}"
    refused = configure(project, tmp_path / "without", toolchain)
    assert refused.returncode != 0
    assert "Set CMSISDSP_ROOT to the folder of CMSIS-DSP" in refused.stderr
    configured = configure(project, tmp_path / "with", toolchain, f"-DCMSISDSP_ROOT={cmsis_dsp}")
    assert configured.returncode == 0, configured.stderr
    built = subprocess.run(["cmake", "--build", str(tmp_path / "with")], capture_output=True, text=True)
    assert built.returncode == 0, built.stdout


@pytest.mark.parametrize("named, got", [("", "nothing"), ("/nowhere", "'/nowhere', which lacks Source/")])
def test_no_cmsis_dsp(named: str, got: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, named)
    project = write_front_end(tmp_path, SPECS["default"], fft="cmsis-dsp")
    with pytest.raises(ToolError, match=rf"^CMSISDSP_ROOT: got {got}.*; set it to a folder of CMSIS-DSP"):
        host.feature_frames(project, np.zeros(400, np.int16))
