"""The benchmarks print what they measured; a newcomer's `./run bench` works."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from codegen.read_tflite import parse_tflite
from tests.codegen.models import dense_model

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture
def models(tmp_path: Path, require_tool: Callable[..., None]) -> Path:
    """A folder with one small model, and one without inputs, which is left out."""
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    (tmp_path / "dense.tflite").write_bytes(dense_model())
    (tmp_path / "other.tflite").write_bytes(dense_model())
    np.save(tmp_path / "dense.input.npy", np.zeros((1, 4), np.int8))
    return tmp_path


def rows(script: str, models: Path, *options: str) -> list[list[str]]:
    """The cells of the table that a benchmark prints."""
    command = [sys.executable, str(BENCHMARKS / script), str(models), *options]
    done = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8")
    lines = [line for line in done.stdout.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]


def test_speed(models: Path) -> None:
    found = rows("speed.py", models)
    assert len(found) == 6  # cores
    for name, instructions, *peers, rate, of_limit, arena, code in found:
        assert name == "dense" and peers == ["", ""]
        assert 0 < int(instructions.replace(",", "")) < 100_000
        assert 0 < float(rate) < 16 and 0 < float(of_limit.strip("%")) < 100
        exponentials = 4 * 256  # SOFTMAX keeps them in the arena
        assert exponentials < int(arena.replace(",", "")) < exponentials + 100 < int(code.replace(",", ""))


def test_layers(models: Path) -> None:
    """What a plugin counts by layer is what the timer counts in all."""
    found = rows("speed.py", models, "--layers")
    on_m4 = next(place for place, row in enumerate(found) if len(row) == 4)
    total = int(found[on_m4 - 1][1].replace(",", ""))
    layers = [row for row in found[on_m4:] if len(row) == 4]
    first = layers[: next(place for place, row in enumerate(layers) if row[0] == "besides") + 1]
    assert [row[0] for row in first][:1] == ["0: FULLY_CONNECTED"]
    assert abs(sum(int(row[2].replace(",", "")) for row in first) - total) < 60


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """A module of the folder of benchmarks, which is no package."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


def test_a_stand_in_is_said_to_be_one(module: Callable[[str], ModuleType]) -> None:
    """TFLM was not counted on the Cortex-M3: beside it are the M4's reference kernels, not its DSP ones."""
    speed = module("speed")
    on_m3, on_m4 = (next(t for t in speed.TARGETS if t.name == name) for name in ("Cortex-M3", "Cortex-M4F"))
    assert on_m3.peers() == {"reference": on_m4.peers()["reference"]}
    assert "counted on cortex-m4" in on_m3.title() and "counted" not in on_m4.title()


def test_cycles(models: Path, module: Callable[[str], ModuleType]) -> None:
    """The classes add up to the instructions, on the Cortex-M4 to those that the timer counts."""
    classes, events = module("thumb_classes").CLASSES, module("thumb_classes").EVENTS
    speed = module("speed")
    found = rows("cycles.py", models)
    on_m4 = next(target for target in speed.TARGETS if target.board == "mps2-an386")
    counted, _, _ = speed.measure(models / "dense.tflite", on_m4, models / "project")
    size = 1 + len(classes) + len(events)
    for core, (estimate, *by_class) in enumerate((found[:size], found[size:])):
        name, instructions, all_hit, *_, with_misses, _, _ = estimate
        executed = {row[0]: int(row[2].replace(",", "")) for row in by_class}
        total = sum(executed[name.replace("_", " ")] for name in classes)
        assert name == "dense" and total == int(instructions.replace(",", ""))
        assert core == 1 or abs(total - counted) < 60
        assert 0 < executed["branches taken"] <= executed["branch"] + executed["load multiple"]
        low, high = (int(bound) for bound in all_hit.split(" - "))
        assert low < high <= int(with_misses.split(" - ")[1])


