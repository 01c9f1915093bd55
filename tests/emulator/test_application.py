"""The application with a recording in its flash: in QEMU in real time, on the desktop at once, with equal decisions."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codegen.boards import Board, list_boards, load_board
from codegen.clip import Clip
from codegen.errors import DataError, DoesNotFitError, TinySerError
from codegen.stream_spec import StreamSpec
from tests.emulator.consoles import console_until, without_semihosting
from tests.projects import SPEC, SUMS_C, sums_model, sums_runtime, write_sums_project
from tinyser.emulator import host, qemu
from tinyser.emulator.build import find_tool
from tinyser.emulator.project_folder import load_project

HERE = Path(__file__).parent
STREAM = StreamSpec(stride_frames=5, gate_dbfs=-40, gate_seconds=0.1)
LABELS = ('say "joy"', "back\\slash", "calm\t")
JSON = "-DSER_REPORT_JSON"
END = "end of the recording"
ONE = 1 << 24
EMULATED = [board.id for board in list_boards() if board.qemu and board.ram and board.ram.bytes >= 16_384]  # it fits


def clip() -> Clip:
    """Noise, silence, a tone; no whole number of hops."""
    time = np.arange(7000)
    noise = 3000 * np.random.default_rng(1).standard_normal(7000)
    parts = [noise, np.zeros(6000), 8000 * np.sin(0.1 * time), noise[:77]]
    return Clip('a "clip" */.wav', np.concatenate(parts).astype(np.int16), SPEC.sample_rate_hz)


def heard(console: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in console.splitlines() if line.startswith("{")]


def run_in_qemu(folder: Path, board: Board, *defines: str) -> str:
    flags = replace(board, optimisation=(*board.optimisation, *defines))
    command = qemu.qemu_command(board, qemu.build_image(load_project(folder), flags, folder))
    return console_until(without_semihosting(command), END)


def expected_lines(folder: Path) -> list[dict[str, Any]]:
    """What the stream's states on the desktop are as lines."""
    result = host.stream(folder, clip().samples)
    labels = [*result.labels, "silence"]
    lines = []
    for state in result.states:
        posteriors = state.posteriors_q24
        lines.append(
            {
                "seconds": state.samples / SPEC.sample_rate_hz,
                "decision": None if state.decision is None else labels[state.decision],
                "posteriors": None
                if posteriors is None
                else {label: round(p / ONE, 3) for label, p in zip(result.labels, posteriors, strict=True)},
            }
        )
    return lines


