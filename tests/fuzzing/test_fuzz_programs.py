"""A desktop project's `fuzz/`: the README's commands, thousands of inputs without a fault, and planted faults found."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.boards import load_board
from codegen.feature_spec import FeatureSpec
from codegen.model_card import ModelCard
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import parse_tflite
from fuzzing.models import hearing_model
from tests.codegen.models import dense_model, wide_inside
from tests.conftest import CHECKOUT
from tests.emulator.test_state import stateful_model
from tests.projects import LABELS, SPEC
from tinyser.emulator.project_folder import load_project

INPUTS = 3000
PROGRAMS = ("fuzz_model", "fuzz_features", "fuzz_classifier")
UTTERANCE = FeatureSpec(**{**SPEC.to_json(), "normalisation": "utterance", "deltas": 1, "mel_bins": 8})


@pytest.fixture
def needs_clang(require_tool: Callable[..., None]) -> None:
    require_tool("clang", "cmake")


def project(folder: Path, model: bytes, arithmetic: str = "auto", board: str = "host") -> Path:
    options = ProjectOptions(board=load_board(board), arithmetic=arithmetic)
    return generate_project(parse_tflite(model), options, folder).folder


def build(folder: Path, program: str, driver: Path | None = None) -> Path:
    """The program, by clang alone: faster than by CMake, with its flags. By gcc, with a `driver` for libFuzzer."""
    parsed = load_project(folder)
    cmake = (folder / "fuzz/CMakeLists.txt").read_text()
    sources = re.search(rf"add_executable\({program}\n(.*?)\)", cmake, re.DOTALL).group(1).split()
    sanitizers = re.search(r"set\(SANITIZERS (.*)\)", cmake).group(1).split()
    warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
    includes = [f"-I../{name}" for name in parsed.include_dirs]
    if driver is not None:
        sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-I."]
        sources.append(str(driver))
    compiler = "gcc" if driver else "clang"
    command = [compiler, "-std=c99", "-O1", "-g", *warnings, *sanitizers, *includes, *sources, "-o", program]
    subprocess.run(command, cwd=folder / "fuzz", check=True)
    return folder / "fuzz" / program


def fuzz(program: Path, *options: str, inputs: int = INPUTS) -> subprocess.CompletedProcess[str]:
    command = [program, f"-runs={inputs}", "-seed=1", "-max_len=2048", "-timeout=60", *options]
    return subprocess.run(command, cwd=program.parent, capture_output=True, text=True, errors="replace")


def test_the_commands_of_the_readme(
    tmp_path: Path, needs_clang: None, monkeypatch: pytest.MonkeyPatch, require_tool: Callable[..., None]
) -> None:
    """CMake builds what the other tests build by themselves."""
    folder = project(tmp_path / "project", hearing_model())
    readme = (folder / "README.md").read_text()
    commands = re.findall(r"^(?:CC=clang )?(cmake .*build-fuzz.*)$", readme, re.MULTILINE)
    assert len(commands) == 2
    monkeypatch.setenv("CC", "clang")
    for command in commands:
        done = subprocess.run(command.split(), cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    programs = re.findall(r"^(build-fuzz/fuzz/\w+) -max_total_time=60$", readme, re.MULTILINE)
    assert {Path(name).name for name in programs} == set(PROGRAMS)
    for name in programs:
        assert fuzz(folder / name, inputs=200).returncode == 0
    monkeypatch.setenv("CC", "gcc")
    refused = ["cmake", "-S", ".", "-B", "with-gcc", "-DSER_FUZZ=ON"]
    done = subprocess.run(refused, cwd=folder, capture_output=True, text=True)
    assert done.returncode != 0 and "SER_FUZZ needs clang" in done.stderr


@pytest.mark.parametrize("arithmetic", ["float", "fixed"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_no_fault(program: str, arithmetic: str, tmp_path: Path, needs_clang: None) -> None:
    folder = project(tmp_path / "project", hearing_model(), arithmetic)
    done = fuzz(build(folder, program))
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"Done {INPUTS} runs" in done.stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_fault_by_gcc(program: str, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    """Another compiler's sanitizers, and inputs that no coverage leads."""
    require_tool("gcc")
    folder = project(tmp_path / "project", hearing_model(), "fixed")
    built = build(folder, program, CHECKOUT / "tests/fuzzing/drive.c")
    done = subprocess.run([built], capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize("arithmetic", ["float", "fixed"])
def test_no_fault_of_an_utterance(arithmetic: str, tmp_path: Path, needs_clang: None) -> None:
    card = ModelCard(name="hearing", labels=LABELS, features=UTTERANCE)
    folder = project(tmp_path / "project", hearing_model(card), arithmetic)
    for program in PROGRAMS[1:]:
        done = fuzz(build(folder, program), inputs=1000)
        assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize("make", [dense_model, wide_inside, stateful_model])
def test_no_fault_of_other_models(make: Callable[[], bytes], tmp_path: Path, needs_clang: None) -> None:
    """Without features there is one program; regions of rows; state."""
    folder = project(tmp_path / "project", make())
    assert (folder / "features").exists() == (folder / "fuzz/fuzz_features.c").exists()
    done = fuzz(build(folder, "fuzz_model"), inputs=500)
    assert done.returncode == 0, done.stderr[-3000:]


RUNNING = "    phase = RUNNING;\n"
FIRST_BYTE = "ser_model_input(0)[0]"
# name -> program, file, a pattern of what is there, what comes in its place, a pattern of what is reported
PLANTED = {
    "a write behind the arena": (
        *("fuzz_model", "model/ser_model.c", RUNNING),
        f"{RUNNING}    arena.bytes[SER_MODEL_ARENA_BYTES - 1u + ({FIRST_BYTE} == 7 ? 4u : 0u)] = 1;\n",
        "AddressSanitizer: global-buffer-overflow|index 1035 out of bounds",
    ),
    "a sum beyond 32 bits": (
        *("fuzz_model", "model/ser_model.c", RUNNING),
        f"{RUNNING}    const volatile int32_t sum = INT32_MAX - 100 + {FIRST_BYTE};\n    (void)sum;\n",
        "signed integer overflow",
    ),
    "what lay in the arena before": (
        *("fuzz_model", "model/ser_model.c", RUNNING),
        f"{RUNNING}    {FIRST_BYTE} = arena.bytes[SER_MODEL_ARENA_BYTES - 1u];\n",
        "not so: memcmp",
    ),
    "a row too many": (
        *("fuzz_features", "features/ser_features.c", r"next_row \+ 1u < CONTEXT_FRAMES", "next_row < CONTEXT_FRAMES"),
        r"guard\[index\] == FUZZ_GUARD_VALUE|frame >= ring|out of bounds|AddressSanitizer",
    ),
    "a sample too many": (
        *("fuzz_features", "features/ser_features.c", r"taken \* sizeof pcm", "(taken + 1u) * sizeof pcm"),
        "AddressSanitizer: heap-buffer-overflow",
    ),
    "posteriors of no windows": (
        *("fuzz_classifier", "app/ser_classifier.c", r"!decision.smoothing : of_windows == 0u", "false : false"),
        "division by zero|not so",
    ),
    "no check of a pointer": (
        *("fuzz_classifier", "app/ser_classifier.c", r"label == NULL", "false"),
        "not so|null pointer|SEGV",
    ),
    "a model that is ready from the start": (
        *("fuzz_model", "model/ser_model.c", r"if \(phase != READY\)(?=.*\n.*\n.*\n    phase = RUNNING)", "if (false)"),
        r"ser_model_invoke\(\) == SER_ERROR_NOT_READY",
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_faults_are_found(name: str, tmp_path: Path, needs_clang: None) -> None:
    program, file, old, new, report = PLANTED[name]
    folder = project(tmp_path / "project", hearing_model())
    path = folder / file
    changed, count = re.subn(old, lambda found: new, path.read_text(), count=1)
    assert count == 1, "the fault has nowhere to go"
    path.write_text(changed.replace('#include "ser_model.h"\n', '#include "ser_model.h"\n#include <stdbool.h>\n', 1))
    done = fuzz(build(folder, program), "-len_control=0", inputs=20_000)
    assert done.returncode != 0, "not found"
    assert re.search(report, done.stderr), done.stderr[-3000:]


def test_an_interrupt_in_the_middle_of_an_inference(tmp_path: Path, needs_clang: None) -> None:
    """What it calls answers with a status, and the inference that it came into ends as if it had not come."""
    from codegen.direct import render_direct
    from tests.generated import SANITIZED

    files = render_direct(parse_tflite(dense_model()), "/* test */", counts_layers=True).files
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(str(content))
    (tmp_path / "interrupt.c").write_text(
        '#include "ser_model.h"\n#include <string.h>\n'
        "void ser_layer_done(size_t layer);\nstatic int refused;\n"
        "void ser_layer_done(size_t layer) {\n    (void)layer;\n"
        "    refused += ser_model_invoke() == SER_ERROR_NOT_READY && ser_model_reset() == SER_ERROR_NOT_READY &&\n"
        "               ser_model_init() == SER_ERROR_NOT_READY && ser_model_input(0) != NULL;\n}\n"
        "int main(void) {\n    if (ser_model_init() != SER_OK) {\n        return 1;\n    }\n"
        "    memset(ser_model_input(0), 5, SER_MODEL_INPUT_0_BYTES);\n"
        "    if (ser_model_invoke() != SER_OK || refused != 2) {\n        return 2;\n    }\n"
        "    return ser_model_reset() == SER_OK ? 0 : 3;\n}\n"
    )
    sources = [str(path) for path in tmp_path.rglob("*.c")]
    program = tmp_path / "interrupt"
    subprocess.run(["clang", *SANITIZED, f"-I{tmp_path / 'model'}", *sources, "-o", program], check=True)
    assert subprocess.run([program], check=False).returncode == 0


def test_only_where_all_that_runs_is_generated(tmp_path: Path) -> None:
    """The sanitizers see nothing of TensorFlow Lite Micro, and there is no libFuzzer on a board."""
    folder = project(tmp_path / "project", dense_model(), board="mps2-an386")
    assert not (folder / "fuzz").exists() and "fuzz" not in (folder / "CMakeLists.txt").read_text()


def test_laid_out_as_everything_else(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("clang-format")
    folder = project(tmp_path / "project", hearing_model())
    style = f"--style=file:{CHECKOUT / '.clang-format'}"
    files = [*(folder / "fuzz").glob("*.[ch]"), folder / "model/ser_model.c", folder / "app/ser_classifier.c"]
    subprocess.run(["clang-format", style, "--dry-run", "-Werror", *files], check=True)
