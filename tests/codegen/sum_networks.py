"""Ends of networks that need all rows at once: linear layers on everything, means, sums and pools over images."""

from __future__ import annotations

import math

from tests.codegen.row_networks import SCALE, Network


def flat_dense(network: Network, source: int, outputs: int | None = None) -> int:
    """A linear layer over all values of each image or sequence, with a view in front of it or without."""
    batch, *shape = network.shapes[source]
    inputs = math.prod(shape)
    flat = network.reshape(source, (batch, inputs)) if network.random.random() < 0.5 else source
    output = network.tensor((batch, outputs or network.random.randint(1, 9)))
    filters = network.filters((network.shapes[output][1], inputs), 0, flat, output)
    options = {"fused_activation_function": network.random.choice(("NONE", "RELU", "RELU6"))}
    network.op("FULLY_CONNECTED", [flat, *filters[: network.random.randint(1, 2)]], output, **options)
    return network.reshape(output, (batch, 1, network.shapes[output][1]))


def sum_of_rows(network: Network, source: int) -> int:
    """Over rows, or over rows and columns."""
    shape = network.shapes[source]
    axes = network.random.choice(([1], list(range(1, max(len(shape) - 1, 2)))))
    reduced = tuple(1 if axis in axes else extent for axis, extent in enumerate(shape))
    name, scale = network.random.choice((("MEAN", SCALE), ("MEAN", SCALE / 4), ("SUM", 4 * SCALE)))
    return network.op(name, [source, network.indices(axes)], network.tensor(reduced, scale), keep_dims=True)


def global_pool(network: Network, source: int) -> int | None:
    if len(network.shapes[source]) != 4:
        return None
    batch, height, width, channels = network.shapes[source]
    options = {"filter_height": height, "filter_width": width, "stride_h": height, "stride_w": width}
    output = network.tensor((batch, 1, 1, channels), like=source)
    return network.op("AVERAGE_POOL_2D", [source], output, padding=network.random.choice(("SAME", "VALID")), **options)
