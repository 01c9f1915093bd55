"""What a model asks of its kernels, as C macros, so that the compiler leaves out the code for anything else.

A kernel serves every layer that TFLite can describe; a model's layers are known when its code is generated. Each macro
of a `ts_<source>_needs.h` is 1 where some call of the model needs a path of that kernel, or of what kernels share, and
0 where none does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.invocation import LayerCall
from codegen.render import render

Params = Mapping[str, Any]
SELDOM = 2500  # compiled for size, these turns cost some 7,000 instructions more
SELDOM_PAIRED = 2**18  # these products take some 250,000 instructions more row by row
MOST_OF_16_BITS = 2**16 - 1
_TAPS = ("batches", "output_height", "output_width", "output_channels", "filter_height", "filter_width")
# Kernels by what all of them include.
BROADCASTING = (
    *(
        "add",
        "add_i16",
        "common_scale_square",
        "common_scale_sum",
        "linear_sum",
        "maximum",
        "maximum_i16",
        "minimum",
        "minimum_i16",
    ),
    *("mul", "mul_i16", "prelu", "prelu_i16", "product", "squared_difference", "squared_difference_i16"),
    *("sub", "sub_i16"),
)
SLIDING = (
    *("average_pool_2d", "average_pool_2d_i16", "conv_2d", "conv_2d_i16", "depthwise_conv_2d", "depthwise_conv_2d_i16"),
    *("max_pool_2d", "max_pool_2d_i16"),
)


@dataclass(frozen=True, slots=True)
class Need:
    """`macro` is 1 where `applies` to the parameters of any call of one of `kernels`; `for_speed`: code that others can
    do without, which `--optimize size` leaves out."""

    macro: str
    text: str
    kernels: tuple[str, ...]
    applies: Callable[[Params], bool]
    for_speed: bool = False

    def holds(self, calls: Sequence[LayerCall]) -> bool:
        return any(call.kernel in self.kernels and self.applies(call.params) for call in calls)


@dataclass(frozen=True, slots=True)
class Often:
    """`macro` is 1 where the inner loops of kernels take more than `seldom` turns in an inference."""

    macro: str
    kernels: tuple[str, ...]
    turns: Callable[[Params], int]
    seldom: int = SELDOM
    text: str = "Inner loops of enough turns to be compiled for speed."

    for_speed: ClassVar[bool] = False

    def holds(self, calls: Sequence[LayerCall]) -> bool:
        turns = sum(call.turns * self.turns(call.params) for call in calls if call.kernel in self.kernels)
        return turns > self.seldom


def _is_large(params: Params) -> bool:
    return not params["is_small"]


def _is_single(params: Params) -> bool:
    return params["depth_multiplier"] != 1 or params["window"]["output_channels"] % 4 != 0


def _is_apart(params: Params) -> bool:
    """Whether a row of a filter is more than one run of inputs."""
    return params["groups"] > 1 or params["window"]["dilation_width"] > 1


def _repeats(params: Params) -> tuple[bool, bool]:
    """Whether the first and the second operand repeat along the innermost loop of ts_broadcast_t."""
    fields = params["shape"].fields
    return fields["first_step"].values[-1] == 0, fields["second_step"].values[-1] == 0


def _is_deep(params: Params, *extents: str) -> bool:
    """Whether a Shared shape has more loops than usual."""
    return any(params["shape"].fields[extent].is_deep for extent in extents)


def _is_wide(params: Params) -> bool:
    """Parts of a transposed convolution may begin behind the input's first position: their padding is negative."""
    return any(not 0 <= value <= MOST_OF_16_BITS for value in params["window"].values())


def _walks(kernel: str) -> tuple[Need, ...]:
    """In the order in which ts_broadcast_operands asks."""
    name = f"TS_{kernel.upper()}"
    return (
        Need(f"{name}_SECOND_REPEATS", "Second operands that repeat.", (kernel,), lambda p: _repeats(p)[1]),
        Need(f"{name}_FIRST_REPEATS", "First ones alone.", (kernel,), lambda p: _repeats(p) == (True, False)),
        Need(f"{name}_NONE_REPEATS", "Neither.", (kernel,), lambda p: _repeats(p) == (False, False)),
    )


def _is_clipped(params: Params) -> bool:
    """Whether some window, without dilation, reaches out of the input."""
    w = params["window"]
    return any(
        w[pad] > 0 or (w[f"output_{side}"] - 1) * w[f"stride_{side}"] + w[f"filter_{side}"] > w[f"input_{side}"]
        for pad, side in (("pad_top", "height"), ("pad_left", "width"))
    )


def _in_fours(params: Params) -> bool:
    """Whether ts_channels takes rows four at a time."""
    return bool(params["channels"]["is_small"]) and params["channels"]["inputs"] % 4 == 0


def _paired_products(params: Params) -> int:
    """Multiply-accumulates of rows that ts_channels takes two at a time."""
    channels = params["channels"]
    if "window" in params:
        rows = params["window"]["output_height"] * params["window"]["output_width"]
    else:
        rows = params["rows"] % 4 if _in_fours(params) else params["rows"]
    return rows // 2 * 2 * channels["inputs"] * channels["outputs"]


