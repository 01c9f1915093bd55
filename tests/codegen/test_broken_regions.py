"""A test of the tests: a region that is wrong by one row, one turn or one fill must be found."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from codegen.ir import Graph
from codegen.plan_memory import plan_memory
from codegen.regions import Region
from tests.codegen.arena import assert_sound
from tests.codegen.forced_regions import all_regions, assert_regions_change_nothing, lowered
from tests.codegen.row_networks import Network, Window, network_case
from tests.generated import Files
from tests.ops.agreement import Case


@pytest.fixture(scope="module", autouse=True)
def compiler_and_reference_runtime(require_tool: Callable[..., None], require_module: Callable[..., None]) -> None:
    require_tool("gcc")
    require_module("tflite_micro")


@cache
def example() -> tuple[Case, Graph, Region]:
    """A copied view, windows that reach out on both sides, a sum across them, and a constant with rows."""
    network = Network(random.Random(0))
    given = network.tensor((1, 12, 2))
    image = network.reshape(given, (1, 1, 12, 2))
    window = Window((1, 3), (1, 1), (1, 1), "SAME")
    convolved = network.convolve(network.convolve(image, window, 2), window, 2)
    summed = network.op("ADD", [given, network.reshape(convolved, (1, 12, 2))], network.tensor((1, 12, 2), 0.1))
    placed = network.op("MUL", [summed, network.constant((12, 2))], network.tensor((1, 12, 2), 0.1))
    again = network.convolve(network.reshape(placed, (1, 1, 12, 2)), window, 2)
    both = network.op("ADD", [network.reshape(again, (1, 12, 2)), summed], network.tensor((1, 12, 2), 0.1))
    case = network_case(network, [given], [both])
    graph = lowered(case)
    longest = max(all_regions(graph), key=lambda region: (region.last - region.first, region.blocks))
    assert (longest.last - longest.first, longest.blocks) == (len(graph.ops), 12)
    return case, graph, longest


def shorter_history(graph: Graph, region: Region) -> Region:
    """One row less of whatever is kept longest."""
    root = max(region.buffers, key=lambda tensor: region.buffers[tensor].history_bytes)
    held = region.buffers[root]
    row = graph.tensors[root].bytes // graph.tensors[root].shape[region.axes[root]]
    shorter = held._replace(history_bytes=held.history_bytes - row)
    return replace(region, buffers={**region.buffers, root: shorter})


def other_delay(change: int) -> Callable[[Graph, Region], Region]:
    def change_delay(graph: Graph, region: Region) -> Region:
        last = region.last - 1
        return replace(region, delays={**region.delays, last: region.delays[last] + change})

    return change_delay


def other_read(**changes: int) -> Callable[[Graph, Region], Region]:
    """Of the last operand that is read from kept rows."""

    def change_read(graph: Graph, region: Region) -> Region:
        place = max(place for place, read in region.reads.items() if read.back)
        read = region.reads[place]
        changed = read._replace(**{name: getattr(read, name) + change for name, change in changes.items()})
        return replace(region, reads={**region.reads, place: changed})

    return change_read


def other_zero_point(graph: Graph, region: Region) -> Region:
    buffers = {root: held._replace(zero_point=held.zero_point + 1) for root, held in region.buffers.items()}
    return replace(region, buffers=buffers)


BROKEN_REGIONS: dict[str, Callable[[Graph, Region], Region]] = {
    "history one row too short": shorter_history,
    "delay one too short": other_delay(-1),
    "delay one too long": other_delay(1),
    "reads one row too far back": other_read(back=1),
    "reads one row too late": other_read(back=-1),
    "rows outside have another zero point": other_zero_point,
}
LOOP, TURN = r"for \(int32_t turn", r"if \(turn >= \d+\) \{\s*"
BROKEN_CODE = {
    "rows behind the last one are not filled": (rf"({TURN})memset[^;]*;", r"\1"),
    "rows before the first one are not filled": (rf"memset[^;]*;(\s*{LOOP})", r"\1"),
    "kept rows are not shifted": (r"memmove[^;]*;", ""),
    "a view is not copied": (r"memcpy[^;]*;", ""),
    "one turn too few": (r"(turn < )(\d+)(; \+\+turn)", lambda m: f"{m[1]}{int(m[2]) - 1}{m[3]}"),
    "an operator starts one turn late": (rf"({LOOP}[^{{]*{{\s*)(?:if \(turn < (\d+)\) )?{{", r"\1if (turn >= 1) {"),
}


@pytest.mark.parametrize("change", BROKEN_REGIONS.values(), ids=BROKEN_REGIONS.keys())
def test_broken_region_is_found(change: Callable[[Graph, Region], Region]) -> None:
    case, graph, region = example()
    broken = change(graph, region)
    with pytest.raises(AssertionError, match="differ from TFLM's"):
        assert_regions_change_nothing(case, graph, [(broken,)])


@pytest.mark.parametrize("change", BROKEN_REGIONS.values(), ids=BROKEN_REGIONS.keys())
def test_broken_region_is_found_without_running_it(change: Callable[[Graph, Region], Region]) -> None:
    _, graph, region = example()
    broken = change(graph, region)
    with pytest.raises(AssertionError):
        assert_sound(graph, (broken,), plan_memory(graph, (broken,)))


@pytest.mark.parametrize(("pattern", "replacement"), BROKEN_CODE.values(), ids=BROKEN_CODE.keys())
def test_broken_loop_is_found(pattern: str, replacement: str | Callable[[re.Match[str]], str]) -> None:
    case, graph, region = example()

    def edit(files: Files) -> Files:
        code = str(files["model/ser_model.c"])
        changed = re.sub(pattern, replacement, code)
        assert changed != code, "nothing to break"
        return {**files, "model/ser_model.c": changed}

    with pytest.raises(AssertionError, match="differ from TFLM's"):
        assert_regions_change_nothing(case, graph, [(region,)], edit)


def test_control_with_nothing_broken() -> None:
    case, graph, region = example()
    assert_sound(graph, (region,), plan_memory(graph, (region,)))
    assert_regions_change_nothing(case, graph, [(region,)])
