"""Views in front of the windows that read an input of the model, and nowhere else."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from codegen.ir import Graph
from codegen.ops.reshape import Reshape
from codegen.passes.stage_windows import stage_windows
from codegen.read_tflite import parse_tflite
from codegen.verify import verify
from tests.codegen.forced_regions import all_regions, lowered
from tests.codegen.row_networks import Network, Window, network_case
from tests.ops.agreement import Case, assert_agreement


@pytest.fixture(scope="module", autouse=True)
def compiler_and_reference_runtimes(require_tool: Callable[..., None], require_module: Callable[..., None]) -> None:
    require_tool("gcc")
    require_module("tflite_micro", "tensorflow")


SAME = Window((3, 3), (1, 1), (1, 1), "SAME")


def two_readers() -> Case:
    """Of the input: two convolutions and a RELU; of the RELU's output: a third convolution."""
    network = Network(random.Random(0))
    given = network.tensor((1, 8, 4, 2))
    rectified = network.op("RELU", [given], network.tensor((1, 8, 4, 2)))
    outputs = [network.convolve(source, SAME, 2) for source in (given, given, rectified)]
    return network_case(network, [given], [rectified, *outputs])


def staged(case: Case) -> tuple[Graph, Graph]:
    before = parse_tflite(case.model).graph
    after = stage_windows(before)
    verify(after, "after stage_windows")
    return before, after


def test_each_window_on_an_input_has_a_view_of_its_own() -> None:
    before, after = staged(two_readers())
    views = [op for op in after.ops if isinstance(op, Reshape)]
    assert [view.site.inputs for view in views] == [before.inputs, before.inputs]
    for view in views:
        (reader,) = after.consumers(view.site.outputs[0])
        assert reader.NAME in ("CONV_2D", "DEPTHWISE_CONV_2D")
        assert after.tensors[view.site.outputs[0]].describe() == after.tensors[view.site.inputs[0]].describe()
    assert len({op.site.index for op in after.ops}) == len(after.ops)
    assert_agreement(two_readers())


def test_nothing_else_is_changed() -> None:
    before, after = staged(two_readers())
    kept = [op for op in after.ops if not isinstance(op, Reshape)]
    windows_on_the_input = [op for op in before.ops if op.NAME != "RELU" and op.site.inputs[0] in before.inputs]
    assert [op.site.index for op in kept] == [op.site.index for op in before.ops]
    assert len([op for op in before.ops if op not in kept]) == len(windows_on_the_input) == 2


def test_without_windows_on_inputs_the_graph_stays() -> None:
    network = Network(random.Random(0))
    given = network.tensor((1, 8, 4, 2))
    case = network_case(network, [given], [network.convolve(network.unary(given), SAME, 2)])
    before, after = staged(case)
    assert after.ops == before.ops


def test_a_window_on_an_input_can_be_in_a_region() -> None:
    """What the views are for: the input has no rows of zero points around it, their copies have."""
    assert any(region.buffers and region.last - region.first > 1 for region in all_regions(lowered(two_readers())))