def _taps(params: Params) -> int:
    w = params["window"]
    return math.prod(w[name] for name in _TAPS)


# By the source file, or header, of the kernels that asks.
NEEDS: Mapping[str, tuple[Need | Often, ...]] = {
    "channels": (
        Need(
            "TS_CHANNELS_LARGE",
            "Layers that are not is_small.",
            ("fully_connected", "conv_2d"),
            lambda p: _is_large(p["channels"]),
        ),
        Need(
            "TS_CHANNELS_ODD",
            "Odd numbers of channels, of two rows or more.",
            ("fully_connected", "conv_2d"),
            lambda p: p.get("rows", 2) > 1 and p["channels"]["outputs"] % 2 == 1,
        ),
        Need(
            "TS_CHANNELS_TAILS",
            "Inputs that do not come in fours.",
            ("fully_connected",),
            lambda p: p["channels"]["inputs"] % 4 != 0,
        ),
        Need(
            "TS_CHANNELS_FOURS",
            "Four rows of inputs at once.",
            ("fully_connected",),
            lambda p: p["rows"] >= 4 and _in_fours(p),
            for_speed=True,
        ),
        Often(
            "TS_CHANNELS_PAIRS",
            ("fully_connected", "conv_2d"),
            _paired_products,
            SELDOM_PAIRED,
            "Rows in pairs, beside what is taken four rows at once.",
        ),
        Need(
            "TS_CHANNELS_TWICE",
            "Two blocks of inputs a turn.",
            ("fully_connected", "conv_2d", "batch_matmul"),
            lambda p: p.get("rows", 2) > 1,
            for_speed=True,
        ),
    ),
    "batch_matmul": (
        Need(
            "TS_BATCH_MATMUL_NESTED",
            "Products with more than one loop over pairs of matrices.",
            ("batch_matmul", "batch_matmul_i16"),
            lambda p: p["batch_extent"].is_deep,
        ),
        Need("TS_BATCH_MATMUL_LARGE", "Products that are not is_small.", ("batch_matmul",), _is_large),
        Need(
            "TS_BATCH_MATMUL_STRIDED",
            "Left operands whose values of a row are no neighbours.",
            ("batch_matmul",),
            lambda p: p["lhs_depth_step"] != 1,
        ),
    ),
    "conv_2d": (
        Need("TS_CONV_2D_APART", "Columns of taps that are no neighbours, or groups.", ("conv_2d",), _is_apart),
    ),
    "depthwise_conv_2d": (
        Need("TS_DEPTHWISE_CONV_2D_LARGE", "Layers that are not is_small.", ("depthwise_conv_2d",), _is_large),
        Need(
            "TS_DEPTHWISE_CONV_2D_SINGLE",
            "Channels that do not come in fours, or not each from an input channel of its own.",
            ("depthwise_conv_2d",),
            _is_single,
        ),
        Need(
            "TS_DEPTHWISE_CONV_2D_THREES",
            "Rows of three taps.",
            ("depthwise_conv_2d",),
            lambda p: p["window"]["filter_width"] == 3,
            for_speed=True,
        ),
    ),
    **{kernel: _walks(kernel) for kernel in ("common_scale_square", "common_scale_sum", "product")},
    "average_pool_2d": (
        Need("TS_AVERAGE_POOL_2D_CLIPPED", "Windows that reach out of the input.", ("average_pool_2d",), _is_clipped),
        Often("TS_AVERAGE_POOL_2D_OFTEN", ("average_pool_2d",), _taps),
    ),
    "broadcast": (
        Need(
            "TS_BROADCAST_NESTED",
            "Operands that broadcast in more than two loops.",
            BROADCASTING,
            lambda p: _is_deep(p, "extent"),
        ),
    ),
    "reduce": (
        Need(
            "TS_REDUCE_NESTED",
            "Reductions with more than one loop over what is kept or over what is reduced.",
            ("sum", "sum_i16", "reduce_max"),
            lambda p: _is_deep(p, "kept_extent", "reduced_extent"),
        ),
    ),
    "softmax": (Often("TS_SOFTMAX_OFTEN", ("softmax",), lambda p: p["rows"] * p["columns"]),),
    "strided_copy": (
        Need(
            "TS_STRIDED_COPY_NESTED",
            "Copies in more than three loops.",
            ("strided_copy",),
            lambda p: p["extent"].is_deep,
        ),
    ),
    "window": (Need("TS_WINDOW_LARGE", "Extents of more than 16 bits, or padding below 0.", SLIDING, _is_wide),),
}


def needed_by(calls: Sequence[LayerCall], optimize: str = "speed") -> Callable[[Need | Often], bool]:
    """Tells of a need whether a model of these calls has it, generated for speed or size."""
    return lambda need: (optimize == "speed" or not need.for_speed) and need.holds(calls)


def needs_header(source: str, is_needed: Callable[[Need | Often], bool]) -> str:
    """The text of `ts_<source>_needs.h`."""
    needs = [(need, is_needed(need)) for need in NEEDS[source]]
    return render("model/ts_needs.h.j2", guard=f"TS_{source.upper()}_NEEDS_H", needs=needs)
