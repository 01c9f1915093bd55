"""Where PAD and the RESHAPE behind it change places, so that the padding folds into a convolution; and where not."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from codegen.passes import run_passes
from codegen.read_tflite import parse_tflite
from tests.codegen.row_networks import Network, Shape, Window, network_case
from tests.ops.agreement import Case, assert_agreement

AS_IT_WAS = -100  # the zero point before and behind


@pytest.fixture(scope="module", autouse=True)
def compiler_and_reference_runtimes(require_tool: Callable[..., None], require_module: Callable[..., None]) -> None:
    require_tool("gcc")
    require_module("tflite_micro", "tensorflow")


@dataclass(frozen=True, slots=True)
class Padded:
    """PAD, RESHAPE to an image, convolution; and who else reads what lies between."""

    shape: Shape
    sides: tuple[tuple[int, int], ...]
    image: Shape
    window: tuple[int, int]
    stride: int = 1
    zero_point: int = AS_IT_WAS  # behind the RESHAPE
    other_reader: str = ""  # of the PAD or of the RESHAPE
    output: str = ""

    def case(self) -> Case:
        network = Network(random.Random(0))
        given = network.tensor(self.shape, zero_point=AS_IT_WAS)
        padded = network.pad(given, self.sides)
        image = network.tensor(self.image, zero_point=self.zero_point)
        network.op("RESHAPE", [padded, network.indices(self.image)], image, new_shape=list(self.image))
        between = {"PAD": padded, "RESHAPE": image}
        convolved = network.convolve(image, Window(self.window, (self.stride,) * 2, (1, 1), "VALID"), 2)
        outputs = [convolved, *(between[name] for name in (self.output,) if name)]
        if self.other_reader:
            read = between[self.other_reader]
            outputs.append(network.op("TANH", [read], network.tensor(network.shapes[read], 1 / 128, 0)))
        return network_case(network, [given], outputs)


NO, FRAMES = (0, 0), (1, 2)
FOLDED = {
    "sequence to an image of one row": Padded((1, 8, 3), (NO, FRAMES, NO), (1, 1, 11, 3), (1, 3)),
    "sequence to an image of one column": Padded((1, 8, 3), (NO, FRAMES, NO), (1, 11, 1, 3), (3, 1)),
    "without a batch, one row": Padded((8, 3), (FRAMES, NO), (1, 1, 11, 3), (1, 4), stride=2),
    "without a batch, one column": Padded((8, 3), (FRAMES, NO), (1, 11, 1, 3), (4, 1), stride=2),
    "batch": Padded((2, 8, 3), (NO, FRAMES, NO), (2, 1, 11, 3), (1, 3)),
    "rows and columns": Padded((4, 5), (FRAMES, (2, 0)), (1, 7, 7, 1), (3, 2)),
    "the same shape": Padded((1, 4, 5, 2), (NO, FRAMES, FRAMES, NO), (1, 7, 8, 2), (3, 3)),
    "one frame": Padded((1, 1, 3), (NO, FRAMES, NO), (1, 1, 4, 3), (1, 2)),
    "nothing": Padded((1, 8, 3), (NO, NO, NO), (1, 1, 8, 3), (1, 3)),
}
KEPT = {
    "frames are grouped": Padded((1, 9, 3), (NO, FRAMES, NO), (1, 6, 2, 3), (2, 2)),
    "frames and channels are joined": Padded((1, 9, 3), (NO, FRAMES, NO), (1, 1, 36, 1), (1, 3)),
    "axes in another order": Padded((1, 3, 4), (NO, FRAMES, NO), (1, 4, 6, 1), (2, 2)),
    "channels are padded": Padded((1, 8, 2), (NO, NO, (0, 1)), (1, 1, 8, 3), (1, 3)),
    "batch is padded": Padded((1, 8, 2), ((1, 0), NO, NO), (2, 1, 8, 2), (1, 3)),
    "frames become the batch": Padded((8, 3), (FRAMES, NO), (11, 1, 1, 3), (1, 1)),
    "frames become channels": Padded((1, 8), (NO, FRAMES), (1, 1, 1, 11), (1, 1)),
    "another zero point": Padded((1, 8, 3), (NO, FRAMES, NO), (1, 1, 11, 3), (1, 3), zero_point=7),
    "another reader before": Padded((1, 8, 3), (NO, FRAMES, NO), (1, 1, 11, 3), (1, 3), other_reader="PAD"),
    "another reader behind": Padded((1, 8, 3), (NO, FRAMES, NO), (1, 1, 11, 3), (1, 3), other_reader="RESHAPE"),
    "an output before": Padded((1, 8, 3), (NO, FRAMES, NO), (1, 1, 11, 3), (1, 3), output="PAD"),
    "an output behind": Padded((1, 8, 3), (NO, FRAMES, NO), (1, 1, 11, 3), (1, 3), output="RESHAPE"),
}


def names(case: Case) -> list[str]:
    return [op.NAME for op in run_passes(parse_tflite(case.model).graph, "model").ops]


@pytest.mark.parametrize("padded", FOLDED.values(), ids=FOLDED.keys())
def test_padding_is_folded(padded: Padded) -> None:
    case = padded.case()
    assert "PAD" not in names(case)
    assert_agreement(case)


@pytest.mark.parametrize("padded", KEPT.values(), ids=KEPT.keys())
def test_padding_is_kept_where_it_was(padded: Padded) -> None:
    case = padded.case()
    assert names(case)[:2] == ["PAD", "RESHAPE"]
    assert_agreement(case)


def test_padding_of_a_constant_is_a_constant() -> None:
    network = Network(random.Random(0))
    given = network.tensor((1, 1, 6, 2), zero_point=3)
    constant = network.constant((1, 4, 2), 3)
    padded = network.tensor((1, 6, 2), zero_point=3)
    network.op("PAD", [constant, network.indices([(0, 0), (1, 1), (0, 0)])], padded)
    total = network.op("ADD", [given, network.reshape(padded, (1, 1, 6, 2))], network.tensor((1, 1, 6, 2), 0.1))
    case = network_case(network, [given], [total])
    assert names(case) == ["ADD"]
    assert_agreement(case)


def test_padding_stays_where_its_rank_is_allowed() -> None:
    """A RESHAPE may have more axes than a PAD."""
    network = Network(random.Random(0))
    given = network.tensor((1, 4, 2))
    deep = network.reshape(network.pad(given, [(0, 0), (1, 1), (0, 0)]), (1, 1, 1, 1, 6, 2))
    assert names(network_case(network, [given], [network.unary(deep)]))[:2] == ["PAD", "RESHAPE"]
