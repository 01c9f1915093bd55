"""What the operator tests draw: shapes, quantizations, activations, and rows of input bytes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

INT8_MIN, INT8_MAX = -128, 127
ACTIVATIONS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")
ALL_BYTES = np.arange(INT8_MIN, INT8_MAX + 1).astype(np.int8)

seeds = st.integers(0, 2**32 - 1)
activations = st.sampled_from(ACTIVATIONS)
paddings = st.sampled_from(("SAME", "VALID"))
zero_points = st.one_of(st.sampled_from((0, INT8_MIN, INT8_MAX)), st.integers(INT8_MIN, INT8_MAX))


def scales(smallest: float = 1e-4, largest: float = 2.0) -> st.SearchStrategy[float]:
    """A float32 scale, even on a logarithmic axis."""
    exponents = st.floats(float(np.log10(smallest)), float(np.log10(largest)))
    return exponents.map(lambda exponent: float(np.float32(10.0**exponent)))


def zero_points_of(dtype: str) -> st.SearchStrategy[int]:
    return zero_points if dtype == "int8" else st.just(0)


# How far the output scale is from the one that uses the whole int8 range: below 1 saturates, above 1 is coarse.
spreads = st.floats(-1.0, 1.0).map(lambda exponent: 10.0**exponent)


def shapes(smallest_rank: int, largest_rank: int, largest_size: int = 5) -> st.SearchStrategy[tuple[int, ...]]:
    sizes = st.integers(1, largest_size)
    return st.lists(sizes, min_size=smallest_rank, max_size=largest_rank).map(tuple)


def limits(dtype: str) -> tuple[int, int]:
    return int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)


def rows_for(shapes: Sequence[tuple[int, ...]], seed: int, dtype: str = "int8") -> list[list[np.ndarray]]:
    """Rows of inputs: all combinations of the two ends of the type (for up to two inputs), random values, random
    ends."""
    ends = limits(dtype)
    low, high = ([np.full(shape, end, dtype) for shape in shapes] for end in ends)
    rows = [low, high]
    if len(shapes) > 1:
        rows += [[low[0], *high[1:]], [high[0], *low[1:]]]
    random = np.random.default_rng(seed)
    for _ in range(3):
        rows.append([random.integers(ends[0], ends[1] + 1, shape).astype(dtype) for shape in shapes])
    rows.append([random.choice(np.array(ends, dtype), shape) for shape in shapes])
    return rows


def weights(shape: Sequence[int], seed: int, dtype: str = "int8") -> np.ndarray:
    """Random constants over the whole range, its lowest value included."""
    low, high = limits(dtype)
    return np.random.default_rng(seed).integers(low, high + 1, tuple(shape)).astype(dtype)


def biases(
    count: int, depth: int, seed: int, activations: str = "int8", dtype: str = "int32", product: int = 2000
) -> np.ndarray:
    """Random biases of the size of a sum of `depth` products (of int8: about `product`), as far as their type goes."""
    limit = product * depth * (256 if activations == "int16" else 1)
    low, high = limits(dtype)
    return np.random.default_rng(seed).integers(-limit, limit + 1, count).clip(low, high).astype(dtype)
