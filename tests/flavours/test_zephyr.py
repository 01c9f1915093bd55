"""The Zephyr flavour: to the published schemas, configured by Kconfig, built by CMake, its application run.

Rules: `scripts/schemas/module-schema.yaml` and Zephyr's documentation of modules, of Kconfig and of twister. What
stands in for Zephyr in `zephyr_tree` has its declarations, and a microphone that behaves as its driver for nRF does.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import kconfiglib
import pytest
import yaml

from codegen.boards import list_boards, load_board
from codegen.errors import DataError
from codegen.model_card import ModelCard
from codegen.project import ProjectOptions, write_project
from tests.flavours.heard import expected_lines, loud_and_quiet
from tests.flavours.test_arduino import run
from tests.projects import SPEC, sums_model, sums_runtime, write_sums_project
from tinyser.emulator import host

BOARDS = [board.id for board in list_boards() if "zephyr" in board.projects]
BOARD = "arduino-nano-33-ble-sense"
TREE = Path(__file__).parent / "zephyr_tree"
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
MIXED_RED = (True, True, False)  # anger is red, joy is yellow, calm is cyan
BLOCK_SAMPLES = SPEC.sample_rate_hz * 50 // 1000


def plain(folder: Path, runtime: str = "direct") -> Path:
    """A project without features; the files of a runtime `tflm` are those of another."""
    model = sums_model(card=ModelCard(name="sums"))
    options = ProjectOptions(board=load_board(BOARD), project="zephyr", runtime=runtime)
    write_project(model, sums_runtime(model), options, folder)
    return folder


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., kconfiglib.Kconfig]:
    """The settings of an application, where the devicetree has a microphone, and the core an FPU, or not."""
    (tmp_path / "kconfigfunctions.py").write_text(
        "import os\n"
        "def enabled(kconf, name, label):\n"
        "    return 'y' if label == 'dmic_dev' and os.environ['STUB_MICROPHONE'] == 'y' else 'n'\n"
        "functions = {'dt_nodelabel_enabled': (enabled, 1, 1)}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("srctree", str(TREE))

    def settings(project: Path, microphone: bool, fpu: bool = True) -> kconfiglib.Kconfig:
        monkeypatch.setenv("STUB_MICROPHONE", "y" if microphone else "n")
        monkeypatch.setenv("STUB_FPU", "y" if fpu else "n")
        monkeypatch.setenv("STUB_MODULE", str(project))
        kconf = kconfiglib.Kconfig(str(project / "app/Kconfig"), warn_to_stderr=False)
        kconf.warn_assign_undef = True
        kconf.load_config(str(project / "app/prj.conf"))
        assert kconf.warnings == []
        for symbol in kconf.unique_defined_syms:
            assert symbol.user_value in (None, symbol.str_value, symbol.tri_value), symbol.name
        return kconf

    return settings


def values(kconf: kconfiglib.Kconfig, *names: str) -> Mapping[str, str]:
    return {name: kconf.syms[name].str_value if name in kconf.syms else "" for name in names}


def build(project: Path, kconf: kconfiglib.Kconfig) -> Path:
    """The application with the desktop's Zephyr, by its own CMake files."""
    kconf.write_autoconf(str(project / "autoconf.h"))
    options = [f"-DZephyr_DIR={TREE}", f"-DAUTOCONF={project / 'autoconf.h'}"]
    options += [f"-DCONFIG_TINYSER={kconf.syms['TINYSER'].str_value}", "-DCMAKE_BUILD_TYPE=Debug"]
    run("cmake", "-S", "app", "-B", "build", "-G", "Ninja", *options, cwd=project)
    run("cmake", "--build", "build", cwd=project)
    return project / "build/desktop"


@pytest.mark.parametrize("board", BOARDS)
def test_metadata_is_to_the_schema(board: str, tmp_path: Path) -> None:
    project = write_sums_project(tmp_path / "project", board, project="zephyr")
    module = yaml.safe_load((project / "zephyr/module.yml").read_text())
    assert set(module) == {"name", "build", "samples"} and set(module["build"]) == {"cmake", "kconfig"}
    assert re.fullmatch(r"[a-z][a-z0-9_]*", module["name"])
    assert (project / module["build"]["cmake"] / "CMakeLists.txt").is_file()
    assert (project / module["build"]["kconfig"]).is_file()
    (application,) = module["samples"]
    sample = yaml.safe_load((project / application / "sample.yaml").read_text())
    assert set(sample) == {"sample", "tests"} and set(sample["sample"]) == {"name", "description"}
    ((name, test),) = sample["tests"].items()
    assert re.fullmatch(r"[a-zA-Z0-9-_]+(\.[a-zA-Z0-9-_]+)+", name)
    assert test["platform_allow"] == [load_board(board).ecosystems["zephyr"]["board"]]
    assert test["harness"] == "console" and test["harness_config"]["type"] == "one_line"
    (console,) = test["harness_config"]["regex"]
    assert re.search(console, (project / "app/src/main.c").read_text())


