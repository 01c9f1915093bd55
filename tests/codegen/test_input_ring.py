"""The input as a ring: whatever row it begins at, the model computes what it does for the rows in their order."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from codegen.direct import render_direct
from codegen.feature_spec import FeatureSpec
from codegen.input_ring import with_ring
from codegen.ir import Graph, Model
from codegen.passes import run_passes
from codegen.plan_memory import plan_memory
from codegen.read_tflite import parse_tflite
from codegen.schedule import ARENA_SLACK, choose_regions
from tests.codegen.row_networks import Network, Window, network_case
from tests.generated import Program, run_programs
from tests.ops.agreement import Case
from tests.reference_runtimes import run_tflm

NETWORKS = 24
MELS = 4


@pytest.fixture(scope="module", autouse=True)
def compiler_and_reference_runtime(require_tool: Callable[..., None], require_module: Callable[..., None]) -> None:
    require_tool("gcc")
    require_module("tflite_micro")


def spec(frames: int, mels: int) -> FeatureSpec:
    return FeatureSpec.unnormalised(mel_bins=mels, context_frames=frames, stride_frames=1)


def render_as_ring(model: Model, features: FeatureSpec, optimize: str = "speed") -> Program:
    """Without inputs yet."""
    runtime = render_direct(model, "/* test */", optimize, features=features)
    assert runtime.reads_ring
    return Program(runtime.files, model.graph, [])


def on_rings(program: Program, windows: np.ndarray, starts: Sequence[int]) -> Program:
    """With windows (count, frames, mels) as inputs, each in a ring whose oldest row is at its start."""
    rows = [[np.roll(window, start, axis=0)[np.newaxis]] for window, start in zip(windows, starts, strict=True)]
    return replace(program, rows=rows, ring_starts=starts)


@pytest.mark.parametrize("optimize", ARENA_SLACK)
@pytest.mark.parametrize("name", ["conformer", "convtransformer"])
def test_any_first_row_gives_the_expected_bytes(name: str, optimize: str, bench_dir: Path) -> None:
    model = parse_tflite((bench_dir / f"{name}.tflite").read_bytes())
    windows, expected = (np.load(bench_dir / f"{name}.{kind}.npy") for kind in ("input", "expected"))
    _, frames, mels = windows.shape
    edges = [0, 1, frames - 1, frames // 2]
    starts = [*edges, *np.random.default_rng(0).integers(0, frames, len(windows)).tolist()][: len(windows)]
    program = on_rings(render_as_ring(model, spec(frames, mels), optimize), windows, starts)
    for (output,), expected_row in zip(run_programs([program])[0], expected, strict=True):
        np.testing.assert_array_equal(output.ravel(), expected_row.ravel())


@dataclass(frozen=True, slots=True)
class Drawn:
    """A network that begins with convolutions over (1, frames, MELS)."""

    case: Case
    frames: int

    @classmethod
    def of(cls, seed: int) -> Drawn:
        generator = random.Random(seed)
        frames = generator.choice([6, 8, 12, 18, 24, 36])
        network = Network(generator)
        given = network.tensor((1, frames, MELS))
        image = network.reshape(given, (1, frames, MELS, 1))
        for _ in range(generator.choice([1, 2])):
            window = Window(
                (generator.randint(1, 4), generator.randint(1, 3)),
                (generator.choice([1, 2, 3]), generator.choice([1, 2])),
                (1, 1),
                generator.choice(["SAME", "SAME", "VALID"]),
            )
            if min(window.output_sizes(network.shapes[image][1:3])) > 1:
                image = network.convolve(image, window, 2)
        return cls(network_case(network, [given], [image]), frames)


def test_random_networks_give_tflms_bytes_from_every_row() -> None:
    programs, expected = [], []
    for seed in range(NETWORKS):
        drawn = Drawn.of(seed)
        model = parse_tflite(drawn.case.model)
        runtime = render_direct(model, "/* test */", features=spec(drawn.frames, MELS))
        if not runtime.reads_ring:
            continue
        windows = np.random.default_rng(seed).integers(-128, 128, (drawn.frames, drawn.frames, MELS), np.int8)
        programs.append(on_rings(Program(runtime.files, model.graph, []), windows, range(drawn.frames)))
        expected.append(run_tflm(drawn.case.model, [[window[np.newaxis]] for window in windows]))
    assert len(programs) > NETWORKS // 3
    for got, want in zip(run_programs(programs), expected, strict=True):
        for (output,), (tflm,) in zip(got, want, strict=True):
            np.testing.assert_array_equal(output.ravel(), tflm.ravel())


def lowered(model: bytes) -> Graph:
    return run_passes(parse_tflite(model).graph, "network", None, 0.25)


@pytest.mark.parametrize("name", ["conformer", "convtransformer", "micro_speech"])
def test_takes_no_more_memory_than_a_ring_beside_the_arena(name: str, bench_dir: Path) -> None:
    graph = lowered((bench_dir / f"{name}.tflite").read_bytes())
    regions = choose_regions(graph, 0.25)
    ring, its_regions = with_ring(graph, regions, spec(1, 40), 0.25)
    assert ring.ring == graph.inputs[0]
    beside = plan_memory(graph, regions).arena_bytes + graph.tensors[graph.inputs[0]].bytes
    plan = plan_memory(ring, its_regions)
    assert plan.arena_bytes <= beside
    (buffer,) = (buffer for buffer in plan.buffers if buffer.tensor == ring.ring)
    assert (buffer.first, buffer.last) == (-1, len(graph.ops))


def test_where_there_is_none(bench_dir: Path) -> None:
    """A layer that reads rows where they lie; rows that are no frames; statistics of the whole utterance."""
    for name, features in (
        ("windowed", spec(200, 40)),
        ("convtransformer", spec(125, 64)),
        ("convtransformer", replace(spec(200, 40), normalisation="utterance")),
    ):
        graph = lowered((bench_dir / f"{name}.tflite").read_bytes())
        regions = choose_regions(graph, 0.25)
        assert with_ring(graph, regions, features, 0.25) == (graph, regions)


def test_a_layer_beside_the_copies_reads_rows_where_they_lie() -> None:
    network = Network(random.Random(0))
    given = network.tensor((1, 12, MELS))
    image = network.reshape(given, (1, 12, MELS, 1))
    convolved = network.convolve(image, Window((3, 3), (1, 1), (1, 1), "SAME"), 3)
    layer = network.dense(given, 2)
    assert convolved is not None and layer is not None
    for outputs, is_ring in (([convolved], True), ([convolved, layer], False)):
        graph = lowered(network_case(network, [given], outputs).model)
        ring, _ = with_ring(graph, choose_regions(graph, 0.25), spec(12, MELS), 0.25)
        assert (ring.ring is not None) == is_ring


def test_a_row_that_is_none(bench_dir: Path) -> None:
    model = parse_tflite((bench_dir / "micro_speech.tflite").read_bytes())
    window = np.zeros((1, 49, 40), np.int8)
    program = on_rings(render_as_ring(model, spec(49, 40)), window, [0])
    with pytest.raises(AssertionError):
        run_programs([replace(program, ring_starts=[49])])
    run_programs([replace(program, ring_starts=[48])])