def assert_same_decisions(lines: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """Samples come by the millisecond and not by the hop, so that a line may be later by less than that."""
    assert len(lines) == len(expected) > 4
    for line, wanted in zip(lines, expected, strict=True):
        assert line["decision"] == wanted["decision"]
        assert abs(line["seconds"] - wanted["seconds"]) <= (SPEC.hop_length + 16) / SPEC.sample_rate_hz
        assert (line["posteriors"] is None) == (wanted["posteriors"] is None)
        for label, posterior in (line["posteriors"] or {}).items():
            assert posterior == pytest.approx(wanted["posteriors"][label], abs=1.1e-3)


@pytest.mark.parametrize("board_id", EMULATED)
def test_in_qemu(board_id: str, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("arm-none-eabi-gcc", "qemu-system-arm", "gcc")
    board = load_board(board_id)
    folder = write_sums_project(tmp_path / "project", board, stream=STREAM, clip=clip(), labels=LABELS)
    console = run_in_qemu(folder, board, JSON)
    lines = heard(console)
    assert_same_decisions(lines, expected_lines(folder))
    assert all(line["lost_samples"] == 0 for line in lines)
    assert any(line["features_ms"] for line in lines) and any(line["inference_ms"] for line in lines)
    assert "self-test: PASS" in console and "self-test of sound: PASS (64 features, " in console
    assert f"{END} (status 0)" in console


def test_built_with_cmake(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("gcc", "cmake")
    folder = write_sums_project(tmp_path / "project", "host", stream=STREAM, clip=clip(), labels=LABELS)
    build = tmp_path / "build"
    toolchain = f"-DCMAKE_TOOLCHAIN_FILE={folder / 'cmake' / 'toolchain.cmake'}"
    subprocess.run(["cmake", "-S", folder, "-B", build, toolchain, "-DSER_REPORT_JSON=ON"], check=True)
    subprocess.run(["cmake", "--build", build], check=True)
    console = subprocess.run([build / "firmware"], capture_output=True, text=True, check=True).stdout
    assert_same_decisions(heard(console), expected_lines(folder))


@pytest.mark.parametrize("defines", [(), (JSON,)])
def test_on_the_desktop(defines: tuple[str, ...], tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("gcc")
    folder = write_sums_project(tmp_path / "project", "host", stream=STREAM, clip=clip(), labels=LABELS)
    project = load_project(folder)
    sources = [str(folder / name) for name in (*project.portable_sources, *project.board_sources)]
    includes = [f"-I{folder / name}" for name in ("model", "features", "app", "board")]
    warnings = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-ffp-contract=off"]
    sanitized = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    program = tmp_path / "firmware"
    command = [find_tool("gcc"), "-O1", *warnings, *sanitized, *defines, *includes, *sources, "-o", str(program)]
    subprocess.run(command, check=True)
    console = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    if defines:
        assert_same_decisions(heard(console), expected_lines(folder))
    else:
        lines = [line for line in console.splitlines() if " s: " in line]
        assert [line.split(" s: ")[1].split(" (")[0].split(";")[0] for line in lines] == [
            line["decision"] or "undecided" for line in expected_lines(folder)
        ]
    assert console.endswith(f"{END} (status 0)\n")


def test_typing_and_failing_on_the_desktop(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    """Lines typed whole, cut, taken back and empty; slow printing loses samples; faults have a status."""
    require_tool("gcc")
    model = (HERE / "faulty_model.c").read_text()
    options: dict[str, Any] = {"source": model, "stream": STREAM, "clip": clip(), "labels": LABELS, "selftest": True}
    folder = write_sums_project(tmp_path / "project", "host", **options)
    (folder / "app/typing.c").write_text((HERE / "typing.c").read_text())
    project = load_project(folder)
    sources = [*project.portable_sources, *(name for name in project.board_sources if name.startswith("app/"))]
    sources.remove("app/main.c")
    includes = [f"-I{name}" for name in project.include_dirs]
    flags = ["-O1", "-std=c99", "-ffp-contract=off", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    command = ["gcc", *flags, *includes, "app/typing.c", *sources, "-o", "firmware"]
    subprocess.run(command, cwd=folder, check=True)
    console = subprocess.run([folder / "firmware"], capture_output=True, text=True, check=True).stdout
    first, *parts = re.split(r"fault \d\n", console)
    failing = dict(zip((6, 5, 4, 3, 2, 1, 0), parts, strict=True))
    assert first == "failures 0\n"
    assert failing[1] == "model: not ready (status 4)\nexit 1\n"
    for fault, status in {2: 3, 3: 2, 5: 3, 6: 3}.items():
        assert f"self-test: FAIL (status {status})" in failing[fault]
        assert "self-test of sound: " in failing[fault] and failing[fault].endswith("exit 1\n")
    assert re.search(r"self-test: FAIL \(vector 0, output byte 1, expected -?\d+, got 77\)", failing[4])
    heard = failing[0]
    assert heard.count("stats: ") == 2 and heard.count("commands: help, selftest, stats") == 1
    assert heard.count("self-test: PASS (1 vectors)") == 2 and "lost samples 0" in heard
    assert re.search(r"lost samples [1-9]\d*", heard) and heard.endswith("exit 0\n")


def test_lost_samples_are_counted_and_nothing_waits(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    """An inference that takes longer than the ring holds."""
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    board = load_board("mps2-an386")
    slow = SUMS_C.replace(
        "ser_status_t ser_model_invoke(void)\n{",
        "ser_status_t ser_model_invoke(void)\n{\n    for (volatile uint32_t i = 0; i < 6000000u; ++i) {\n    }",
    )
    assert slow != SUMS_C
    folder = write_sums_project(tmp_path / "project", board, source=slow, stream=STREAM, clip=clip())
    lines = heard(run_in_qemu(folder, board, JSON, "-DSER_SOUND_BUFFER_MS=15"))
    assert lines[-1]["lost_samples"] > 1000
    assert max(line["inference_ms"] or 0 for line in lines) > 20
    assert lines[-1]["seconds"] < len(clip().samples) / SPEC.sample_rate_hz


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        (
            {"project": "zephyr", "board": "nucleo-f446re"},
            DataError,
            "zephyr has an application of its own, allowed",
        ),
        (
            {"clip": Clip("x.wav", np.zeros(9, np.int16), 8000)},
            DataError,
            r"x\.wav: got 8000 Hz, the features take 16000",
        ),
        (
            {"board": "stm32vldiscovery", "clip": Clip("x.wav", np.zeros(70_000, np.int16), 16000)},
            DoesNotFitError,
            "needs at least 140000 bytes of flash",
        ),
    ],
)
def test_refusals(settings: dict[str, Any], error: type[TinySerError], message: str, tmp_path: Path) -> None:
    with pytest.raises(error, match=message):
        write_sums_project(tmp_path / "project", **{"clip": clip(), **settings})
    assert not (tmp_path / "project").exists()


def test_a_clip_of_nothing() -> None:
    with pytest.raises(DataError, match=r"--clip empty\.wav: holds no samples"):
        Clip("empty.wav", np.zeros(0, np.int16), 16000)


def test_a_model_that_takes_no_sound(tmp_path: Path) -> None:
    from codegen.project import ProjectOptions, write_project

    model = replace(sums_model(), card=None)
    options = ProjectOptions(board=load_board("host"), clip=clip())
    with pytest.raises(DataError, match="the model takes no sound"):
        write_project(model, sums_runtime(model), options, tmp_path / "project")