def test_cycles_of_a_histogram(module: Callable[[str], ModuleType]) -> None:
    """On the Cortex-M4, added up by hand."""
    model = module("cycle_model")
    on_m4 = model.load_cycle_models()[0]
    counts = Counter(data_processing=10, load=2, load_after_load=1, load_multiple=1, divide=1, branch=1)
    counts.update(registers=2, branches_taken=1)
    executed = model.Executed(counts, model.Traffic(100, 3), model.Traffic(10, 2), model.Traffic(50, 0))
    assert executed.instructions() == 16
    assert on_m4.core_cycles(executed) == (10 + 4 + 1 + 1 + 2 + 1 + 2 + 1, 10 + 4 + 2 + 1 + 12 + 1 + 2 + 3)
    assert on_m4.wait_cycles(executed) == 5 * 5


def test_classes_of_instructions(
    tmp_path: Path, require_tool: Callable[..., None], module: Callable[[str], ModuleType]
) -> None:
    """Assembled and disassembled by the cross toolchain."""
    require_tool("arm-none-eabi-as")
    thumb = module("thumb_classes")
    lines = {
        "ldr r0, [r1]": "load",
        "ldr r2, [r3, #4]": "load_after_load",
        "ldrsb r4, [r2], #1": "load",  # waits for r2
        "ldrd r6, r7, [r8]": "load_multiple",
        "ldr sp, [r9]": "load",
        "pop {r0, r2-r4, pc}": "load_multiple",
        "add r5, r5, r6, lsl #2": "data_processing",
        "strb r4, [r5, #4]": "store",  # waits for r5
        "push {r4-r11, lr}": "store_multiple",
        "smlad r0, r1, r2, r3": "multiply",
        "umull r0, r1, r2, r3": "multiply",
        "smmulr r0, r1, r2": "multiply",
        "sdiv r0, r1, r2": "divide",
        "cmp r5, #3": "data_processing",
        "ldrh r1, [r5]": "load",  # CMP writes no register
        "bics r0, r1": "data_processing",
        "bfi r0, r1, #2, #3": "data_processing",
        "bls .": "branch",
        "cbz r0, .+4": "branch",
        "bl .": "branch",
        "bx lr": "branch",
        "tbb [pc, r0]": "table_branch",
        "itte lt": "if_then",
        "movlt r0, #1": "data_processing",
        "strlt r0, [r1]": "store",
        "movge r0, #0": "data_processing",
        "ssat r0, #8, r1": "data_processing",
        "vadd.f32 s0, s1, s2": "floating_point",
    }
    (tmp_path / "code.s").write_text(".syntax unified\n.thumb\n" + "\n".join(lines) + "\n")
    assemble = ["arm-none-eabi-as", "-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "code.s", "-o", "code.o"]
    subprocess.run(assemble, cwd=tmp_path, check=True)
    counts = thumb.count_block(thumb.Disassembly(tmp_path / "code.o", "arm-none-eabi-").block(0, len(lines)))
    assert counts == Counter(lines.values()) + Counter(registers=2 + 5 + 9, address_waits=1)


def test_size(models: Path) -> None:
    found = rows("size.py", models)
    assert [row[:3] for row in found] == [["dense", o, flag] for o in ("speed", "size") for flag in ("-Os", "-O2")]
    weights = sum(tensor.bytes for tensor in parse_tflite(dense_model()).graph.tensors if tensor.is_constant)
    for row in found:
        arena, ram, constants, code, besides_model, besides_weights = (int(cell.replace(",", "")) for cell in row[3:])
        assert arena <= ram < arena + 100
        assert code <= besides_model < code + constants
        assert besides_weights == code + constants - weights


def test_throughput(models: Path, require_module: Callable[..., None]) -> None:
    require_module("tflite_micro", "tensorflow")
    ((name, *rates),) = rows("throughput.py", models)
    assert name == "dense" and all(float(rate.replace(",", "")) > 0 for rate in rates)


@pytest.mark.parametrize("script", ["speed.py", "cycles.py", "size.py", "throughput.py"])
def test_no_folder(script: str) -> None:
    done = subprocess.run([sys.executable, str(BENCHMARKS / script)], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip() == f"usage: {script} FOLDER (of NAME.tflite with NAME.input.npy)"
