"""What the tests of linear layers share: int8 or int16 activations, and the biases that go with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from tests.ops.strategies import biases
from tests.tflite_builder import ModelBuilder

activation_types = st.sampled_from(("int8", "int16"))


def bias_types(dtype: str, *of_int16: str) -> st.SearchStrategy[str]:
    """Types of a bias beside activations of a type."""
    return st.sampled_from(of_int16 if dtype == "int16" else ("int32",))


def add_bias(
    builder: ModelBuilder,
    layer: Any,
    count: int,
    depth: int,
    filter_scales: Sequence[float],
    addend: int = 0,
    product: int = 2000,
) -> int:
    """The bias of a layer with `dtype`, `bias_dtype`, `input_scale` and `seed`, of `count` sums of `depth` products."""
    scales = [layer.input_scale * scale for scale in filter_scales]
    data = biases(count, depth, layer.seed, layer.dtype, layer.bias_dtype, product) + addend
    return builder.tensor("b", (count,), layer.bias_dtype, scale=scales, data=data)


def sums_option(layer: Any) -> dict[str, str]:
    """What says in which type sums are added up, beside int16."""
    return {"quantized_bias_type": layer.bias_dtype.upper()} if layer.dtype == "int16" else {}
