"""What a model asks of its kernels, as C macros, so that the compiler leaves out the code for anything else.

A kernel serves every layer that TFLite can describe; a model's layers are known when its code is generated. Each macro
of a `ts_<kernel>_needs.h` is 1 where some call of the model needs a path of that kernel, and 0 where none does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codegen.invocation import LayerCall
from codegen.render import render

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Need:
    """`macro` is 1 where `applies` to the parameters of any call of one of `kernels`."""

    macro: str
    text: str
    kernels: tuple[str, ...]
    applies: Callable[[Params], bool]


def _is_large(params: Params) -> bool:
    return not params["is_small"]


def _is_single(params: Params) -> bool:
    return params["depth_multiplier"] != 1 or params["window"]["output_channels"] % 4 != 0


def _repeats(params: Params) -> tuple[bool, bool]:
    """Whether the first and the second operand repeat along the innermost loop of ts_broadcast_t."""
    fields = params["shape"].fields
    return fields["first_step"][-1] == 0, fields["second_step"][-1] == 0


def _loops(params: Params, extent: str) -> int:
    """How many loops of a Shared shape there are but for outermost ones of one turn."""
    turns = params["shape"].fields[extent]
    return len(turns) - next((place for place, count in enumerate(turns) if count != 1), len(turns))


def _reduction(kernel: str) -> tuple[Need, ...]:
    name = f"TS_{kernel.upper()}_NESTED"
    extents = ("kept_extent", "reduced_extent")
    return (Need(name, "More than one loop of a kind.", (kernel,), lambda p: any(_loops(p, e) > 1 for e in extents)),)


def _walks(kernel: str) -> tuple[Need, ...]:
    """In the order in which ts_broadcast_operands asks."""
    name = f"TS_{kernel.upper()}"
    return (
        Need(f"{name}_SECOND_REPEATS", "Second operands that repeat.", (kernel,), lambda p: _repeats(p)[1]),
        Need(f"{name}_FIRST_REPEATS", "First ones alone.", (kernel,), lambda p: _repeats(p) == (True, False)),
        Need(f"{name}_NONE_REPEATS", "Neither.", (kernel,), lambda p: _repeats(p) == (False, False)),
        Need(f"{name}_NESTED", "More than two loops.", (kernel,), lambda p: _loops(p, "extent") > 2),
    )


# By the source file of the kernels that asks.
NEEDS: Mapping[str, tuple[Need, ...]] = {
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
    ),
    "batch_matmul": (
        Need("TS_BATCH_MATMUL_LARGE", "Products that are not is_small.", ("batch_matmul",), _is_large),
        Need(
            "TS_BATCH_MATMUL_STRIDED",
            "Left operands whose values of a row are no neighbours.",
            ("batch_matmul",),
            lambda p: p["lhs_depth_step"] != 1,
        ),
    ),
    "depthwise_conv_2d": (
        Need("TS_DEPTHWISE_CONV_2D_LARGE", "Layers that are not is_small.", ("depthwise_conv_2d",), _is_large),
        Need(
            "TS_DEPTHWISE_CONV_2D_SINGLE",
            "Channels that do not come in fours, or not each from an input channel of its own.",
            ("depthwise_conv_2d",),
            _is_single,
        ),
    ),
    **{kernel: _walks(kernel) for kernel in ("common_scale_square", "common_scale_sum", "product")},
    **{kernel: _reduction(kernel) for kernel in ("reduce_max", "sum")},
}


def needed_by(calls: Sequence[LayerCall]) -> Callable[[Need], bool]:
    """Tells of a need whether a model of these calls has it."""
    return lambda need: any(call.kernel in need.kernels and need.applies(call.params) for call in calls)


def needs_header(source: str, is_needed: Callable[[Need], bool]) -> str:
    """The text of `ts_<source>_needs.h`."""
    needs = [(need, is_needed(need)) for need in NEEDS[source]]
    return render("model/ts_needs.h.j2", guard=f"TS_{source.upper()}_NEEDS_H", needs=needs)
