"""Random networks: any operators on the latest tensor and on earlier ones, and outputs in the middle."""

from __future__ import annotations

import random
from collections.abc import Callable

from hypothesis import strategies as st

from tests.codegen.row_networks import Network, network_case
from tests.codegen.sum_networks import flat_dense, global_pool, sum_of_rows
from tests.ops.agreement import Case
from tests.ops.strategies import seeds

Operator = Callable[[Network, int], "int | None"]
# More often what reads several rows or has several readers.
OPERATORS: dict[str, tuple[int, Operator]] = {
    method.__name__: (weight, method)
    for weight, method in (
        (3, Network.convolution),
        (3, Network.pool),
        (1, Network.as_sequence),
        (2, Network.as_image),
        (3, Network.convolution_1d),
        (2, Network.dense),
        (3, Network.attention),
        (1, Network.mix_frames),
        (2, Network.group),
        (3, Network.layer_norm),
        (2, Network.positions),
        (1, Network.unary),
        (1, Network.softmax),
        (2, Network.binary),
        (1, Network.average),
        (5, Network.residual),
        (2, Network.swap_halves),
        (1, Network.channel_slice),
        (1, Network.channel_pad),
        (1, Network.transpose),
        (1, flat_dense),
        (1, global_pool),
        (1, sum_of_rows),
    )
}
NAMES = [name for name, (weight, _) in OPERATORS.items() for _ in range(weight)]
IMAGES = st.tuples(*(st.sampled_from(n) for n in ((1, 1, 1, 2), (12, 8, 6, 24, 13), (1, 2, 3), (1, 2, 4))))
SEQUENCES = st.tuples(*(st.sampled_from(n) for n in ((1, 1, 1, 2), (12, 8, 16, 24), (1, 2, 3, 4))))


@st.composite
def networks(draw: st.DrawFn) -> Case:
    """Each step on the latest tensor, now and then on an earlier one."""
    network = Network(random.Random(draw(seeds)))
    shape = draw(st.one_of(IMAGES, SEQUENCES))
    inputs = [network.tensor(shape) for _ in range(draw(st.sampled_from((1, 1, 2))))]
    latest = inputs[0]
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=3, max_size=9)):
        source = latest if draw(st.integers(0, 5)) else draw(st.sampled_from(sorted(network.shapes)))
        output = OPERATORS[name][1](network, source)
        latest = latest if output is None else output
    if latest in inputs:
        latest = network.unary(latest)
    made = sorted(set(network.shapes) - {*inputs, latest})
    outputs = [latest, *draw(st.lists(st.sampled_from(made), max_size=2, unique=True))] if made else [latest]
    return network_case(network, inputs, outputs)