def test_evidence_is_of_boards_that_could_be_seen() -> None:
    for board in map(load_board, BOARDS):
        assert board.project_evidence["zephyr"] != "qemu" or board.qemu
        seen = board.project_evidence["zephyr"] != "schema"
        assert seen == bool(re.search(r"; (built|booted) with Zephyr \d", board.ecosystems["zephyr"]["source"]))


@pytest.mark.parametrize("microphone", [True, False])
@pytest.mark.parametrize("fpu", [True, False])
def test_settings(microphone: bool, fpu: bool, configure: Callable[..., kconfiglib.Kconfig], tmp_path: Path) -> None:
    project = write_sums_project(tmp_path / "project", BOARD, project="zephyr")
    kconf = configure(project, microphone, fpu)
    assert values(kconf, "TINYSER", "FPU", "FPU_SHARING", "MAIN_STACK_SIZE", "CPP") == {
        "TINYSER": "y", "FPU": "ny"[fpu], "FPU_SHARING": "ny"[fpu], "MAIN_STACK_SIZE": "4096", "CPP": "n"
    }  # fmt: skip
    heard = values(kconf, "SER_MICROPHONE", "AUDIO", "AUDIO_DMIC")
    assert set(heard.values()) == {"ny"[microphone]}


def test_settings_of_the_interpreter(configure: Callable[..., kconfiglib.Kconfig], tmp_path: Path) -> None:
    kconf = configure(plain(tmp_path / "project", runtime="tflm"), microphone=True)
    assert values(kconf, "TINYSER", "CPP", "STD_CPP17", "TENSORFLOW_LITE_MICRO", "MAIN_STACK_SIZE") == {
        "TINYSER": "y", "CPP": "y", "STD_CPP17": "y", "TENSORFLOW_LITE_MICRO": "y", "MAIN_STACK_SIZE": "8192"
    }  # fmt: skip
    assert "SER_MICROPHONE" not in kconf.syms


