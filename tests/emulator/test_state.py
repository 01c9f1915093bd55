"""Models with state: every runtime keeps it through a sequence, forgets it on a reset, and starts rows afresh."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import load_board
from codegen.model_card import ModelCard, SelfTest
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import parse_tflite
from tests.cli.test_generate_emulate import noise, save_wav, tinyser
from tests.ops.lstm import Lstm
from tests.ops.test_svdf import Svdf
from tests.projects import INPUT, LABELS, SPEC
from tests.reference_runtimes import run_tflm
from tests.tflite_builder import ModelBuilder
from tinyser.emulator import host
from tinyser.emulator.project_folder import load_project
from tinyser.runtimes.tflite_reference import run_reference

FIRST = Lstm(batch=1, steps=30, inputs=16, units=6, input_scale=1 / 32, input_zero_point=-5)
SECOND = Lstm(batch=1, steps=30, inputs=6, units=4, input_scale=1 / 128, seed=1, drive=3.0)
LAST = Svdf(batch=1, inputs=120, units=3, rank=1, memory=4, input_scale=1 / 128, spread=0.5)


def stateful_model(selftest: SelfTest | None = None) -> bytes:
    """(1, 30, 16) -> LSTM -> LSTM -> RESHAPE -> SVDF -> (1, 3), with features and labels in its card."""
    builder = ModelBuilder()
    given, hidden = FIRST.add(builder)
    _, sequence = SECOND.add(builder, {0: hidden})
    flat = builder.tensor("flat", (1, LAST.inputs), scale=SECOND.hidden_scale)
    builder.op("RESHAPE", [sequence, builder.constant("shape", [1, LAST.inputs])], [flat], new_shape=[1, LAST.inputs])
    _, output = LAST.add(builder, {0: flat})
    card = ModelCard(name="stateful", labels=LABELS, features=SPEC, selftest=selftest)
    return builder.build([given], [output], {"TINYSER": card.dumps().encode()})


def rows(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(-128, 128, (count, INPUT.size)).astype(np.int8)


def by_tflm(batch: np.ndarray, keep_state: bool = False) -> np.ndarray:
    given = [[row.reshape(INPUT.shape)] for row in batch]
    return np.concatenate([tensor for (tensor,) in run_tflm(stateful_model(), given, keep_state)])


@pytest.fixture(scope="module", autouse=True)
def tools(require_tool: Callable[..., None], require_module: Callable[..., None]) -> None:
    require_tool("gcc")
    require_module("tflite_micro")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its self-test is the first row on a reset model."""
    selftest = SelfTest(rows(5)[0].tobytes(), by_tflm(rows(5)[:1]).tobytes())
    model = parse_tflite(stateful_model(selftest))
    options = ProjectOptions(board=load_board("mps2-an386"))
    return generate_project(model, options, tmp_path_factory.mktemp("state") / "project").folder


@pytest.fixture
def library(project: Path, tmp_path: Path) -> Iterator[ctypes.CDLL]:
    """The project's C, initialised."""
    from _ctypes import dlclose

    loaded = load_project(project)
    built = host.build_library(loaded, loaded.portable_sources, tmp_path, host.find_compiler(), sanitize=False)
    library = ctypes.CDLL(str(built))
    for function in (library.ser_model_input, library.ser_model_output):
        function.restype, function.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    assert library.ser_model_init() == 0
    yield library
    dlclose(library._handle)


def invoke(library: ctypes.CDLL, row: np.ndarray) -> list[int]:
    ctypes.memmove(library.ser_model_input(0), row.tobytes(), row.size)
    assert library.ser_model_invoke() == 0
    return np.frombuffer(ctypes.string_at(library.ser_model_output(0), 3), np.int8).tolist()


def test_the_model_remembers() -> None:
    """Else nothing below would tell anything."""
    assert (by_tflm(rows(5), keep_state=True)[1:] != by_tflm(rows(5))[1:]).any(axis=1).all()


@pytest.mark.parametrize("keep_state", [False, True])
@pytest.mark.parametrize("place", ["host", "qemu", "tflm"])
def test_emulators_agree(place: str, keep_state: bool, project: Path, require_tool: Callable[..., None]) -> None:
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    emulator = import_module(f"tinyser.emulator.{place}")
    got = emulator.run(project, rows(5), keep_state=keep_state).outputs
    np.testing.assert_array_equal(got, by_tflm(rows(5), keep_state))


def test_sanitizers_find_nothing(project: Path) -> None:
    got = host.run(project, rows(5), keep_state=True, sanitize=True).outputs
    np.testing.assert_array_equal(got, by_tflm(rows(5), keep_state=True))


def test_tflite_starts_rows_afresh(project: Path, require_module: Callable[..., None]) -> None:
    require_module("tensorflow")
    twice = np.repeat(rows(1), 2, axis=0)
    first, second = run_reference(load_project(project).model_file, twice)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("forget", ["ser_model_reset", "ser_model_init"])
def test_forgetting_in_the_middle(forget: str, library: ctypes.CDLL) -> None:
    batch = rows(5)
    sequence = [invoke(library, row) for row in batch[:3]]
    assert getattr(library, forget)() == 0
    sequence += [invoke(library, row) for row in batch[3:]]
    parts = [by_tflm(part, keep_state=True) for part in (batch[:3], batch[3:])]
    assert sequence == np.concatenate(parts).tolist()


def test_selftest_neither_sees_nor_leaves_state(library: ctypes.CDLL) -> None:
    class Result(ctypes.Structure):
        """`ser_selftest_result_t`."""

        _fields_ = (
            *((name, ctypes.c_size_t) for name in ("vectors", "vector", "byte")),
            *((name, ctypes.c_int8) for name in ("expected", "actual")),
        )

    batch, result = rows(5), Result()
    for row in batch[1:]:
        invoke(library, row)
    assert library.ser_selftest_run(ctypes.byref(result)) == 0
    assert result.vectors == 1
    assert invoke(library, batch[1]) == by_tflm(batch[1:2])[0].tolist()


@pytest.mark.parametrize("place", ["host", "qemu", "tflm"])
def test_each_window_of_a_clip_is_an_input_of_its_own(
    place: str, project: Path, require_tool: Callable[..., None]
) -> None:
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    windows = host.feature_windows(load_project(project), noise(16000))
    assert len(windows) > 3
    result = import_module(f"tinyser.emulator.{place}").classify(project, noise(16000))
    np.testing.assert_array_equal(result.emulation.outputs, by_tflm(windows))


def test_command_line(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "x.npy", rows(5))
    arguments = ("emulate", project, "--on", "host", "--output", tmp_path / "y.npy", "--json", "--input")
    assert tinyser(*arguments, tmp_path / "x.npy") == 0
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), by_tflm(rows(5)))
    assert tinyser(*arguments, tmp_path / "x.npy", "--keep-state") == 0
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), by_tflm(rows(5), keep_state=True))
    json.loads(capsys.readouterr().out.splitlines()[-1])
    clip = save_wav(tmp_path / "clip.wav", noise(9000))
    assert tinyser(*arguments, clip, "--keep-state") == 2
    assert "--keep-state: got with the recording" in capsys.readouterr().err


def test_the_readme_says_so(project: Path) -> None:
    text = (project / "README.md").read_text()
    assert "Call `ser_model_reset` before each new sequence; `ser_classifier` does before each window." in text