@pytest.mark.parametrize("board", BOARDS)
def test_compiles_for_the_core(board: str, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("arm-none-eabi-gcc")
    project = write_sums_project(tmp_path / "project", board, selftest=True, project="zephyr")
    flags = [*load_board(board).cpu_flags, *STRICT, "-I", TREE, "-DCONFIG_MAIN_STACK_SIZE=4096"]
    flags += [option for folder in ("model", "features", "app") for option in ("-I", folder)]
    microphone = ["-DCONFIG_SER_MICROPHONE=1", "-DCONFIG_SER_BLOCK_MS=50", "-DCONFIG_SER_BLOCKS=4"]
    for settings in ([], microphone):
        run("arm-none-eabi-gcc", *flags, *settings, "-c", "app/src/main.c", "-o", "main.o", cwd=project)


@pytest.mark.parametrize("reads", ["", "...x....x"])
def test_the_application_hears_what_the_emulator_hears(
    reads: str, configure: Callable[..., kconfiglib.Kconfig], tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    require_tool("cmake", "ninja", "gcc")
    project = write_sums_project(tmp_path / "project", BOARD, selftest=True, project="zephyr")
    program = build(project, configure(project, microphone=True))
    pcm = loud_and_quiet()
    lines = run(program, reads, cwd=project, stdin=pcm.tobytes()).splitlines()
    assert lines[0].startswith("TinySER: model sums")
    assert lines[1:3] == ["arena: 480 bytes", "self-test: PASS (1 vectors)"]
    assert lines[3].startswith("self-test of sound: PASS (64 features, ")
    assert lines[5] == "stack: 1000 of 4096 bytes never used"
    assert lines[-1] == "microphone: stopped (error -5)"
    said = [re.sub(r" \(overruns \d+\)$", "", line) for line in lines[6:-1]]
    assert said == expected_lines(project, pcm, BLOCK_SAMPLES)
    assert lines[-2].endswith(f"(overruns {reads.count('x')})")


def test_the_led_follows_the_decision(
    configure: Callable[..., kconfiglib.Kconfig], tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    """The red one, which is lit for the first label; the third is not in this devicetree."""
    require_tool("cmake", "ninja", "gcc")
    project = write_sums_project(tmp_path / "project", BOARD, project="zephyr")
    kconf = configure(project, microphone=True)
    assert values(kconf, "GPIO") == {"GPIO": "y"}
    pcm = loud_and_quiet()
    done = subprocess.run([build(project, kconf)], input=pcm.tobytes(), capture_output=True, check=True)
    lit, heard = done.stderr.decode(), len(pcm) // BLOCK_SAMPLES
    states = iter([*host.stream(project, pcm).states, None])
    state, shown, expected = next(states), 0, ""
    for block in range(heard):
        expected += str(shown)
        while state is not None and state.samples <= (block + 1) * BLOCK_SAMPLES:
            shown = int(state.decision is not None and state.decision < 3 and MIXED_RED[state.decision])
            state = next(states)
    assert lit[:heard] == expected and "1" in expected


def test_without_a_microphone_it_ends(
    configure: Callable[..., kconfiglib.Kconfig], tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    require_tool("cmake", "ninja", "gcc")
    heard = write_sums_project(tmp_path / "heard", BOARD, project="zephyr")
    for project in (heard, plain(tmp_path / "plain")):
        lines = run(build(project, configure(project, microphone=False)), cwd=project).splitlines()
        tests = [line for line in lines if line.startswith("self-test")]
        assert tests[0] == "self-test: PASS (0 vectors)" and lines[2:-2] == tests
        assert [line.split(" (")[0] for line in tests[1:]] == ["self-test of sound: PASS"] * (project == heard)


@pytest.mark.parametrize("version", ["3.4.99", "3.5.0", "4.2.0"])
def test_an_older_zephyr_is_refused(version: str, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    """Before 3.5 `k_mem_slab_free` takes another pointer: all compiles, and the first block of sound destroys the list
    of free ones."""
    require_tool("cmake", "ninja", "gcc")
    project = write_sums_project(tmp_path / "project", BOARD, project="zephyr")
    assert "3.5 or newer" in (project / "README.md").read_text()
    options = [f"-DZephyr_DIR={TREE}", f"-DSTUB_VERSION={version}", "-DCONFIG_TINYSER=y"]
    command = ["cmake", "-S", "app", "-B", "build", "-G", "Ninja", *options]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    if version.startswith("3.4"):
        assert done.returncode != 0 and 'requested version "3.5.0"' in done.stderr
    else:
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("board", "shown"),
    [
        ("stm32f4-discovery", ["LD5 (red)", "LD4 (green)", "LD3 (orange)"]),
        ("mps3-an547", ["USERLED0 (green) flashes once", "USERLED0 (green) flashes twice"]),
        ("microbit-v2", None),
    ],
)
def test_only_leds_with_an_alias_show_something(board: str, shown: list[str] | None, tmp_path: Path) -> None:
    """Three labels. Zephyr has names for all of the first board's LEDs, for two of ten, and for none of five."""
    project = write_sums_project(tmp_path / "project", board, project="zephyr")
    leds = json.loads((project / "manifest.json").read_text())["leds"]
    assert (leds and [row["shown"] for row in leds][: len(shown or ())]) == shown
    assert (project / "app/ser_leds.c").exists() == (shown is not None)
    names = re.findall(r"DT_ALIAS\((led\d+)\)", (project / "app/src/main.c").read_text())
    aliases = load_board(board).leds.zephyr_aliases  # type: ignore[union-attr]
    assert names == [f"led{index}" for index in range(aliases)]
    assert ("CONFIG_GPIO=y" in (project / "app/prj.conf").read_text()) == (aliases > 0)


def test_the_board_gets_its_overlay(tmp_path: Path) -> None:
    project = write_sums_project(tmp_path / "xiao", "xiao-nrf52840-sense", project="zephyr")
    overlay = (project / "app/boards/xiao_ble_nrf52840_sense.overlay").read_text()
    assert 'dmic_dev: &pdm0 {\n\tstatus = "okay";\n};' in overlay
    assert not (write_sums_project(tmp_path / "nano", BOARD, project="zephyr") / "app/boards").exists()


def test_somebody_elses_fft_is_refused(tmp_path: Path) -> None:
    model = sums_model()
    options = ProjectOptions(board=load_board(BOARD), project="zephyr", arithmetic="float", fft="cmsis-dsp")
    with pytest.raises(DataError, match="--fft: got cmsis-dsp, allowed with --project zephyr is own"):
        write_project(model, sums_runtime(model), options, tmp_path / "project")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("setting", ["CONFIG_TINYSERS=y", "CONFIG_STD_CPP17=y", "CONFIG_MAIN_STACK_SIZE=much"])
def test_a_setting_that_zephyr_would_refuse_is_seen(
    setting: str, configure: Callable[..., kconfiglib.Kconfig], tmp_path: Path
) -> None:
    project = write_sums_project(tmp_path / "project", BOARD, project="zephyr")
    with (project / "app/prj.conf").open("a") as conf:
        conf.write(setting + "\n")
    with pytest.raises(AssertionError):
        configure(project, microphone=True)


def test_a_block_that_is_given_back_too_early_is_seen(
    configure: Callable[..., kconfiglib.Kconfig], tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    require_tool("cmake", "ninja", "gcc")
    project = write_sums_project(tmp_path / "project", BOARD, project="zephyr")
    main = project / "app/src/main.c"
    free = "        k_mem_slab_free(&blocks, block);\n"
    push = "        const ser_status_t pushed"
    text = main.read_text()
    assert free in text and push in text
    main.write_text(text.replace(free, "").replace(push, free + push))
    pcm = loud_and_quiet()
    lines = run(build(project, configure(project, microphone=True)), cwd=project, stdin=pcm.tobytes()).splitlines()
    assert [re.sub(r" \(overruns 0\)$", "", line) for line in lines[6:-1]] != expected_lines(
        project, pcm, BLOCK_SAMPLES
    )
